import { canonicalSymbol } from '../../src/core/market/symbol.ts'
import type { LatestTrade } from '../../src/core/pipeline/inquiry.ts'
import type { Dice } from './dice.ts'
import { type Push, SYMBOLS, type Trade } from './tape.ts'
import type { VirtualTime } from './virtual-time.ts'
import { bookPush, frameOf, tradePush } from './wire.ts'

/** The server's end of a connection. */
export interface Peer {
  send(frame: Buffer): void
  close(code: number): void
}

/** How this server is built; AllTick's documents leave these open. */
export interface Habits {
  /** Sends the last trade of each symbol again to whoever subscribes. */
  readonly replaysLast: boolean
  /** Refuses a connection while it believes that another of the token is alive. */
  readonly oneConnection: boolean
  /** Answers the subscription of trades, or only streams. */
  readonly acknowledges: boolean
}

const LEAST_BETWEEN_FRAMES = 1_000
const LONGEST_SILENCE = 30_000

/**
 * AllTick as its documents describe it, written apart from hkq's own server: subscriptions that replace each other, 600
 * for unknown codes, 606 and an end for two frames within a second, an end without a heartbeat for 30 s.
 */
export class AllTickModel {
  readonly #time: VirtualTime
  readonly #dice: Dice
  readonly #habits: Habits
  readonly #sessions = new Set<Session>()
  readonly #last = new Map<string, Trade>()
  /** Whether the sessions that begin get no data. */
  #isMute = false
  sendsTwice = false
  /** Every trade that left for a client, in order, by the session it left on. */
  readonly sent: { readonly session: Session; readonly trade: Trade }[] = []

  constructor(time: VirtualTime, dice: Dice, habits: Habits) {
    this.#time = time
    this.#dice = dice
    this.#habits = habits
  }

  accept(peer: Peer): Session {
    const session = new Session(this, peer, this.#time)
    if (this.#habits.oneConnection && this.#sessions.size > 0) {
      session.refuse(0, 606, 'too many requests and connection will be closed')
      return session
    }
    this.#sessions.add(session)
    session.isMute = this.#isMute
    return session
  }

  left(session: Session): void {
    this.#sessions.delete(session)
  }

  /** The exchange has traded: whoever listens is told. */
  publish({ trades }: Push): void {
    for (const trade of trades) {
      const last = this.#last.get(trade.symbol)
      if (last === undefined || trade.seq > last.seq) this.#last.set(trade.symbol, trade)
    }
    const hasBook = this.#dice.chance(0.2)
    for (const session of this.#sessions) {
      this.#tell(session, trades)
      if (this.sendsTwice && this.#dice.chance(0.5)) this.#tell(session, trades)
      if (hasBook) session.book(trades.at(-1)!)
    }
  }

  /** The latest trade of each of these symbols, as far as it is one. */
  latest(symbols: readonly string[]): LatestTrade[] {
    return symbols.flatMap((symbol) => {
      const { seq, time, price, volume } = this.#last.get(symbol) ?? {}
      if (seq === undefined || !(Number(price) > 0)) return []
      return [{ symbol, seq, time: time!, price: Number(price), volume: Number(volume), turnover: 0, side: null }]
    })
  }

  subscribed(session: Session): void {
    if (!this.#habits.replaysLast) return
    for (const symbol of session.trades) {
      const last = this.#last.get(symbol)
      if (last !== undefined) this.#tell(session, [last])
    }
  }

  get acknowledges(): boolean {
    return this.#habits.acknowledges
  }

  /** From now on nothing but answers on the connections there are and those to come, until told otherwise: those to come. */
  mute(isMute: boolean): void {
    this.#isMute = isMute
    if (isMute) for (const session of this.#sessions) session.isMute = true
  }

  /** Sends this to whoever is connected. */
  blurt(payload: string | Buffer): void {
    for (const session of this.#sessions) session.send(frameOf(payload, typeof payload === 'string' ? 0x1 : 0x2))
  }

  /** Ends every connection. */
  closeAll(code: number): void {
    for (const session of [...this.#sessions]) session.close(code)
  }

  #tell(session: Session, trades: readonly Trade[]): void {
    const wanted = session.isMute ? [] : trades.filter(({ symbol }) => session.trades.has(symbol))
    if (wanted.length === 0) return
    session.send(frameOf(tradePush(wanted)))
    for (const trade of wanted) this.sent.push({ session, trade })
  }
}

/** One connection as the server has it. */
export class Session {
  readonly #server: AllTickModel
  readonly #peer: Peer
  readonly #time: VirtualTime
  readonly trades = new Set<string>()
  readonly #books = new Set<string>()
  isMute = false
  #isOpen = true
  #frameAt = Number.NEGATIVE_INFINITY
  #beatAt: number

  constructor(server: AllTickModel, peer: Peer, time: VirtualTime) {
    this.#server = server
    this.#peer = peer
    this.#time = time
    this.#beatAt = time.now
    this.#expectBeat()
  }

  receive(text: string): void {
    if (!this.#isOpen) return
    const { cmd_id, seq_id, data } = JSON.parse(text)
    const since = this.#time.now - this.#frameAt
    this.#frameAt = this.#time.now
    if (since < LEAST_BETWEEN_FRAMES) this.refuse(seq_id, 606, 'too many requests and connection will be closed')
    else if (cmd_id === 22000) {
      this.#beatAt = this.#time.now
      this.#answer(seq_id, cmd_id + 1, 200, 'ok')
    } else this.#subscribe(cmd_id, seq_id, data.symbol_list)
  }

  #subscribe(cmd_id: number, seq_id: number, list: readonly { code: string }[]): void {
    const symbols = list.map(({ code }) => canonicalSymbol(code) ?? code)
    if (!symbols.every((symbol) => SYMBOLS.includes(symbol))) {
      this.#answer(seq_id, cmd_id + 1, 600, 'code invalid')
      return
    }
    const wanted = cmd_id === 22004 ? this.trades : this.#books
    wanted.clear()
    for (const symbol of symbols) wanted.add(symbol)
    if (this.#server.acknowledges) this.#answer(seq_id, cmd_id + 1, 200, 'ok')
    if (cmd_id === 22004) this.#server.subscribed(this)
  }

  book(trade: Trade): void {
    if (!this.isMute && this.#books.has(trade.symbol)) this.send(frameOf(bookPush(trade)))
  }

  send(frame: Buffer): void {
    if (this.#isOpen) this.#peer.send(frame)
  }

  refuse(seq_id: number, ret: number, msg: string): void {
    this.#answer(seq_id, 0, ret, msg)
    this.close(1008)
  }

  close(code: number): void {
    if (!this.#isOpen) return
    this.gone()
    this.#peer.close(code)
  }

  /** The connection is no more, as far as the server can tell. */
  gone(): void {
    this.#isOpen = false
    this.#server.left(this)
  }

  #answer(seq_id: number, cmd_id: number, ret: number, msg: string): void {
    this.send(frameOf(JSON.stringify({ ret, msg, cmd_id, seq_id, trace: `t${seq_id}`, data: {} })))
  }

  #expectBeat(): void {
    const left = this.#beatAt + LONGEST_SILENCE - this.#time.now
    this.#time.after(left, () => {
      if (!this.#isOpen) return
      if (this.#time.now - this.#beatAt >= LONGEST_SILENCE) this.close(1000)
      else this.#expectBeat()
    })
  }
}

import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import { dayNumber } from '../market/time.ts'
import { sanitise } from '../terminal/sanitise.ts'
import type { Desk } from './desk.ts'
import type { EarlierDays } from './earlier-days.ts'
import { EarlierLine } from './earlier-line.ts'
import type { PastReader } from './past.ts'
import type {
  ChartBar,
  ChartSession,
  Frame,
  Hello,
  Interval,
  PageMessage,
  ServerMessage,
  Watched,
  WatchRow,
} from './protocol.ts'
import type { Sheet } from './sheet.ts'

/** Least time between two frames, and the longest, ms. */
const FRAME = 16
const SECOND = 1_000
/** Least time between two tellings of rates, ms. */
const RATES = 250

/** What a viewer looks at, and whom it talks to. */
export interface ViewerContext {
  readonly desk: Desk
  readonly past: PastReader
  /** Volatility of earlier days, where there is a store. */
  readonly earlier?: EarlierDays
  readonly hello: Hello
  /** Measures the pace. */
  readonly clock: Clock
  /** The source's present, epoch ms. */
  readonly now: () => number
  /** Whether a recorder's store is read. */
  readonly isRecorded: boolean
  /** Resolves when what was stored has been read so far that a symbol may be asked for. */
  readonly ready: Promise<void>
  readonly send: (message: ServerMessage) => void
}

/** The symbol in full, as far as it has been sent. */
interface Watching {
  readonly id: number
  readonly sheet: Sheet
  readonly every: Interval
  /** Volatility of the days that its bars go back to; null without a store. */
  readonly earlier: EarlierLine | null
  version: number
  nth: number
  now: number
  day: number
}

/**
 * One page that looks: which symbol it watches and what it has been sent. Each frame holds what has changed since the one
 * before, and goes out only once that was painted, so that neither a slow nor a hidden page costs anything.
 */
export class Viewer {
  readonly #context: ViewerContext
  #watching: Watching | null = null
  /** The newest wish of each kind: what was wished before and is not answered yet is wished no more. */
  #wishes = { watch: 0, older: 0 }
  /** Aborts when the page looks at something else, or goes. */
  #looking = new AbortController()
  #sent = -1
  #n = 0
  #painted = 0
  /** Least time between the newest frame and the next, ms. */
  #rest = FRAME
  #ratesAt = Number.NEGATIVE_INFINITY
  #wake: () => void = () => {}

  constructor(context: ViewerContext) {
    this.#context = context
  }

  /** Takes a message of the page in. @returns false where no page says so */
  receive(message: PageMessage): boolean {
    switch (message.type) {
      case 'painted':
        if (message.n !== this.#n || message.n === this.#painted) return false
        this.#painted = message.n
        this.#rest = Math.max(FRAME, message.rest ?? 0)
        this.#wake()
        return true
      case 'watch':
        void this.#watch(message.id, message.symbol, message.every)
        return true
      case 'older':
        void this.#older(message.id, message.before)
        return true
    }
  }

  /** Sends frames until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, desk, send, hello } = this.#context
    const leave = (): void => {
      this.#wishes.watch++
      this.#looking.abort()
      this.#wake()
    }
    signal.addEventListener('abort', leave, { once: true })
    send(hello)
    while (!signal.aborted) {
      const sentAt = clock.monotonic()
      const age = (): number => clock.monotonic() - sentAt
      send(this.#frame())
      while (this.#painted !== this.#n && !signal.aborted) await this.#woken()
      if (age() < this.#rest) await this.#slept(this.#rest - age(), signal)
      if (desk.version === this.#sent && age() < SECOND) {
        const seen = desk.onChange(() => this.#wake())
        await this.#slept(SECOND - age(), signal)
        seen()
      }
    }
  }

  async #watch(id: number, symbol: string, every: Interval): Promise<void> {
    const { desk, past, ready, now, send } = this.#context
    const wish = ++this.#wishes.watch
    await ready
    const sheet = desk.sheets.get(symbol)
    if (sheet === undefined) return this.#refuse(id, `"${sanitise(symbol)}" is not shown here`)
    try {
      const { past: opening, version, nth } = await past.opening(sheet, every, now)
      if (wish !== this.#wishes.watch) return
      this.#wishes.older++
      const day = dayNumber(now())
      const earlier = this.#earlierOf(id, sheet, every)
      this.#watching = { id, sheet, every, earlier, version, nth, now: now(), day }
      send({ type: 'history', id, symbol, every, ...opening })
      reach(earlier, opening)
    } catch (error) {
      this.#refuse(id, messageOf(error))
    }
  }

  async #older(id: number, before: number): Promise<void> {
    const watching = this.#watching
    if (watching === null || watching.id !== id) return this.#refuse(id, 'no symbol is watched under this number')
    const wish = ++this.#wishes.older
    const { past, now, send } = this.#context
    try {
      const { past: older } = await past.older(watching.sheet, watching.every, before, now)
      if (wish !== this.#wishes.older) return
      send({ type: 'older', id, ...older })
      reach(watching.earlier, older)
    } catch (error) {
      this.#refuse(id, messageOf(error))
    }
  }

  /** In place of the one before, which ends. */
  #earlierOf(id: number, sheet: Sheet, every: Interval): EarlierLine | null {
    this.#looking.abort()
    this.#looking = new AbortController()
    const { earlier: days, send } = this.#context
    if (days === undefined) return null
    return new EarlierLine({
      ...{ days, sheet, every, signal: this.#looking.signal },
      send: (volatility) => send({ type: 'volatility', id, volatility }),
      fail: (error) => this.#refuse(id, `volatility of earlier days: ${messageOf(error)}`),
    })
  }

  #refuse(id: number, reason: string): void {
    this.#context.send({ type: 'refusal', id, reason: sanitise(reason.slice(0, 300)) })
  }

  /** What has changed since the frame before. */
  #frame(): Frame {
    const { desk, clock } = this.#context
    const before = this.#sent
    this.#sent = desk.version
    this.#n++
    const now = this.#context.now()
    const rows = rowsOf(desk, before)
    const alerts = desk.alerts.since(before)
    const machine = desk.machineSince(before)
    const watched = this.#watching && this.#watchedAt(this.#watching, now)
    const isDue = desk.feeds.changed > before || clock.monotonic() - this.#ratesAt >= RATES
    if (isDue) this.#ratesAt = clock.monotonic()
    return {
      ...{ type: 'frame', n: this.#n, now: Number.isFinite(now) ? Math.floor(now) : 0 },
      ...(rows.length > 0 && { rows }),
      ...(watched && { watched }),
      ...(alerts.length > 0 && { alerts }),
      ...(isDue && { feeds: desk.feeds.states(now, this.#context.isRecorded) }),
      ...(machine && { machine }),
    }
  }

  #watchedAt(watching: Watching, now: number): Watched {
    const { sheet, every, version, id } = watching
    const bars = sheet.candles.changed(every, version, watching.now, now)
    const ticks = sheet.tape.after(watching.nth)
    const volatility = sheet.volatility.since(version)
    const gaps = sheet.gaps.since(version)
    const depth = sheet.book.changed > version ? sheet.book.depth : null
    const sessions = dayNumber(now) > watching.day ? sessionsOn(now, this.#context.desk) : []
    Object.assign(watching, { version: this.#sent, nth: sheet.tape.count, now, day: dayNumber(now) })
    return {
      id,
      ...(bars.length > 0 && { bars }),
      ...(ticks.length > 0 && { ticks }),
      ...(depth && { depth }),
      ...(volatility.length > 0 && { volatility }),
      ...(gaps.length > 0 && { gaps }),
      ...(sessions.length > 0 && { sessions }),
    }
  }

  /** Waits to be woken. */
  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  /** Waits so long, or to be woken. */
  async #slept(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const sleep = new AbortController()
    this.#wake = () => sleep.abort()
    await this.#context.clock.sleep(ms, sleep.signal)
  }
}

function reach(line: EarlierLine | null, { bars }: { bars: readonly ChartBar[] }): void {
  if (bars[0] !== undefined) line?.reach(bars[0].start)
}

function rowsOf({ sheets }: Desk, version: number): WatchRow[] {
  const rows: WatchRow[] = []
  for (const sheet of sheets.values()) if (sheet.changed > version) rows.push(sheet.row(version))
  return rows
}

function sessionsOn(time: number, { sessions }: Desk): ChartSession[] {
  return (sessions.day(time)?.continuous ?? []).map(({ phase, open, close }) => ({ phase, open, close }))
}

import { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../src/core/clock.ts'
import { openFastLane } from '../../src/core/connection/fast-lane.ts'
import type { OpenSocket, SocketEnd, SocketEvents, SocketLike } from '../../src/core/connection/socket.ts'
import { HkqError } from '../../src/core/errors.ts'
import type { Inquiry } from '../../src/core/pipeline/inquiry.ts'
import type { Dice } from './dice.ts'
import type { AllTickModel, Session } from './server.ts'
import type { VirtualTime } from './virtual-time.ts'
import { frameOf, frameReader } from './wire.ts'

/** Bytes that wait for a client that does not read, after which the server lets go of it. */
const BACKLOG = 256 * 1024

/** How the way to the server is, now. */
export interface Weather {
  /** One way, ms, and what may be added to it. */
  latency: number
  jitter: number
  /** Share of reads that are cut in two. */
  slicing: number
  /** What becomes of a connect: `silent` is a packet that nobody answers. */
  connect: 'open' | 'refused' | 'silent' | number
  /** Nothing passes, and neither end is told. */
  isHole: boolean
}

/** What is watched of a client's manners. */
export interface Manners {
  connecting(): void
  sending(socket: object): void
}

/** The way between a recorder and the server: bytes in order, late, cut, held up or lost with their connection. */
export class Network {
  readonly weather: Weather = { latency: 60, jitter: 40, slicing: 0.02, connect: 'open', isHole: false }
  readonly #time: VirtualTime
  readonly #dice: Dice
  readonly #server: AllTickModel
  readonly #lines = new Set<Line>()

  constructor(time: VirtualTime, dice: Dice, server: AllTickModel) {
    this.#time = time
    this.#dice = dice
    this.#server = server
  }

  /** Connects for one program. */
  opener(manners: Manners): OpenSocket {
    return (_options, events) => {
      manners.connecting()
      const line = new Line(this.#time, this.#dice, this.weather, manners, events)
      this.#lines.add(line)
      line.connect(this.#server, () => this.#lines.delete(line))
      return line
    }
  }

  /** The vendor's HTTP interface, the same way there and back. */
  inquiry(clock: Clock): Pick<Inquiry, 'latestTrades'> {
    return {
      latestTrades: async (symbols) => {
        await clock.sleep(2 * this.weather.latency)
        if (this.weather.connect === 'open' && !this.weather.isHole) return this.#server.latest(symbols)
        throw new HkqError('E_NETWORK', 'the simulated network does not answer')
      },
    }
  }

  /** The bytes under way are cut in mid frame, and the connections with them. */
  reset(): void {
    for (const line of [...this.#lines]) line.reset()
  }

  /** What was held up goes on; where it was too long, the connections stay dead without a word. */
  clear(isTooLong: boolean): void {
    for (const line of [...this.#lines]) line.release(isTooLong)
  }

  /** The program at this end is no more: its system says so to the server, unless the power went with it. */
  abandon(hasPower: boolean): void {
    for (const line of [...this.#lines]) line.abandon(hasPower)
  }
}

/** One connection. */
class Line implements SocketLike {
  readonly #time: VirtualTime
  readonly #dice: Dice
  readonly #weather: Weather
  readonly #manners: Manners
  readonly #events: SocketEvents
  readonly #wire = new EventEmitter()
  #session: Session | undefined
  #onGone: () => void = () => {}
  #isOpen = false
  #isDone = false
  #isDeaf = false
  #isPaused = false
  #arrivesAt = 0
  #reachesAt = 0
  /** Bytes under way to the client, and what follows the last of them. */
  #coming: { readonly at: number; bytes: Buffer }[] = []
  #inbox: Buffer[] = []
  #backlog = 0
  #held: (() => void)[] = []

  constructor(time: VirtualTime, dice: Dice, weather: Weather, manners: Manners, events: SocketEvents) {
    this.#time = time
    this.#dice = dice
    this.#weather = weather
    this.#manners = manners
    this.#events = events
  }

  connect(server: AllTickModel, onGone: () => void): void {
    this.#onGone = onGone
    const { connect, isHole } = this.#weather
    if (connect === 'silent' || isHole) return
    this.#time.after(2 * this.#delay(), () => {
      if (this.#isDone) return
      if (connect === 'refused') return this.#end({ reason: 'connect ECONNREFUSED' })
      if (typeof connect === 'number') return this.#end({ status: connect, reason: `HTTP ${connect}` })
      this.#open(server)
    })
  }

  send(text: string): void {
    this.#manners.sending(this)
    const at = Math.max(this.#reachesAt, this.#time.now + this.#delay())
    this.#reachesAt = at
    this.#time.after(at - this.#time.now, () => this.#pass(() => this.#session?.receive(text)))
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#time.after(0, () => this.#read())
  }

  close(): void {
    if (!this.#isDone) this.abandon(true)
  }

  reset(): void {
    if (this.#isDone || !this.#isOpen) return
    const coming = Buffer.concat(this.#coming.map(({ bytes }) => bytes))
    this.#inbox.push(coming.subarray(0, this.#dice.whole(0, coming.length)))
    this.#session?.gone()
    this.#read()
    this.#end({ code: 1006, reason: 'the connection broke off' })
  }

  release(isTooLong: boolean): void {
    if (isTooLong) this.#isDeaf = true
    const held = this.#held
    this.#held = []
    if (!isTooLong) for (const action of held) action()
  }

  abandon(hasPower: boolean): void {
    this.#isDone = true
    this.#onGone()
    if (!hasPower) return
    this.#time.after(this.#delay(), () => this.#pass(() => this.#session?.gone()))
  }

  #open(server: AllTickModel): void {
    this.#isOpen = true
    const { lane } = this.#events
    const reader = frameReader((opcode, payload) => this.#frame(opcode, payload))
    this.#wire.on('data', reader)
    this.#events.opened()
    if (lane) {
      const take = (bytes: Buffer, start: number, end: number): boolean => this.#isDone || lane.take(bytes, start, end)
      openFastLane(this.#wire as Duplex, { take, passed: lane.passed })
    }
    this.#session = server.accept({
      send: (frame) => this.#transmit(frame),
      close: (code) => {
        const payload = Buffer.from([code >> 8, code & 0xff])
        this.#transmit(frameOf(payload, 0x8))
      },
    })
  }

  #frame(opcode: number, payload: Buffer): void {
    if (this.#isDone) return
    if (opcode === 0x8) {
      const code = payload.readUInt16BE(0)
      this.#end({ code, reason: `the server closed the connection (code ${code})` })
    } else if (opcode <= 0x2) this.#events.frame(payload)
  }

  /** Bytes leave the server: cut in two at times, or in one read with what is under way already. */
  #transmit(bytes: Buffer): void {
    this.#backlog += bytes.length
    if (this.#backlog > BACKLOG) this.#overrun()
    else this.#depart(bytes)
  }

  #depart(bytes: Buffer): void {
    const last = this.#coming.at(-1)
    if (last !== undefined && last.at > this.#time.now && this.#dice.chance(0.5)) {
      last.bytes = Buffer.concat([last.bytes, bytes])
      return
    }
    const cut = this.#dice.chance(this.#weather.slicing) ? this.#dice.whole(1, bytes.length - 1) : bytes.length
    this.#carry(bytes.subarray(0, cut), this.#delay())
    if (cut < bytes.length) this.#carry(bytes.subarray(cut), this.#delay() + this.#dice.between(0, 60))
  }

  #carry(bytes: Buffer, delay: number): void {
    const at = Math.max(this.#arrivesAt, this.#time.now + delay)
    this.#arrivesAt = at
    this.#coming.push({ at, bytes })
    this.#time.after(at - this.#time.now, () =>
      this.#pass(() => {
        const read = this.#coming.shift()
        if (read !== undefined) this.#inbox.push(read.bytes)
        this.#read()
      }),
    )
  }

  /** The client reads what has come. */
  #read(): void {
    if (this.#isPaused || this.#isDone || this.#inbox.length === 0) return
    const bytes = Buffer.concat(this.#inbox)
    this.#inbox = []
    this.#backlog -= bytes.length
    this.#wire.emit('data', bytes)
  }

  #overrun(): void {
    this.#session?.gone()
    this.#time.after(this.#delay(), () => this.#end({ code: 1006, reason: 'the connection broke off' }))
  }

  /** Bytes get through now, when the hole is over, or never. */
  #pass(action: () => void): void {
    if (this.#isDeaf) return
    if (this.#weather.isHole || this.#held.length > 0) this.#held.push(action)
    else action()
  }

  #end(end: SocketEnd): void {
    if (this.#isDone) return
    this.#isDone = true
    this.#onGone()
    this.#events.ended(end)
  }

  #delay(): number {
    return this.#weather.latency + this.#dice.uniform() * this.#weather.jitter
  }
}

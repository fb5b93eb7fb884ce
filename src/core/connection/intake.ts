import type { Clock } from '../clock.ts'
import type { MarketEvent } from '../market/event.ts'
import type { Lane } from './fast-lane.ts'
import type { Decoder, Reply } from './vendor.ts'

export interface IntakeOptions {
  readonly clock: Clock
  readonly decoder: Decoder
  /** Sees the size of every message. */
  readonly onBytes: ((bytes: number) => void) | undefined
  /** A message, or several of one read, came. */
  readonly arrived: () => void
  /** What they say of the market, possibly nothing, and when they came, local time. The array is used again. */
  readonly data: (events: MarketEvent[], receivedAt: number) => void
  /** What came cannot be read: to be kept, but no sign that the feed works. The array is used again. */
  readonly junk: (events: MarketEvent[]) => void
  /** What a message says of the connection. */
  readonly reply: (reply: Reply) => void
  /** What any of these threw. */
  readonly failed: (error: unknown) => void
}

/**
 * The messages of one connection in their order, decoded: those of the usual shape where they stand in the bytes of a read,
 * handed on together at its end; any other by itself, after them.
 */
export class Intake {
  readonly #options: IntakeOptions
  readonly #received: MarketEvent[] = []
  /** Local time of the read in hand, once a message was taken from it where it stands. */
  #readAt: number | null = null

  constructor(options: IntakeOptions) {
    this.#options = options
  }

  /** Where messages are offered first; undefined where the decoder reads whole ones alone. */
  get lane(): Lane | undefined {
    if (this.#options.decoder.scan === undefined) return undefined
    return { take: (bytes, start, end) => this.#scan(bytes, start, end), passed: () => this.#passed() }
  }

  /** A message that the lane did not take. */
  frame(frame: Buffer): void {
    const { arrived, reply: tell, failed } = this.#options
    try {
      this.#handOn()
      arrived()
      const reply = this.#decode(frame)
      if (reply !== undefined) tell(reply)
    } catch (error) {
      failed(error)
    }
  }

  /** Takes a message of the usual shape; what it says is handed on with the rest of its read. */
  #scan(bytes: Buffer, start: number, end: number): boolean {
    const { clock, decoder, onBytes, failed } = this.#options
    try {
      const readAt = this.#readAt ?? clock.now()
      if (!decoder.scan!(bytes, start, end, readAt, this.#received)) return false
      this.#readAt = readAt
      onBytes?.(end - start)
    } catch (error) {
      failed(error)
    }
    return true
  }

  #passed(): void {
    try {
      this.#handOn()
    } catch (error) {
      this.#options.failed(error)
    }
  }

  /** What the messages taken so far say goes on before any other message. */
  #handOn(): void {
    if (this.#readAt === null) return
    this.#options.arrived()
    this.#data(this.#readAt)
    this.#readAt = null
  }

  /** Hands on what the frame says of the market: events, or a book that only waits for the next trade. */
  #decode(frame: Buffer): Reply | undefined {
    const { clock, decoder, onBytes, junk } = this.#options
    const receivedAt = clock.now()
    onBytes?.(frame.length)
    const { unknown } = decoder
    const received = this.#received
    const reply = decoder.decode(frame, receivedAt, received)
    const isBook = received.length === 0 && reply === undefined && decoder.unknown === unknown
    if (isBook || received.some(isUnderstood)) this.#data(receivedAt)
    else if (received.length > 0) junk(received)
    received.length = 0
    return reply
  }

  #data(receivedAt: number): void {
    this.#options.data(this.#received, receivedAt)
    this.#received.length = 0
  }
}

/** Whether the vendor's words were understood, whatever is thought of the trade they tell of. */
function isUnderstood(event: MarketEvent): boolean {
  return event.type !== 'rejected' || event.reason !== 'malformed'
}

import type { MarketEvent } from '../../market/event.ts'
import { toJson } from '../../market/json.ts'
import type { Sink, Written } from '../../pipeline/source.ts'
import { type Entry, MOST, type Reader, WAIT } from '../queue.ts'
import { away } from '../refusal.ts'
import type { Target } from '../target.ts'
import { Connection } from './connection.ts'

/** Messages that wait here at most; what comes beyond them is a hole. */
const WAITING = 65_536

/** Listens to a channel of publish and subscribe, which forgets what nobody listens to. */
export class ChannelReader implements Reader {
  readonly isNew = false
  isDrained = false
  readonly #connection: Connection
  #waiting: string[] = []
  #isHole = false
  /** Why the connection is none any more. */
  #failure: Error | undefined
  #count = 0n
  #wake: (() => void) | undefined

  private constructor(connection: Connection) {
    this.#connection = connection
  }

  static async open(target: Target): Promise<ChannelReader> {
    const connection = await Connection.open(target, 0)
    const reader = new ChannelReader(connection)
    try {
      await connection.subscribe(
        target.name,
        (text) => reader.#arrived(text),
        () => reader.#fail(away(`"${target.label}" has closed the connection`, null)),
      )
      return reader
    } catch (error) {
      connection.close()
      throw error
    }
  }

  async take(): Promise<readonly Entry[]> {
    if (this.#waiting.length === 0 && this.#failure === undefined) await this.#arrival()
    this.isDrained = this.#waiting.length === 0 && (await this.#isQuiet())
    if (this.#waiting.length === 0 && this.#failure !== undefined) throw this.#failure
    const texts = this.#waiting.splice(0, MOST)
    const isHole = this.#isHole
    this.#isHole = false
    return texts.map((payload, i) => {
      const position = this.#count++
      return { id: String(position), position, payload, ...(i === 0 && isHole && { follows: 'a hole' as const }) }
    })
  }

  async acknowledge(): Promise<void> {}

  async renew(): Promise<void> {}

  async floor(): Promise<null> {
    return null
  }

  async close(): Promise<void> {
    this.#connection.close()
  }

  #arrived(text: string): void {
    if (this.#waiting.length >= WAITING) {
      this.#waiting = []
      this.#isHole = true
    }
    this.#waiting.push(text)
    this.#wake?.()
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#wake?.()
  }

  /** Whether the server lives and has sent all it had: its answer comes behind every message before. */
  async #isQuiet(): Promise<boolean> {
    if (this.#failure !== undefined) return false
    await this.#connection.call('PING').catch((error: Error) => this.#fail(error))
    return this.#failure === undefined && this.#waiting.length === 0
  }

  #arrival(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), WAIT)
      this.#wake = () => {
        clearTimeout(timer)
        this.#wake = undefined
        resolve()
      }
    })
  }
}

/** Publishes each trade and quote as JSON on a channel: whoever listens gets them, nobody else ever. */
export class ChannelSink implements Sink {
  readonly #connection: Connection
  readonly #channel: string

  private constructor(connection: Connection, channel: string) {
    this.#connection = connection
    this.#channel = channel
  }

  static async open(target: Target): Promise<ChannelSink> {
    return new ChannelSink(await Connection.open(target, 0), target.name)
  }

  async write(batch: readonly MarketEvent[]): Promise<Written> {
    const told = batch.filter(({ type }) => type !== 'coverage')
    await Promise.all(told.map((event) => this.#connection.call('PUBLISH', this.#channel, toJson(event))))
    return { stored: batch.filter(({ type }) => type === 'tick').length, duplicates: 0 }
  }

  async close(): Promise<void> {
    this.#connection.close()
  }
}

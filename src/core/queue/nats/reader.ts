import type { ConsumerInfo, ConsumerMessages, JsMsg, StreamInfo } from '@nats-io/jetstream'
import { type Entry, MOST, type Reader, WAIT } from '../queue.ts'
import { away } from '../refusal.ts'
import type { Target } from '../target.ts'
import { Connection } from './connection.ts'
import { ensureGroup, ensureStream } from './stream.ts'

/** What of a subject is read: by a member of a group, or from here on without one. */
export interface Reading {
  readonly group: string | null
  readonly place: Place
}

/** What a reader knows of the queue, over all its connections. */
export interface Place {
  /** When the stream was made: another time is that of another one. */
  made: string | null
  /** The newest entry that was taken. */
  last: number
}

/** Entries that wait here to be taken, beyond which none are fetched. */
const WAITING = 4 * MOST
/** After this a reader without a group that has gone is forgotten, ns. */
const FORGOTTEN = 30 * 1e9
/** Notices that a consumer cannot go on by itself. */
const ENDS = /^(consumer_deleted|consumer_not_found|stream_not_found|no_responders|close)$/

/** The consumer of a reader. */
interface Consuming {
  readonly stream: string
  readonly name: string
  /** Entries that it had not been sent when it was opened. */
  readonly behind: number
}

/** Reads a JetStream stream, as a member of a group or without one. */
export class NatsReader implements Reader {
  readonly isNew: boolean
  readonly #connection: Connection
  readonly #messages: ConsumerMessages
  readonly #consumer: Consuming
  readonly #reading: Reading
  /** Those of a group that are not acknowledged. */
  readonly #held = new Map<string, JsMsg>()
  /** Entries that were not sent yet when the last one taken was. */
  #behind: number
  #waiting: JsMsg[] = []
  #failure: unknown
  #wake: (() => void) | undefined

  private constructor(
    connection: Connection,
    messages: ConsumerMessages,
    consumer: Consuming,
    reading: Reading,
    isNew: boolean,
  ) {
    this.#connection = connection
    this.#messages = messages
    this.#consumer = consumer
    this.#reading = reading
    this.#behind = consumer.behind
    this.isNew = isNew
    void this.#fetch()
    void this.#watch()
    void connection.closed().then((error) => this.#fail(error ?? new Error('the connection was closed')))
  }

  static async open(target: Target, reading: Reading): Promise<NatsReader> {
    const connection = await Connection.open(target)
    try {
      const stream = await ensureStream(connection)
      const { config, state } = stream
      const { group, place } = reading
      const isMoved = moved(place, stream)
      const isNew =
        group === null ? state.first_seq > place.last + 1 : await ensureGroup(connection, config.name, group)
      const { name, num_pending } = await (group === null
        ? follow(connection, config.name, place.last)
        : infoOf(connection, config.name, group))
      const messages = await connection.ask(async ({ client }) => {
        const consumer = await client.consumers.get(config.name, name)
        return consumer.consume({ max_messages: MOST })
      })
      const consumer = { stream: config.name, name, behind: num_pending }
      return new NatsReader(connection, messages, consumer, reading, isMoved || isNew)
    } catch (error) {
      await connection.close()
      throw error
    }
  }

  get isDrained(): boolean {
    return this.#behind === 0 && this.#waiting.length === 0
  }

  async take(): Promise<readonly Entry[]> {
    if (this.#waiting.length === 0 && this.#failure === undefined) await this.#arrival()
    if (this.#waiting.length === 0 && this.#failure !== undefined) {
      const { label } = this.#connection.target
      throw away(`"${label}" is gone (${(this.#failure as Error).message}): trying again`, this.#failure)
    }
    const messages = this.#waiting.splice(0, MOST)
    this.#wake?.()
    return messages.map((message) => this.#entry(message))
  }

  async acknowledge(ids: readonly string[]): Promise<void> {
    if (this.#reading.group === null) return
    for (const id of ids) this.#held.get(id)?.ack()
    await this.#connection.flush()
    for (const id of ids) this.#held.delete(id)
  }

  async renew(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#held.get(id)?.working()
    for (const message of this.#reading.group === null ? [] : this.#waiting) message.working()
  }

  async floor(): Promise<bigint | null> {
    if (this.#reading.group === null) return null
    const { stream, name } = this.#consumer
    const info = await infoOf(this.#connection, stream, name)
    return info.num_ack_pending === 0 ? null : BigInt(info.ack_floor.stream_seq + 1)
  }

  /** What is not acknowledged is given back, so that another member has it at once. */
  async close(): Promise<void> {
    this.#messages.stop()
    if (this.#reading.group !== null) for (const message of [...this.#held.values(), ...this.#waiting]) message.nak()
    await this.#connection.flush().catch(() => {})
    await this.#connection.close()
  }

  #entry(message: JsMsg): Entry {
    const { group, place } = this.#reading
    const id = String(message.seq)
    place.last = Math.max(place.last, message.seq)
    this.#behind = message.info.pending
    if (group !== null) this.#held.set(id, message)
    return { id, position: BigInt(message.seq), payload: message.string() }
  }

  /** Fetches what comes, no further than it is taken. */
  async #fetch(): Promise<void> {
    try {
      for await (const message of this.#messages) {
        this.#waiting.push(message)
        this.#wake?.()
        while (this.#waiting.length >= WAITING && this.#failure === undefined) await this.#change()
      }
      this.#fail(new Error('reading has ended'))
    } catch (error) {
      this.#fail(error)
    }
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.#messages.status())
      if (ENDS.test(type)) this.#fail(new Error(type.replaceAll('_', ' ')))
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    this.#wake?.()
  }

  async #arrival(): Promise<void> {
    const timer = setTimeout(() => this.#wake?.(), WAIT)
    await this.#change()
    clearTimeout(timer)
  }

  /** Resolves when something has come, was taken or failed, or the wait is over. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      const before = this.#wake
      this.#wake = () => {
        this.#wake = undefined
        before?.()
        resolve()
      }
    })
  }
}

/**
 * Brings a place to where it is in the stream that is there now.
 * @returns whether that is another one than before, or has gone back to a time before what was taken of it
 */
function moved(place: Place, { created, state }: StreamInfo): boolean {
  const isLost = place.made !== created || state.last_seq < place.last
  if (isLost) place.last = place.made === null ? state.last_seq : 0
  place.made = created
  return isLost
}

function infoOf(connection: Connection, stream: string, consumer: string): Promise<ConsumerInfo> {
  return connection.ask(({ streams }) => streams.consumers.info(stream, consumer))
}

/** A consumer of this connection's own, which holds nothing back, for what comes after an entry. */
function follow(connection: Connection, stream: string, last: number): Promise<ConsumerInfo> {
  const filter_subject = `${connection.target.name}.>`
  return connection.ask(({ streams }) =>
    streams.consumers.add(stream, {
      ...{ filter_subject, ack_policy: 'none', inactive_threshold: FORGOTTEN, mem_storage: true },
      ...{ deliver_policy: 'by_start_sequence', opt_start_seq: last + 1 },
    }),
  )
}

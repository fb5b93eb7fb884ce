import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream'
import { type Entry, MOST, type Reader, WAIT } from '../queue.ts'
import { away } from '../refusal.ts'
import type { Target } from '../target.ts'
import { Connection } from './connection.ts'
import { ensureGroup, ensureStream } from './stream.ts'

/** What of a subject is read: by a member of a group, or from here on without one. */
export type Reading = { readonly group: string } | { readonly group: null; readonly place: Place }

/** How far a reader without a group has come, over all its connections. */
export interface Place {
  last: number | null
}

/** Entries that wait here to be taken, beyond which none are fetched. */
const WAITING = 4 * MOST
/** After this a reader without a group that has gone is forgotten, ns. */
const FORGOTTEN = 30 * 1e9
/** Notices that a consumer cannot go on by itself. */
const ENDS = /^(consumer_deleted|consumer_not_found|stream_not_found|no_responders|close)$/

/** Reads a JetStream stream, as a member of a group or without one. */
export class NatsReader implements Reader {
  readonly isNew: boolean
  readonly #connection: Connection
  readonly #messages: ConsumerMessages
  readonly #consumer: { readonly stream: string; readonly name: string }
  readonly #place: Place | null
  /** Whether entries before the next one have gone. */
  #isHole: boolean
  /** Those of a group that are not acknowledged. */
  readonly #held = new Map<string, JsMsg>()
  #waiting: JsMsg[] = []
  #failure: unknown
  #wake: (() => void) | undefined

  private constructor(
    connection: Connection,
    messages: ConsumerMessages,
    consumer: { stream: string; name: string },
    { isNew, isHole, place }: { isNew: boolean; isHole: boolean; place: Place | null },
  ) {
    this.#connection = connection
    this.#messages = messages
    this.#consumer = consumer
    this.#place = place
    this.#isHole = isHole
    this.isNew = isNew
    void this.#fetch()
    void this.#watch()
    void connection.closed().then((error) => this.#fail(error ?? new Error('the connection was closed')))
  }

  static async open(target: Target, reading: Reading): Promise<NatsReader> {
    const connection = await Connection.open(target)
    try {
      const { config, state } = await ensureStream(connection)
      const stream = config.name
      const how =
        reading.group === null
          ? { name: await follow(connection, stream, reading.place), place: reading.place, isNew: false }
          : { name: reading.group, place: null, isNew: await ensureGroup(connection, stream, reading.group) }
      const messages = await connection.ask(async ({ client }) => {
        const consumer = await client.consumers.get(stream, how.name)
        return consumer.consume({ max_messages: MOST })
      })
      const isHole = how.place?.last !== undefined && how.place.last !== null && state.first_seq > how.place.last + 1
      return new NatsReader(connection, messages, { stream, name: how.name }, { ...how, isHole })
    } catch (error) {
      await connection.close()
      throw error
    }
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
    if (this.#place !== null) return
    for (const id of ids) this.#held.get(id)?.ack()
    await this.#connection.flush()
    for (const id of ids) this.#held.delete(id)
  }

  async renew(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#held.get(id)?.working()
    for (const message of this.#place === null ? this.#waiting : []) message.working()
  }

  async floor(): Promise<bigint | null> {
    if (this.#place !== null) return null
    const { stream, name } = this.#consumer
    const info = await this.#connection.ask(({ streams }) => streams.consumers.info(stream, name))
    return info.num_ack_pending === 0 ? null : BigInt(info.ack_floor.stream_seq + 1)
  }

  /** What is not acknowledged is given back, so that another member has it at once. */
  async close(): Promise<void> {
    this.#messages.stop()
    if (this.#place === null) for (const message of [...this.#held.values(), ...this.#waiting]) message.nak()
    await this.#connection.flush().catch(() => {})
    await this.#connection.close()
  }

  #entry(message: JsMsg): Entry {
    const id = String(message.seq)
    if (this.#place !== null) this.#place.last = message.seq
    else this.#held.set(id, message)
    const isHole = this.#isHole
    this.#isHole = false
    return { id, position: BigInt(message.seq), payload: message.string(), ...(isHole && { follows: 'a hole' }) }
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

/** A consumer of this connection's own, which holds nothing back: from here on, or from where the last one came to. */
async function follow(connection: Connection, stream: string, { last }: Place): Promise<string> {
  const filter_subject = `${connection.target.name}.>`
  const info = await connection.ask(({ streams }) =>
    streams.consumers.add(stream, {
      ...{ filter_subject, ack_policy: 'none', inactive_threshold: FORGOTTEN, mem_storage: true },
      ...(last === null ? { deliver_policy: 'new' } : { deliver_policy: 'by_start_sequence', opt_start_seq: last + 1 }),
    }),
  )
  return info.name
}

import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import type { Checkpoint } from '../../pipeline/source.ts'
import { checkpointsIn, textOf } from '../checkpoint-text.ts'
import type { Appender, Kept, Message } from '../queue.ts'
import type { Target } from '../target.ts'
import { Connection, isAbsent } from './connection.ts'
import { ensureKept, ensureStream, weaknessOf } from './stream.ts'

/** Messages that are under way at once. */
const TOGETHER = 256
/** How long checkpoints of a recorder that has gone are kept, ns. */
const KEPT = 60 * 86_400 * 1e9

/** Publishes into a JetStream stream, made with its groups where it is absent. */
export class NatsAppender implements Appender {
  readonly #connection: Connection

  private constructor(connection: Connection) {
    this.#connection = connection
  }

  /** @param tell told one line where the stream may drop what is unread */
  static async open(target: Target, groups: Kept, tell: (line: string) => void): Promise<NatsAppender> {
    const connection = await Connection.open(target)
    try {
      const stream = await ensureStream(connection)
      const weakness = weaknessOf(stream)
      if (weakness !== null)
        tell(`the stream "${stream.config.name}" of "${target.label}" ${weakness}: hkq would make it otherwise`)
      if (stream.config.retention === 'interest') await ensureKept(connection, stream.config.name, groups)
      return new NatsAppender(connection)
    } catch (error) {
      await connection.close()
      throw error
    }
  }

  /** A message that speaks of all before it is sent when all before it is accepted. */
  async append(messages: readonly Message[], checkpoints: readonly Checkpoint[]): Promise<void> {
    let sent: Promise<void>[] = []
    for (const message of messages) {
      if (message.isLast || sent.length >= TOGETHER) await Promise.all(sent)
      if (message.isLast || sent.length >= TOGETHER) sent = []
      sent.push(this.#publish(message))
      if (message.isLast) await sent.pop()
    }
    await Promise.all(sent)
    if (checkpoints.length > 0) await this.#keep(checkpoints)
  }

  async checkpoints(): Promise<readonly Checkpoint[]> {
    const { stream, subject } = this.#shelf
    try {
      return await this.#connection.ask(async ({ streams }) => {
        const { state } = await streams.streams.info(stream, { subjects_filter: `${subject}.>` })
        const texts: string[] = []
        for (const last_by_subj of Object.keys(state.subjects ?? {})) {
          const message = await streams.streams.getMessage(stream, { last_by_subj })
          if (message !== null) texts.push(...message.string().split('\n'))
        }
        return checkpointsIn(texts)
      })
    } catch (error) {
      if (!isAbsent(error)) throw error
    }
    await this.#connection.ask(({ streams }) =>
      streams.streams.add({
        ...{ name: stream, subjects: [`${subject}.>`], storage: 'file', max_msgs_per_subject: 1, max_age: KEPT },
      }),
    )
    return []
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  /** Known by what it holds: the same sent again within two minutes stands there once. */
  async #publish({ symbol, payload }: Message): Promise<void> {
    const subject = `${this.#connection.target.name}.${symbol ?? '_'}`
    const msgID = createHash('sha256').update(subject).update(payload).digest('base64url')
    await this.#connection.ask(({ client }) => client.publish(subject, payload, { msgID }))
  }

  readonly #rows = new Map<string, string>()

  async #keep(checkpoints: readonly Checkpoint[]): Promise<void> {
    for (const row of checkpoints) this.#rows.set(`${row.source} ${row.symbol}`, textOf(row))
    const subject = `${this.#shelf.subject}.${WRITER}`
    await this.#connection.ask(({ client }) => client.publish(subject, [...this.#rows.values()].join('\n')))
  }

  /** Where checkpoints are kept: one message of each writer. */
  get #shelf(): { stream: string; subject: string } {
    const { name } = this.#connection.target
    return { stream: `hkq_checkpoints_${name.replaceAll('.', '_')}`, subject: `hkq.checkpoints.${name}` }
  }
}

/** This process among those that write. */
const WRITER = createHash('sha256').update(`${hostname()} ${process.pid}`).digest('hex').slice(0, 16)

import type { MarketEvent } from '../market/event.ts'
import type { Checkpoint, Sink, Written } from '../pipeline/source.ts'
import { pack } from './message.ts'
import type { Appender } from './queue.ts'
import { Reached } from './reached.ts'

/**
 * A queue as a sink: a write resolves when the server has accepted it. What is sent again after a failure may stand in the
 * queue twice; the identity of a trade makes that harmless.
 */
export class QueueSink implements Sink {
  readonly #appender: Appender
  readonly #reached: Reached

  private constructor(appender: Appender, rows: readonly Checkpoint[], now: () => number) {
    this.#appender = appender
    this.#reached = new Reached(rows, now)
  }

  /** Takes the appender over. @throws HkqError E_STORAGE */
  static async open(appender: Appender, now: () => number): Promise<QueueSink> {
    try {
      return new QueueSink(appender, await appender.checkpoints(), now)
    } catch (error) {
      await appender.close()
      throw error
    }
  }

  /** @throws HkqError E_STORAGE; away while the server is, or the queue is full */
  async write(batch: readonly MarketEvent[]): Promise<Written> {
    await this.#appender.append(pack(batch), this.#reached.add(batch))
    return { stored: batch.filter(({ type }) => type === 'tick').length, duplicates: 0 }
  }

  close(): Promise<void> {
    return this.#appender.close()
  }
}

import type { MarketEvent } from '../market/event.ts'
import type { Checkpoint, Sink, Written } from '../pipeline/source.ts'
import { Reached } from '../storage/journal/reached.ts'
import { pack } from './message.ts'
import type { Appender } from './queue.ts'

/**
 * A queue as a sink: a write resolves when the server has accepted it. What is sent again after a failure may stand in the
 * queue twice; the identity of a trade makes that harmless. With each coverage goes how far its symbols reach, so that the
 * next recorder before the queue tells what was missed between the two.
 */
export class QueueSink implements Sink {
  readonly #appender: Appender
  readonly #reached = new Reached()
  readonly #now: () => number

  private constructor(appender: Appender, now: () => number) {
    this.#appender = appender
    this.#now = now
  }

  /** Takes the appender over. @throws HkqError E_STORAGE */
  static async open(appender: Appender, now: () => number): Promise<QueueSink> {
    try {
      const sink = new QueueSink(appender, now)
      sink.#reached.merge(await appender.checkpoints())
      return sink
    } catch (error) {
      await appender.close()
      throw error
    }
  }

  /** @throws HkqError E_STORAGE; away while the server is, or the queue is full */
  async write(batch: readonly MarketEvent[]): Promise<Written> {
    this.#reached.learn(batch, this.#now())
    await this.#appender.append(pack(batch), this.#coveredIn(batch))
    return { stored: batch.filter(({ type }) => type === 'tick').length, duplicates: 0 }
  }

  close(): Promise<void> {
    return this.#appender.close()
  }

  #coveredIn(batch: readonly MarketEvent[]): readonly Checkpoint[] {
    const covered = new Set<string>()
    for (const event of batch) {
      if (event.type === 'coverage') for (const symbol of event.symbols) covered.add(`${event.source} ${symbol}`)
    }
    if (covered.size === 0) return []
    return this.#reached.checkpoints.filter(({ source, symbol }) => covered.has(`${source} ${symbol}`))
  }
}

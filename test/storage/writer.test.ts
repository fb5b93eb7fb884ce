import { describe, expect, it } from 'vitest'
import type { Clock } from '../../src/core/clock.ts'
import type { MarketEvent } from '../../src/core/market/event.ts'
import { Channel } from '../../src/core/pipeline/channel.ts'
import type { Sink } from '../../src/core/pipeline/source.ts'
import { createWriter, gathered } from '../../src/core/storage/writer.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { at, gap, tick } from './sample.ts'

const clock = (now: number): Clock => ({ now: () => now, monotonic: () => 0, sleep: async () => {} })

/** A sink that remembers its writes, and fails from write `failing` on. */
function memory(failing = Number.POSITIVE_INFINITY) {
  const writes: (readonly MarketEvent[])[] = []
  const sink: Sink = {
    async write(batch) {
      if (writes.length >= failing) throw new Error('disk full')
      writes.push(batch)
      return { stored: batch.length, duplicates: 0 }
    },
    async close() {},
  }
  return { sink, writes }
}

async function* batchesOf<E>(...batches: readonly E[][]): AsyncGenerator<readonly E[]> {
  yield* batches
}

describe('a writer', () => {
  it('joins what is ready into one write, in order', async () => {
    const { sink, writes } = memory()
    const ticks = [0, 1, 2, 3].map((seq) => tick({ seq }))
    await createWriter(sink, clock(0)).run(batchesOf([ticks[0]!], [ticks[1]!, ticks[2]!], [ticks[3]!]))
    expect(writes).toEqual([ticks])
  })

  it('writes a single tick without waiting for a second one', async () => {
    const { sink, writes } = memory()
    const channel = new Channel<MarketEvent>()
    const written = new Promise<void>((resolve) => {
      void createWriter(sink, clock(0)).run(channel, () => resolve())
    })
    channel.push(tick())
    await written
    expect(writes).toEqual([[tick()]])
    channel.close()
  })

  it('cuts a burst into writes of bounded size', async () => {
    const { sink, writes } = memory()
    const burst = Array.from({ length: 10_000 }, (_, seq) => tick({ seq }))
    await createWriter(sink, clock(0)).run(batchesOf(burst))
    expect(writes.map(({ length }) => length)).toEqual([4096, 4096, 1808])
    expect(writes.flat()).toEqual(burst)
  })

  it('acknowledges events after their write, never before', async () => {
    const { sink, writes } = memory()
    const acknowledged: number[] = []
    await createWriter(sink, clock(0)).run(batchesOf([tick()]), (events) =>
      acknowledged.push(events.length, writes.length),
    )
    expect(acknowledged).toEqual([1, 1])
  })

  it('counts, and measures from receive to commit', async () => {
    const { sink } = memory()
    const time = new ManualClock(at('10:00:00.000'))
    const writer = createWriter(sink, time)
    await time.advance(105)
    await writer.run(batchesOf<MarketEvent>([tick({ received_at: at('10:00:00.100') }), tick({ seq: 1 }), gap()]))
    expect(writer.stats).toMatchObject({ received: 2, stored: 3, duplicates: 0, writes: 1 })
    expect(writer.stats.latency_p99).toBeCloseTo(5, 9)
  })

  it('measures nothing of a replay, which was received before', async () => {
    const { sink } = memory()
    const writer = createWriter(sink, clock(at('10:00:00.105')))
    let waitingSince: number | null = null
    sink.write = async () => {
      waitingSince = writer.waitingSince
      return { stored: 1, duplicates: 0 }
    }
    await writer.run(batchesOf<MarketEvent>([tick({ received_at: at('10:00:00.100') })]))
    expect(writer.stats).toMatchObject({ received: 1, latency_p50: null, latency_p99: null })
    expect(waitingSince).toBe(at('10:00:00.105'))
  })

  it('tells since when the first tick of the write that is under way has waited', async () => {
    let commit = () => {}
    const sink: Sink = {
      write: () => new Promise((done) => (commit = () => done({ stored: 1, duplicates: 0 }))),
      close: async () => {},
    }
    const time = new ManualClock(at('10:00:00.000'))
    const writer = createWriter(sink, time)
    await time.advance(9_000)
    const first = { received_at: at('10:00:01.000') }
    const source = batchesOf<MarketEvent>([gap(), tick({ seq: 1, ...first }), tick({ seq: 2 })])
    expect(writer.waitingSince).toBeNull()
    const done = writer.run(source)
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    expect(writer.waitingSince).toBe(at('10:00:01.000'))
    commit()
    await done
    expect(writer.waitingSince).toBeNull()
    expect(writer.latency.count).toBe(1)
  })

  it('fails with the sink and closes a source that waits', async () => {
    const { sink } = memory(0)
    const channel = new Channel<MarketEvent>()
    channel.push(tick())
    await expect(createWriter(sink, clock(0)).run(channel)).rejects.toThrow('disk full')
    channel.push(tick())
    await new Promise(setImmediate)
    expect(channel.size, 'the channel takes nothing more once its consumer is gone').toBe(0)
  })

  it('writes what arrived before the source failed, then fails', async () => {
    const { sink, writes } = memory()
    async function* failing() {
      yield [tick()]
      throw new Error('connection lost')
    }
    await expect(createWriter(sink, clock(0)).run(failing())).rejects.toThrow('connection lost')
    expect(writes).toEqual([[tick()]])
  })

  it('closes the source when its consumer stops', async () => {
    let closed = false
    async function* source() {
      try {
        yield [1]
        yield [2]
      } finally {
        closed = true
      }
    }
    for await (const events of gathered(source(), 1)) {
      expect(events).toEqual([1])
      break
    }
    expect(closed).toBe(true)
  })
})

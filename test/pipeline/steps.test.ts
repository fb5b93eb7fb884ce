import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Clock } from '../../src/core/clock.ts'
import type { MarketEvent, Tick } from '../../src/core/market/event.ts'
import { Channel } from '../../src/core/pipeline/channel.ts'
import { pace } from '../../src/core/pipeline/pace.ts'
import { onlySymbols, takeBefore, takeOnce, takeTicks, within } from '../../src/core/pipeline/take.ts'

const tick = (symbol: string, timestamp: number, seq = timestamp): Tick => ({
  type: 'tick',
  symbol,
  timestamp,
  last_price: 1,
  volume: 1,
  turnover: 1,
  bid_price: null,
  ask_price: null,
  bid_size: null,
  ask_size: null,
  quote_time: null,
  value: 1,
  spread: null,
  side: null,
  phase: 'morning',
  trade_type: null,
  flags: [],
  seq,
  source: 'test',
  received_at: null,
})

async function* of(...batches: (readonly MarketEvent[])[]) {
  yield* batches
}

async function all(batches: AsyncIterable<readonly MarketEvent[]>): Promise<number[]> {
  const out: number[] = []
  for await (const batch of batches) for (const event of batch) out.push(Number((event as Tick).seq))
  return out
}

describe('taking from a stream', () => {
  it('ends with the nth tick, in the middle of a batch', async () => {
    expect(await all(takeTicks(of([tick('A', 1), tick('A', 2)], [tick('A', 3), tick('A', 4)]), 3))).toEqual([1, 2, 3])
  })

  it('ends when every symbol has ticked once', async () => {
    const events = of([tick('A', 1), tick('A', 2)], [tick('B', 3), tick('A', 4)], [tick('A', 5)])
    expect(await all(takeOnce(events, ['A', 'B']))).toEqual([1, 3])
  })

  it('keeps the events of the named symbols, and those that concern all', async () => {
    const status: MarketEvent = { type: 'status', source: 't', symbol: null, state: 'up', timestamp: 0, detail: '' }
    const kept: MarketEvent[] = []
    for await (const batch of onlySymbols(of([tick('A', 1), status, tick('B', 2)]), ['B'])) kept.push(...batch)
    expect(kept.map((event) => event.type)).toEqual(['status', 'tick'])
  })

  it('ends with the first event at or after a time', async () => {
    const events = of([tick('A', 1), tick('A', 2)], [tick('A', 3), tick('A', 4), tick('A', 5)])
    expect(await all(takeBefore(events, 4))).toEqual([1, 2, 3])
  })

  it('takes since inclusive and until exclusive', async () => {
    expect(await all(within(of([1, 2, 3, 4].map((time) => tick('A', time))), 2, 4))).toEqual([2, 3])
  })
})

describe('a channel', () => {
  it('delivers everything once and in order, whatever is pushed between two calls', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(fc.integer(), { maxLength: 5 }), { maxLength: 20 }), async (pushes) => {
        const channel = new Channel<number>(4)
        const got: number[] = []
        const reading = (async () => {
          for await (const batch of channel) got.push(...batch)
        })()
        for (const numbers of pushes) {
          channel.pushAll(numbers)
          if (numbers.length % 2 === 0) await Promise.resolve()
        }
        channel.close()
        await reading
        expect(got).toEqual(pushes.flat())
      }),
    )
  })

  it('is full at its capacity and says when it was drained', async () => {
    let drained = 0
    const channel = new Channel<number>(2, () => drained++)
    channel.push(1)
    expect(channel.full).toBe(false)
    channel.push(2)
    expect(channel.full).toBe(true)
    const reader = channel[Symbol.asyncIterator]()
    expect((await reader.next()).value).toEqual([1, 2])
    expect([drained, channel.full]).toEqual([1, false])
  })

  it('delivers what was queued before it throws the failure', async () => {
    const channel = new Channel<number>()
    channel.push(1)
    channel.fail(new Error('gone'))
    const reader = channel[Symbol.asyncIterator]()
    expect((await reader.next()).value).toEqual([1])
    await expect(reader.next()).rejects.toThrow('gone')
  })
})

describe('pacing', () => {
  function clockThatSleepsAtOnce(): Clock & { slept: number[] } {
    let now = 0
    const slept: number[] = []
    return {
      slept,
      now: () => now,
      monotonic: () => now,
      sleep: async (ms) => {
        slept.push(ms)
        now += ms
      },
    }
  }

  it('waits what the events say, divided by the speed, and loses none', async () => {
    const clock = clockThatSleepsAtOnce()
    const events = [0, 0, 1_000, 1_500, 4_000].map((time, seq) => tick('A', time, seq))
    expect(await all(pace(of(events.slice(0, 3), events.slice(3)), { speed: 2, clock }))).toEqual([0, 1, 2, 3, 4])
    expect(clock.slept).toEqual([500, 250, 1_250])
  })

  it('a record without a time is never waited for', async () => {
    const clock = clockThatSleepsAtOnce()
    const torn = { type: 'rejected', source: 'a', symbol: null, timestamp: null } as MarketEvent
    const day = Date.UTC(2026, 10, 23)
    const types: string[] = []
    for await (const batch of pace(of([torn, tick('A', day), torn, tick('A', day + 500)]), { speed: 1, clock }))
      types.push(...batch.map(({ type }) => type))
    expect(types).toEqual(['rejected', 'tick', 'rejected', 'tick'])
    expect(clock.slept).toEqual([500])
  })

  it('ends quietly when it is stopped', async () => {
    const stop = new AbortController()
    const clock = clockThatSleepsAtOnce()
    const seen: number[] = []
    for await (const batch of pace(of([tick('A', 0), tick('A', 5)]), { speed: 1, clock, signal: stop.signal })) {
      seen.push(...batch.map((event) => Number((event as Tick).seq)))
      stop.abort()
    }
    expect(seen).toEqual([0])
  })
})

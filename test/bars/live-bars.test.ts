import { describe, expect, test } from 'vitest'
import { type ResampleOptions, resample } from '../../src/core/bars/resample.ts'
import type { Bar } from '../../src/core/market/bar.ts'
import type { MarketEvent } from '../../src/core/market/event.ts'
import { DAY, formatClock } from '../../src/core/market/time.ts'
import { Channel } from '../../src/core/pipeline/channel.ts'
import { ManualClock } from './manual-clock.ts'
import { at, gap, minutes, span, tick } from './market.ts'

/** Live bars with the clock's time at which each went out. */
function live(options: ResampleOptions, start: string) {
  const clock = new ManualClock(at(start))
  const channel = new Channel<MarketEvent>()
  const seen: { at: string; bar: Bar }[] = []
  const done = (async () => {
    for await (const bars of resample(channel, { ...options, clock })) {
      for (const bar of bars) seen.push({ at: formatClock(clock.now()), bar })
    }
  })()
  return {
    seen,
    async send(...events: MarketEvent[]) {
      channel.pushAll(events)
      await clock.moveTo(clock.now())
    },
    async until(time: string) {
      const end = at(time)
      while (clock.now() < end) await clock.moveTo(Math.min(end, clock.now() + 1_000))
    },
    async end() {
      channel.close()
      await done
    },
  }
}

describe('live bars', () => {
  test('a quiet stock’s bar goes out final within 3 s of its end, without a next trade', async () => {
    const { seen, send, until, end } = live({ every: minutes(1) }, '10:00:00')
    await send(tick('10:00:00', 1))
    await until('10:00:59')
    expect(seen).toEqual([])
    await until('10:01:03')
    expect(seen).toHaveLength(1)
    expect(seen[0]!.bar).toMatchObject({ close: 1, final: true })
    await end()
    expect(seen).toHaveLength(1)
  })

  test('the day’s last bar goes out at 16:00:03 not final, and final after the auction', async () => {
    const { seen, send, until, end } = live({ every: minutes(5) }, '15:59:00')
    await send(tick('15:59:00', 10))
    await until('16:08:30')
    await send(tick('16:08:30', 11, 5_000))
    await until('16:10:31')
    await end()
    expect(seen.map(({ at, bar }) => [at, span(bar), bar.close, bar.final, bar.revision])).toEqual([
      ['16:00:03', '15:55-16:00', 10, false, undefined],
      ['16:10:30', '15:55-16:00', 11, true, undefined],
    ])
  })

  test('the last bar before lunch waits for the close tolerance and goes out at 12:00:03', async () => {
    const { seen, send, until, end } = live({ every: minutes(1) }, '11:59:00')
    await send(tick('11:59:00', 10))
    await until('12:00:02')
    await send(tick('12:00:02.500', 11))
    await until('12:00:03')
    expect(seen.map(({ at, bar }) => [at, bar.close, bar.final])).toEqual([['12:00:03', 11, true]])
    await end()
  })

  test('with the auction apart the last bar is final at once', async () => {
    const { seen, send, until, end } = live({ every: DAY, auctions: 'separate' }, '15:59:00')
    await send(tick('15:59:00', 10))
    await until('16:00:04')
    expect(seen.map(({ bar }) => bar.final)).toEqual([true])
    await end()
  })

  test('a late trade and a late gap make revisions', async () => {
    const { seen, send, until, end } = live({ every: minutes(1) }, '10:00:00')
    await send(tick('10:00:00', 1))
    await until('10:01:05')
    await send(tick('10:00:59', 2))
    await send(gap('10:00:59', '10:01:02'), tick('10:01:02', 3))
    await end()
    expect(seen.map(({ bar }) => [span(bar), bar.close, bar.has_gap, bar.final, bar.revision])).toEqual([
      ['10:00-10:01', 1, false, true, undefined],
      ['10:00-10:01', 2, false, true, 1],
      ['10:00-10:01', 2, true, true, 2],
      ['10:01-10:02', 3, true, false, undefined],
    ])
  })

  test('asked to, a bar waits until its stretch was heard, so that it knows its hole', async () => {
    const { seen, send, until, end } = live({ every: minutes(1), heard: true }, '10:00:00')
    const heard = (time: string) =>
      send({ type: 'coverage', source: '', symbol: null, symbols: ['00700.HK'], timestamp: at(time) })
    await send(tick('10:00:00', 1))
    await heard('10:00:40')
    await until('10:05:00')
    expect(seen).toEqual([])
    await send(gap('10:00:00', '10:05:00'), tick('10:05:00', 2))
    await until('10:05:59')
    expect(seen.map(({ bar }) => [span(bar), bar.has_gap, bar.final])).toEqual([['10:00-10:01', true, true]])
    await heard('10:06:02')
    await until('10:06:04')
    expect(seen.map(({ bar }) => [span(bar), bar.revision])).toEqual([
      ['10:00-10:01', undefined],
      ['10:05-10:06', undefined],
    ])
    await end()
  })

  test('a filled bar that a late trade meets is revised', async () => {
    const { seen, send, until, end } = live({ every: minutes(1), fill: 'forward' }, '10:00:00')
    await send(tick('10:00:00', 1))
    await until('10:02:04')
    await send(tick('10:01:30', 2))
    await end()
    expect(seen.map(({ bar }) => [span(bar), bar.close, bar.trades, bar.revision])).toEqual([
      ['10:00-10:01', 1, 1, undefined],
      ['10:01-10:02', 1, 0, undefined],
      ['10:01-10:02', 2, 1, 1],
    ])
  })

  test('a clock whose sleep returns at once without moving does not stall the stream', async () => {
    const standing = { now: () => at('10:00'), monotonic: () => 0, sleep: async () => {} }
    const channel = new Channel<MarketEvent>()
    const bars: Bar[] = []
    const done = (async () => {
      for await (const batch of resample(channel, { every: minutes(1), clock: standing })) bars.push(...batch)
    })()
    channel.push(tick('10:00', 1))
    await new Promise((resolve) => setImmediate(resolve))
    channel.push(tick('10:05', 2))
    channel.close()
    await done
    expect(bars.map(({ final }) => final)).toEqual([true, false])
  })

  test('leaving the bars closes the source', async () => {
    let closed = false
    async function* source(): AsyncGenerator<readonly MarketEvent[]> {
      try {
        yield [tick('10:00', 1), tick('10:10', 2)]
        await new Promise(() => {})
      } finally {
        closed = true
      }
    }
    for await (const _ of resample(source(), { every: minutes(1), clock: new ManualClock(at('10:10')) })) break
    expect(closed).toBe(true)
  })
})

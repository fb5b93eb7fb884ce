import { describe, expect, test } from 'vitest'
import type { Clock } from '../../src/core/clock.ts'
import { formatClock } from '../../src/core/market/time.ts'
import { Channel } from '../../src/core/pipeline/channel.ts'
import type { VolatilityEvent } from '../../src/core/statistics/volatility/intake.ts'
import type { VolatilityRecord } from '../../src/core/statistics/volatility/record.ts'
import { volatility } from '../../src/core/statistics/volatility/volatility.ts'
import { at, dayOfTicks, gapAt, sessions, tickAt } from './market.ts'

const DAY = '2026-11-20'

async function* batches(events: readonly VolatilityEvent[]): AsyncGenerator<readonly VolatilityEvent[]> {
  for (let i = 0; i < events.length; i += 100) yield events.slice(i, i + 100)
}

/** A clock that moves only when it is told to. */
function handClock(start: number): Clock & { advance(ms: number): Promise<void> } {
  let now = start
  let sleepers: { until: number; wake: () => void }[] = []
  return {
    now: () => now,
    monotonic: () => now - start,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const wake = (): void => {
          signal?.removeEventListener('abort', wake)
          resolve()
        }
        sleepers.push({ until: now + ms, wake })
        signal?.addEventListener('abort', wake)
      }),
    async advance(ms) {
      for (const end = now + ms; now < end; ) {
        now += 500
        const due = sleepers.filter(({ until }) => until <= now)
        sleepers = sleepers.filter(({ until }) => until > now)
        for (const { wake } of due) wake()
        for (let i = 0; i < 20; i++) await Promise.resolve()
      }
    },
  }
}

describe('volatility', () => {
  test('gives the records from `since` on, having learnt from those before', async () => {
    const all = []
    for await (const records of volatility(batches(dayOfTicks(DAY)), { sessions })) all.push(...records)
    const some = []
    const since = at(`${DAY}T14:00`)
    for await (const records of volatility(batches(dayOfTicks(DAY)), { sessions, since })) some.push(...records)
    expect(some).toEqual(all.filter((r) => r.timestamp >= since))
    expect(some.length).toBe(121)
  })

  test('completes the step in which a recording ends when it is known to be complete', async () => {
    const ticks = dayOfTicks(DAY).slice(0, -1)
    const lastOf = async (options: { complete?: number }) => {
      let last = 0
      for await (const records of volatility(batches(ticks), { sessions, ...options })) last = records.at(-1)!.timestamp
      return formatClock(last)
    }
    expect(await lastOf({})).toBe('15:59:00')
    expect(await lastOf({ complete: at('2026-11-21T00:00') })).toBe('16:00:00')
  })

  test('live, the clock completes the minutes of a quiet symbol, not while the feed is down', async () => {
    const clock = handClock(at(`${DAY}T10:00:30`))
    const channel = new Channel<VolatilityEvent>()
    channel.pushAll(dayOfTicks(DAY).slice(0, 31))
    const seen: string[] = []
    const run = (async () => {
      for await (const records of volatility(channel, { sessions, clock }))
        seen.push(...records.map((r) => formatClock(r.timestamp)))
    })()
    await clock.advance(1_000)
    expect(seen.at(-1)).toBe('10:00:00')
    await clock.advance(31_000)
    expect(seen.at(-1)).toBe('10:00:00')
    await clock.advance(2_000)
    expect(seen.at(-1)).toBe('10:01:00')
    await clock.advance(60_000)
    expect(seen.at(-1)).toBe('10:02:00')
    channel.push({ type: 'status', source: 'test', symbol: null, state: 'lost', timestamp: clock.now(), detail: '' })
    await clock.advance(180_000)
    expect(seen.at(-1)).toBe('10:02:00')
    channel.push(dayOfTicks(DAY)[36]!)
    await clock.advance(1_000)
    expect(seen.at(-1)).toBe('10:06:00')
    channel.close()
    await run
  })

  test('live, the clock completes what was heard: no point comes out before the hole in it is known', async () => {
    const clock = handClock(at(`${DAY}T10:00:30`))
    const channel = new Channel<VolatilityEvent>()
    const heard = (time: string): void =>
      channel.push({
        ...{ type: 'coverage', source: 'test', symbol: null, symbols: ['00700.HK'] },
        timestamp: at(`${DAY}T${time}`),
      })
    channel.pushAll(dayOfTicks(DAY).slice(0, 31))
    heard('10:00:20')
    const seen: VolatilityRecord[] = []
    const run = (async () => {
      for await (const records of volatility(channel, { sessions, clock })) seen.push(...records)
    })()
    await clock.advance(120_000)
    expect(formatClock(seen.at(-1)!.timestamp)).toBe('10:00:00')
    heard('10:01:30')
    await clock.advance(2_000)
    expect(formatClock(seen.at(-1)!.timestamp)).toBe('10:01:00')
    await clock.advance(240_000)
    channel.pushAll([gapAt(at(`${DAY}T10:02:30`), at(`${DAY}T10:06:30`)), dayOfTicks(DAY)[36]!])
    await clock.advance(2_000)
    expect(formatClock(seen.at(-1)!.timestamp)).toBe('10:06:00')
    expect(seen.slice(-4).map(({ samples }) => samples)).toEqual([29, 28, 27, 26])
    channel.close()
    await run
  })

  test('live, after a loss each symbol waits for its own trade or gap', async () => {
    const clock = handClock(at(`${DAY}T10:00:30`))
    const channel = new Channel<VolatilityEvent>()
    for (const symbol of ['00700.HK', 'HSI']) channel.pushAll(dayOfTicks(DAY, { symbol }).slice(0, 31))
    const seen: VolatilityRecord[] = []
    const run = (async () => {
      for await (const records of volatility(channel, { sessions, clock })) seen.push(...records)
    })()
    const newest = (symbol: string) => formatClock(seen.filter((r) => r.symbol === symbol).at(-1)!.timestamp)
    await clock.advance(1_000)
    for (const state of ['lost', 'up'] as const) {
      channel.push({ type: 'status', source: 'test', symbol: null, state, timestamp: clock.now(), detail: '' })
    }
    await clock.advance(120_000)
    channel.push(dayOfTicks(DAY, { symbol: 'HSI' })[32]!)
    await clock.advance(60_000)
    expect([newest('00700.HK'), newest('HSI')]).toEqual(['10:00:00', '10:03:00'])
    channel.push(gapAt(at(`${DAY}T10:00:30`), at(`${DAY}T10:03:30`)))
    await clock.advance(2_000)
    expect(newest('00700.HK')).toBe('10:03:00')
    channel.close()
    await run
  })

  test('left while trades may still come, it gives no point that could change', async () => {
    const clock = handClock(at(`${DAY}T10:01:01`))
    const ticks = [...dayOfTicks(DAY).slice(0, 31), tickAt(at(`${DAY}T10:01:00.500`), 300)]
    const newest = async (options: { clock?: Clock }) => {
      let last = 0
      for await (const records of volatility(batches(ticks), { sessions, ...options })) last = records.at(-1)!.timestamp
      return formatClock(last)
    }
    expect(await newest({ clock })).toBe('10:00:00')
    expect(await newest({})).toBe('10:01:00')
  })

  test('leaving the loop at a record the clock brought does not wait for an idle source', async () => {
    const clock = handClock(at(`${DAY}T10:00:30`))
    const channel = new Channel<VolatilityEvent>()
    channel.pushAll(dayOfTicks(DAY).slice(0, 31))
    let left = false
    const run = (async () => {
      for await (const records of volatility(channel, { sessions, clock })) {
        if (formatClock(records.at(-1)!.timestamp) === '10:01:00') break
      }
      left = true
    })()
    await clock.advance(60_000)
    expect(left).toBe(true)
    await run
  })

  test('leaving the loop early ends the source', async () => {
    let ended = false
    async function* source(): AsyncGenerator<readonly VolatilityEvent[]> {
      try {
        for (const tick of dayOfTicks(DAY)) yield [tick]
      } finally {
        ended = true
      }
    }
    for await (const _ of volatility(source(), { sessions, clock: handClock(0) })) break
    expect(ended).toBe(true)
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Tick } from '../../src/core/market/event.ts'
import { quantile } from '../../src/core/statistics/quantile.ts'
import { exactDeviation } from './exact.ts'
import { at, gapAt, noise, recordsOf, tickAt } from './market.ts'

const START = at('2026-11-20T09:30')
const tutorial = { preset: 'tutorial' } as const

/** Ticks at uneven times, many in the same millisecond. */
function ticksOf(count: number, move = (i: number) => 1e-3 * noise(i)): Tick[] {
  let time = START
  let price = 300
  return Array.from({ length: count }, (_, i) => {
    time += Math.max(0, Math.round(40_000 * noise(i + 7)))
    price = Math.round(price * (1 + move(i)) * 1000) / 1000
    return tickAt(time, price)
  })
}

const relative = (a: number | null, b: number): number => (a === null ? Number.NaN : Math.abs(a - b) / b)

describe('preset tutorial', () => {
  const ticks = ticksOf(600)
  const records = recordsOf(ticks, tutorial)
  const returns = ticks.map((tick, i) => (i === 0 ? Number.NaN : tick.last_price / ticks[i - 1]!.last_price - 1))

  test('gives one record a tick, in order, with the time and price of the tick', () => {
    expect(records.map((r) => [r.timestamp, r.last_price])).toEqual(ticks.map((t) => [t.timestamp, t.last_price]))
  })

  test('volatility is the sample deviation of the returns of (t - 30 min, t], of the ticks at t only up to this one', () => {
    records.forEach((record, i) => {
      const window = returns.filter((_, j) => j > 0 && j <= i && ticks[j]!.timestamp > record.timestamp - 1_800_000)
      expect(record.samples).toBe(window.length)
      if (window.length < 2) expect(record.volatility).toBeNull()
      else expect(relative(record.volatility, exactDeviation(window))).toBeLessThan(1e-9)
    })
  })

  test('equals pandas: pct_change().rolling("30min").std() and rolling(3, min_periods=2).std()', () => {
    const quoted: [string, number, number | null, number | null][] = [
      ['09:30:00.120', 336.4, null, null],
      ['09:30:00.120', 336.6, null, null],
      ['09:41:07.000', 335.8, 0.002100982948517341, 0.002100982948517341],
      ['10:00:00.119', 337.2, 0.0032775598275500547, 0.0032775598275500547],
      ['10:00:00.120', 337.2, 0.0033135775692034516, 0.0033135775692034516],
      ['12:00:00.000', 334, null, 0.007000123635488226],
      ['13:00:00.500', 333.6, null, 0.00516809478715739],
      ['13:10:00.000', 335, 0.0038143089698692025, 0.006894227803439455],
    ]
    const events = quoted.map(([clock, price]) => tickAt(at(`2023-08-15T${clock}`), price))
    const close = (x: number | null) => (x === null ? null : expect.closeTo(x, 14))
    expect(recordsOf(events, tutorial).map((r) => r.volatility)).toEqual(quoted.map((q) => close(q[2])))
    expect(recordsOf(events, { ...tutorial, window: '3t' }).map((r) => r.volatility)).toEqual(
      quoted.map((q) => close(q[3])),
    )
  })

  test('a window of 50t counts ticks', () => {
    recordsOf(ticks, { ...tutorial, window: '50t' }).forEach((record, i) => {
      const window = returns.slice(Math.max(1, i - 49), i + 1)
      if (window.length >= 2) expect(relative(record.volatility, exactDeviation(window))).toBeLessThan(1e-9)
    })
  })

  test('the threshold is the 0.9 quantile of the values before this one, once there are more than 100', () => {
    const before: number[] = []
    for (const record of records) {
      if (before.length <= 100) {
        expect(record.threshold).toBeNull()
        expect(record.percentile).toBeNull()
      } else {
        expect(record.threshold).toBeCloseTo(quantile(before, 0.9), 15)
        const below = before.filter((value) => value <= record.volatility!).length
        expect(record.percentile).toBeCloseTo((100 * below) / before.length, 10)
      }
      if (record.volatility !== null) before.push(record.volatility)
    }
  })

  test('one alert a crossing: entered above the threshold, left below 0.9 of it', () => {
    const storm = recordsOf(
      ticksOf(900, (i) => (i > 500 && i < 560 ? 2e-2 : 1e-3) * noise(i)),
      tutorial,
    )
    const events = storm.filter((r) => r.event !== null)
    expect(events.length).toBeGreaterThan(1)
    events.forEach((record, i) => {
      expect(record.event).toBe(i % 2 === 0 ? 'enter' : 'leave')
      if (record.event === 'enter') expect(record.volatility).toBeGreaterThan(record.threshold!)
      else expect(record.volatility!).toBeLessThan(0.9 * record.threshold!)
    })
    for (const record of storm) {
      if (record.state === 'alert') expect(record.volatility! >= 0.9 * record.threshold!).toBe(true)
    }
  })

  test('with volume confirmation an alert asks for turnover of the window above its mean before', () => {
    const quiet = recordsOf(
      ticksOf(900, (i) => (i > 500 ? 2e-2 : 1e-3) * noise(i)),
      { ...tutorial, confirmVolume: 50 },
    )
    expect(quiet.some((r) => r.state === 'unconfirmed')).toBe(true)
    expect(quiet.every((r) => r.event === null)).toBe(true)
    const three = recordsOf(
      [0, 1, 2].map((i) => tickAt(START + i * 60_000, 100, { volume: 10 })),
      {
        ...tutorial,
        confirmVolume: 1.5,
      },
    )
    expect(three.map((r) => r.volume_ratio)).toEqual([null, 2, 2])
    const apart = recordsOf(
      [0, 1, 2].map((i) => tickAt(START + i * 1_800_000, 100, { volume: 10 })),
      {
        ...tutorial,
        confirmVolume: 1.5,
      },
    )
    expect(apart.map((r) => r.volume_ratio)).toEqual([null, 1, 1])
  })

  test('every stored tick counts, flagged or not, and a gap breaks no return', () => {
    const events = [
      tickAt(START, 100),
      gapAt(START, START + 1000),
      tickAt(START + 1000, 110, { flags: ['odd_lot'] }),
      tickAt(START + 2000, 100),
    ]
    expect(recordsOf(events, tutorial).map((r) => r.samples)).toEqual([0, 1, 2])
    expect(recordsOf(events, { ...tutorial, sessionBreaks: 'exclude' }).map((r) => r.samples)).toEqual([0, 0, 1])
  })

  test('a price that stands still has volatility 0 and never alerts', () => {
    const still = recordsOf(
      ticksOf(300, () => 0),
      tutorial,
    )
    expect(still.slice(2).every((r) => r.volatility === 0 && r.state === 'normal')).toBe(true)
  })

  test('ticks of one batch are taken in order of time and sequence, whatever their order in it', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(ticks.slice(0, 40), { minLength: 40, maxLength: 40 }), (shuffled) => {
        expect(recordsOf(shuffled, tutorial)).toEqual(records.slice(0, 40))
      }),
      { numRuns: 20 },
    )
  })

  test('a tick that comes in a later batch counts where it arrives, since each is answered at once', () => {
    const of = (...prices: number[]) => prices.map((price, i) => tickAt(START + i * 1000, price))
    const [first, second, third] = of(100, 102, 101)
    const late = recordsOf([first!, third!, second!], tutorial, 1)
    expect(late.map((r) => r.timestamp - START)).toEqual([0, 2000, 1000])
    expect(late[2]!.volatility).toBe(recordsOf(of(100, 101, 102), tutorial)[2]!.volatility)
    expect(recordsOf([first!, third!, second!], tutorial)).toEqual(recordsOf([first!, second!, third!], tutorial, 1))
  })

  test('annualized is null: ticks are no periods', () => {
    expect(records.every((r) => r.annualized === null && r.usual === null && !r.seasonal)).toBe(true)
    expect(() => recordsOf([], { ...tutorial, annualize: true })).toThrow('has no periods to annualise by')
  })

  test('history first and the rest in batches of any size give the records of one batch', () => {
    const mixed = ticks.flatMap((tick) => [tick, tickAt(tick.timestamp, tick.last_price * 2, { symbol: '00005.HK' })])
    const whole = recordsOf(mixed, { ...tutorial, lookback: '5d' })
    for (const size of [1, 7, 500]) expect(recordsOf(mixed, { ...tutorial, lookback: '5d' }, size)).toEqual(whole)
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Tick } from '../../src/core/market/event.ts'
import { dayNumber, HOUR, MINUTE, timeOfDay } from '../../src/core/market/time.ts'
import { Backtest, type BacktestOptions } from '../../src/core/statistics/volatility/backtest.ts'
import { type BacktestRecord, backtestRecords } from '../../src/core/statistics/volatility/backtest-record.ts'
import { horizonOf } from '../../src/core/statistics/volatility/horizon.ts'
import type { VolatilityEvent } from '../../src/core/statistics/volatility/intake.ts'
import { settingsOf, type VolatilityOptions } from '../../src/core/statistics/volatility/options.ts'
import { Outcomes } from '../../src/core/statistics/volatility/outcomes.ts'
import type { Point, VolatilityRecord } from '../../src/core/statistics/volatility/record.ts'
import { type BacktestRule, emptyTally, merge, type Tally } from '../../src/core/statistics/volatility/tally.ts'
import { columnsOf } from '../../src/core/storage/columns.ts'
import { at, barAt, dayOfTicks, daysFrom, gapAt, noise, recordsOf, sessions } from './market.ts'

const DAYS = daysFrom('2026-09-01', 13)
const RANGE = at(DAYS[6]!)

/** A day whose openings are always wild, with storms of three quarters of an hour at random, which trade more. */
function stormyDay(date: string, symbol = '00700.HK'): Tick[] {
  const storm = (minute: number): number =>
    noise(at(date) / MINUTE + Math.floor(minute / 45) + symbol.length) > 0.3 ? 3 : 1
  return dayOfTicks(date, {
    symbol,
    move: (minute) => (minute < 600 ? 3e-3 : 1e-3) * storm(minute),
    volume: (minute) => 1000 * storm(minute),
  })
}

const events: VolatilityEvent[] = DAYS.flatMap((date) =>
  [...stormyDay(date), ...stormyDay(date, '00005.HK')].sort((a, b) => a.timestamp - b.timestamp),
)
const [gapFrom, gapTo] = [at(`${DAYS[9]}T14:00`), at(`${DAYS[9]}T14:25`)]
events.splice(
  events.findIndex((event) => 'timestamp' in event && event.timestamp! > gapFrom),
  0,
  gapAt(gapFrom, gapTo),
)

function talliesOf(
  fed: readonly VolatilityEvent[],
  options: BacktestOptions,
  size = Number.POSITIVE_INFINITY,
): Tally[] {
  const backtest = new Backtest({ sessions, ...options })
  const step = Math.min(size, fed.length || 1)
  for (let i = 0; i < fed.length; i += step) expect(backtest.push(fed.slice(i, i + step))).toEqual([])
  return backtest.end()
}

const rowsOf = (fed: readonly VolatilityEvent[], options: BacktestOptions = {}): BacktestRecord[] =>
  backtestRecords(talliesOf(fed, options), { sessions, ...options })

const row = (rows: readonly BacktestRecord[], wanted: Partial<BacktestRecord>): BacktestRecord => {
  const found = rows.filter((each) =>
    Object.entries(wanted).every(([name, value]) => each[name as keyof BacktestRecord] === value),
  )
  expect(found.length).toBe(1)
  return found[0]!
}

/** Runs of the strategy over the same events, each made once. */
function runsOver(fed: readonly VolatilityEvent[]): (options: VolatilityOptions) => VolatilityRecord[] {
  const runs = new Map<string, VolatilityRecord[]>()
  return (options) => {
    const key = JSON.stringify(options)
    if (!runs.has(key)) runs.set(key, recordsOf(fed, options))
    return runs.get(key)!
  }
}
type Runs = ReturnType<typeof runsOver>
const runOf = runsOver(events)

const isKnown = (value: number | null): value is number => value !== null

/**
 * The tally of one symbol as the definition has it, from records alone: those of a run by the rule, and the ratios of a run
 * whose window is the horizon. Nothing after `now` is used.
 */
function tallyByDefinition(
  run: Runs,
  symbol: string,
  options: BacktestOptions,
  rule: BacktestRule,
  now: number,
): Tally {
  const { horizon = '30m', since = 0, ...settings } = options
  const recorded = (how: VolatilityOptions) =>
    run(how).filter((record) => record.symbol === symbol && record.timestamp <= now)
  const auto = settings.threshold === 'seasonal' ? 'seasonal' : 'auto'
  const kind = rule.threshold === 'flat' ? 'flat' : auto
  const points = recorded({ ...settings, quantile: rule.quantile, threshold: kind }).filter(
    ({ timestamp, volatility, threshold, seasonal }) =>
      timestamp >= since && isKnown(volatility) && isKnown(threshold) && seasonal === (kind !== 'flat'),
  )
  const ahead = recorded({ ...settings, window: horizon, threshold: auto })
  const index = new Map(ahead.map(({ timestamp }, i) => [timestamp, i]))
  const outcome = ({ timestamp }: VolatilityRecord): number | null => {
    const later = ahead[index.get(timestamp)! + Number.parseInt(horizon, 10)]
    return later !== undefined && dayNumber(later.timestamp) === dayNumber(timestamp) ? later.ratio : null
  }
  const daysOf = (records: readonly VolatilityRecord[]) => new Set(records.map((r) => dayNumber(r.timestamp))).size
  const outcomes = (records: readonly VolatilityRecord[]) => records.map(outcome).filter(isKnown)
  const hits = (records: readonly VolatilityRecord[]) => outcomes(records).filter((ratio) => ratio > 1.25).length
  const alerts = points.filter(({ event }) => event === 'enter')
  const early = alerts.filter(({ timestamp }) => timeOfDay(timestamp) < 10 * HOUR)
  return {
    symbol,
    ...rule,
    days: daysOf(points),
    alerts: alerts.length,
    earlyAlerts: early.length,
    earlyDays: daysOf(early),
    points: outcomes(points).length,
    hits: hits(points),
    scored: outcomes(alerts).length,
    scoredHits: hits(alerts),
  }
}

const byDefinition = (run: Runs, tallies: readonly Tally[], options: BacktestOptions, now = Infinity): Tally[] =>
  tallies.map(({ symbol, threshold, quantile }) =>
    tallyByDefinition(run, symbol!, options, { threshold, quantile }, now),
  )

const CASES: readonly BacktestOptions[] = [
  {},
  { since: RANGE, quantile: 0.7 },
  { since: RANGE + 5 * HOUR, horizon: '45m', confirmVolume: false },
  { horizon: '12m', window: '20m', lookback: '6d', release: 1 },
  { threshold: 'seasonal', horizon: '45m', confirmVolume: false },
  { threshold: 'flat', since: RANGE },
]

describe('a backtest', () => {
  test.each(CASES)('has the figures of its definition: %o', (options) => {
    const tallies = talliesOf(events, options)
    expect(tallies.some(({ alerts, scoredHits }) => alerts > scoredHits && scoredHits > 0)).toBe(true)
    expect(tallies).toEqual(byDefinition(runOf, tallies, options))
  })

  test('counts the alerts that a run of the strategy gives over the same range', () => {
    const rows = rowsOf(events, { since: RANGE })
    const enters = runOf({}).filter(({ timestamp, event }) => timestamp >= RANGE && event === 'enter')
    expect(enters.length).toBeGreaterThan(5)
    expect(row(rows, { symbol: null, threshold: 'seasonal', quantile: 0.9 }).alerts).toBe(enters.length)
  })

  test('looks ahead of nothing: what comes after a moment changes nothing that was known at it, in batches of any size', () => {
    const options = { horizon: '45m', confirmVolume: false } as const
    const times = events.map((event) => (event.type === 'gap' ? event.from : (event as Tick).timestamp))
    fc.assert(
      fc.property(fc.integer({ min: 1, max: events.length }), fc.integer({ min: 1, max: 5000 }), (length, size) => {
        const tallies = talliesOf(events.slice(0, length), options, size)
        expect(tallies).toEqual(byDefinition(runOf, tallies, options, Math.max(...times.slice(0, length)) - 1))
      }),
      { numRuns: 12 },
    )
  })

  test('gives of columns what it gives of events', () => {
    for (const horizon of ['30m', '45m']) {
      const ticks = DAYS.flatMap((date) => stormyDay(date))
      const backtest = new Backtest({ sessions, horizon })
      for (let i = 0; i < ticks.length; i += 999) {
        backtest.pushColumns('00700.HK', columnsOf(ticks.slice(i, i + 999)))
      }
      expect(backtest.end()).toEqual(talliesOf(ticks, { horizon }))
    }
  })

  test('has a row for every quantile and kind, the quantile asked for among them in order, and all symbols together last', () => {
    const rules = (options: BacktestOptions) => {
      const rows = rowsOf(events, options)
      const of = (symbol: string | null) =>
        rows.filter((each) => each.symbol === symbol).map(({ threshold, quantile }) => `${threshold} ${quantile}`)
      expect(rows.map(({ symbol }) => symbol)).toEqual(
        ['00700.HK', '00005.HK', null].flatMap((symbol) => of(symbol).map(() => symbol)),
      )
      expect(of('00700.HK')).toEqual(of(null))
      return of(null)
    }
    const quantiles = [0.8, 0.85, 0.9, 0.925, 0.95, 0.975, 0.99]
    const all = (kind: string, list: readonly number[]) => list.map((quantile) => `${kind} ${quantile}`)
    expect(rules({})).toEqual([...all('seasonal', quantiles), ...all('flat', quantiles)])
    expect(rules({ threshold: 'flat', quantile: 0.87 })).toEqual(all('flat', [0.8, 0.85, 0.87, ...quantiles.slice(2)]))
    expect(rowsOf(DAYS.flatMap((date) => stormyDay(date))).some(({ symbol }) => symbol === null)).toBe(false)
  })

  test('says shares of what it counted, and null where there is nothing to divide by', () => {
    const tally = { ...emptyTally('00700.HK', { threshold: 'flat', quantile: 0.9 }), days: 10 }
    const full = { ...tally, alerts: 8, earlyAlerts: 2, earlyDays: 1, points: 300, hits: 60, scored: 5, scoredHits: 3 }
    expect(backtestRecords([full], { window: '20m', horizon: '40m' })).toEqual([
      {
        ...{ type: 'backtest', symbol: '00700.HK', threshold: 'flat', quantile: 0.9, days: 10, alerts: 8 },
        ...{ alerts_per_day: 0.8, early_share: 0.25, early_days_share: 0.1, base_rate: 0.2, hit_rate: 0.6 },
        ...{ lift: 0.6 / 0.2, scored: 5, horizon: '40m', window: '20m', estimator: 'grid-std' },
      },
    ])
    expect(backtestRecords([{ ...full, hits: 0, scored: 0, scoredHits: 0 }], {})[0]).toMatchObject({
      ...{ base_rate: 0, hit_rate: null, lift: null },
    })
    expect(backtestRecords([tally], {})[0]).toMatchObject({
      ...{ alerts_per_day: 0, early_share: null, early_days_share: 0, base_rate: null, hit_rate: null, lift: null },
    })
  })

  test('has no seasonal alert before five full days, of which the flat threshold has some', () => {
    const first = DAYS.slice(0, 5).flatMap((date) => stormyDay(date))
    const rows = rowsOf(first)
    const nothing = { days: 0, alerts: 0, alerts_per_day: null, early_share: null, base_rate: null, hit_rate: null }
    expect(row(rows, { threshold: 'seasonal', quantile: 0.9 })).toMatchObject({ ...nothing, lift: null, scored: 0 })
    expect(row(rows, { threshold: 'flat', quantile: 0.9 })).toMatchObject({ days: 5, base_rate: null, lift: null })
    expect(row(rows, { threshold: 'flat', quantile: 0.9 }).alerts).toBeGreaterThan(0)
    expect(row(rowsOf(first, { threshold: 'seasonal' }), { quantile: 0.9 }).days).toBe(4)
  })

  test('has no row of a symbol without a point in the range', () => {
    expect(rowsOf(events, { since: at('2026-12-01') })).toEqual([])
    expect(rowsOf([])).toEqual([])
  })

  test('shows that an opening that is always wild alerts early by a flat threshold and not by the time of day', () => {
    const rows = rowsOf(events, { since: RANGE, confirmVolume: false })
    const early = (threshold: 'flat' | 'seasonal') =>
      row(rows, { symbol: null, threshold, quantile: 0.9 }).early_days_share!
    expect(early('flat')).toBeGreaterThan(0.9)
    expect(early('seasonal')).toBeLessThan(0.5)
  })

  test('of an estimator of bars looks as many bars with trades ahead', () => {
    let before = 300
    const bars = DAYS.flatMap((date) => stormyDay(date).slice(0, -1)).map((tick, i) => {
      const [open, close] = [before, tick.last_price]
      before = close
      const range = { open, high: Math.max(open, close), low: Math.min(open, close) }
      const traded = i % 7 === 0 ? { volume: 0, turnover: 0 } : { turnover: tick.turnover }
      return barAt(tick.timestamp - MINUTE / 2, close, { ...range, ...traded })
    })
    const settings = { estimator: 'parkinson', every: '1m', window: '30m', confirmVolume: false } as const
    for (const horizon of ['30m', '15m']) {
      const tallies = talliesOf(bars, { ...settings, horizon })
      expect(tallies[0]).toMatchObject({ threshold: 'seasonal', days: 8 })
      expect(tallies[0]!.hits).toBeGreaterThan(0)
      expect(tallies).toEqual(byDefinition(runsOver(bars), tallies, { ...settings, horizon }))
    }
  })
})

describe('the outcome of a point', () => {
  const day = sessions.day(at('2026-11-20'))!
  const times = day.continuous.flatMap(({ open, close }) =>
    Array.from({ length: (close - open) / MINUTE }, (_, i) => open + (i + 1) * MINUTE),
  )
  const pointAt = (timestamp: number): Point => ({
    ...{ timestamp, last_price: 1, volatility: timestamp, samples: 30, turnover: 0, slot: 0 },
    ...{ traded: true, missing: false },
  })
  const outcomesOf = (usual: number, points = times.map(pointAt)) => {
    const settled: [number, number][] = []
    const outcomes = new Outcomes(30, { usual: () => usual }, (time, ratio) => settled.push([time, ratio]))
    for (const point of points) outcomes.take(point)
    return new Map(settled)
  }

  test('is the volatility of the next 30 minutes of trading over its usual: lunch has no width', () => {
    const outcomes = outcomesOf(2)
    expect(outcomes.get(at('2026-11-20T10:00'))).toBe(at('2026-11-20T10:30') / 2)
    expect(outcomes.get(at('2026-11-20T11:45'))).toBe(at('2026-11-20T13:15') / 2)
  })

  test('is none where the day ends before, and never that of the next day', () => {
    const tomorrow = times.map((time) => pointAt(time + 3 * 24 * HOUR))
    const outcomes = outcomesOf(2, [...times.map(pointAt), ...tomorrow])
    expect(outcomes.size).toBe(600)
    expect(Math.max(...[...outcomes.keys()].filter((time) => time < day.end))).toBe(at('2026-11-20T15:30'))
  })

  test('is undefined where nothing is usual, or the horizon has no volatility', () => {
    for (const usual of [0, Number.NaN]) expect(outcomesOf(usual).get(times[0]!)).toBeNaN()
    const halted = times.map((time) => ({ ...pointAt(time), volatility: Number.NaN }))
    expect(outcomesOf(2, halted).get(times[0]!)).toBeNaN()
  })
})

test('tallies of symbols add up in any order and grouping', () => {
  const counts = fc.array(fc.nat(1000), { minLength: 8, maxLength: 8 })
  const tally = counts.map(
    ([days, alerts, earlyAlerts, earlyDays, points, hits, scored, scoredHits]) =>
      ({
        ...{ symbol: null, threshold: 'flat', quantile: 0.9, days, alerts, earlyAlerts, earlyDays },
        ...{ points, hits, scored, scoredHits },
      }) as Tally,
  )
  fc.assert(
    fc.property(tally, tally, tally, (a, b, c) => {
      expect(merge(a, b)).toEqual(merge(b, a))
      expect(merge(merge(a, b), c)).toEqual(merge(a, merge(b, c)))
      expect(merge(a, emptyTally(null, a))).toEqual(a)
      expect(merge(a, b).scoredHits).toBe(a.scoredHits + b.scoredHits)
    }),
  )
})

describe('a horizon that cannot be is refused with the remedy', () => {
  test.each<[VolatilityOptions, string | undefined, string]>([
    [{}, '90s', 'horizon "90s" is not a multiple of the step of 60 s'],
    [{}, '9m', 'horizon "9m" holds fewer than the 10 steps of the grid'],
    [{}, '331m', 'horizon "331m" is longer than a day\'s trading'],
    [{}, '1d', 'horizon "1d" is longer than a day\'s trading'],
    [{}, 'soon', 'horizon "soon" is not a duration'],
    [{ estimator: 'close-to-close', every: '5m' }, '10m', 'horizon "10m" holds too few bars for close-to-close'],
    [{ estimator: 'parkinson', every: '1h', window: '2h' }, undefined, 'horizon "30m" is not a multiple of the step'],
    [{ preset: 'tutorial' }, '30m', 'estimator "tick-std" cannot: use --preset session'],
    [{ estimator: 'parkinson', every: '1d' }, '30m', 'daily bars cannot: use --preset session'],
  ])('%o looking ahead %s', (options, horizon, message) => {
    const settings = settingsOf({ sessions, ...options })
    expect(() => horizonOf(settings, horizon)).toThrow(message)
  })

  test('a whole day of trading and ten steps are none of them', () => {
    for (const horizon of ['330m', '10m', '1h']) expect(horizonOf(settingsOf({}), horizon).text).toBe(horizon)
    expect(horizonOf(settingsOf({ grid: '30s' }), '15m').steps).toBe(30)
  })
})

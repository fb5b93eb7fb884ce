import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Bar } from '../../src/core/market/bar.ts'
import type { Gap } from '../../src/core/market/event.ts'
import { formatClock, formatDate, HOUR, MINUTE, timeOfDay } from '../../src/core/market/time.ts'
import { quantile } from '../../src/core/statistics/quantile.ts'
import { annualBasis, historyStart } from '../../src/core/statistics/volatility/history.ts'
import type { VolatilityEvent } from '../../src/core/statistics/volatility/intake.ts'
import { VolatilityMonitor } from '../../src/core/statistics/volatility/monitor.ts'
import type { VolatilityRecord } from '../../src/core/statistics/volatility/record.ts'
import { slotCount, slotOf } from '../../src/core/statistics/volatility/slot.ts'
import { exactDeviation } from './exact.ts'
import { at, barAt, dayOfTicks, daysFrom, gapAt, noise, recordsOf, sessions, tickAt } from './market.ts'

const DAY = '2026-11-20'
const clocks = (records: readonly VolatilityRecord[]): string[] =>
  records.map((r) => formatClock(r.timestamp).slice(0, 5))
const atClock = (records: readonly VolatilityRecord[], clock: string): VolatilityRecord =>
  records.find((r) => timeOfDay(r.timestamp) === at(`1970-01-01T${clock}`) + 8 * HOUR)!
const onDay = (records: readonly VolatilityRecord[], date: string): VolatilityRecord[] => {
  const start = at(date)
  return records.filter((r) => r.timestamp >= start && r.timestamp < start + 24 * HOUR)
}

describe('the grid of a day', () => {
  const ticks = dayOfTicks(DAY)
  const records = recordsOf(ticks)

  test('has a point a minute from 09:31 to 12:00 and from 13:01 to 16:00', () => {
    const found = clocks(records)
    expect(found.length).toBe(330)
    expect([found[0], found[149], found[150], found[329]]).toEqual(['09:31', '12:00', '13:01', '16:00'])
  })

  test('takes the last trade at or before the grid time', () => {
    const events = [
      tickAt(at(`${DAY}T09:30:10`), 1),
      tickAt(at(`${DAY}T09:31:00`), 2),
      tickAt(at(`${DAY}T09:31:00.001`), 3),
    ]
    const later = tickAt(at(`${DAY}T09:33`), 4)
    expect(recordsOf([...events, later]).map((r) => [formatClock(r.timestamp), r.last_price])).toEqual([
      ['09:31:00', 2],
      ['09:32:00', 3],
    ])
  })

  test('volatility is the sample deviation of the log returns of the last 30 minutes of trading time', () => {
    const prices = ticks.slice(0, -1).map((t) => t.last_price)
    const returns = prices.map((p, i) => (i === 0 || i === 150 ? Number.NaN : Math.log(p / prices[i - 1]!)))
    records.forEach((record, i) => {
      const window = returns.slice(Math.max(0, i - 29), i + 1).filter((r) => !Number.isNaN(r))
      expect(record.samples).toBe(window.length)
      if (window.length < 10) expect(record.volatility).toBeNull()
      else expect(Math.abs(record.volatility! / exactDeviation(window) - 1)).toBeLessThan(1e-9)
    })
  })

  test('lunch has no width and no return: 13:01 keeps 29 returns of the morning', () => {
    expect([atClock(records, '12:00').samples, atClock(records, '13:01').samples]).toEqual([30, 29])
  })

  test('nothing of the closing auction enters the point at 16:00', () => {
    const last = atClock(records, '16:00')
    expect(last.last_price).toBe(ticks.at(-2)!.last_price)
    expect(last).toEqual({ ...atClock(recordsOf([...ticks.slice(0, -1), tickAt(at(`${DAY}T16:09`), 1)]), '16:00') })
  })

  test('the opening auction makes no return', () => {
    const auction = tickAt(at(`${DAY}T09:21`), 600)
    const opened = recordsOf([auction, ...ticks])
    expect(opened).toEqual(records)
  })

  test('a point comes out when event time has passed it, not before', () => {
    const upTo = (clock: string): string | undefined =>
      clocks(
        recordsOf([...ticks.filter((t) => t.timestamp < at(`${DAY}T10:41`)), tickAt(at(`${DAY}T${clock}`), 300)]),
      ).at(-1)
    expect(upTo('10:41:59.999')).toBe('10:41')
    expect(upTo('10:42:00')).toBe('10:41')
    expect(upTo('10:42:00.001')).toBe('10:42')
  })

  test('is null below ten minutes with trades, however many minutes have passed', () => {
    const sparse = ticks.filter((_, i) => i % 4 === 0)
    const rare = recordsOf(sparse)
    expect(atClock(rare, '10:30').samples).toBe(30)
    expect(atClock(rare, '10:30').volatility).toBeNull()
  })

  test('a gap breaks the returns of the minutes it touches, also when it is known late', () => {
    const gap = gapAt(at(`${DAY}T10:10:30`), at(`${DAY}T10:12:30`))
    // the trade of 10:12:30 is lost as well: the first one after the hole, of 10:13:30, has none to be compared with
    const known = recordsOf([...ticks.slice(0, 40), gap, ...ticks.slice(43)])
    expect(atClock(known, '10:30').samples).toBe(26)
    const knownLate = recordsOf([...ticks.slice(0, 40), ...ticks.slice(43, 50), gap, ...ticks.slice(50)])
    expect(atClock(knownLate, '10:30').samples).toBe(26)
    const late = recordsOf([...ticks.slice(0, 50), gap, ...ticks.slice(50)])
    expect(atClock(late, '10:30').samples).toBe(27)
    expect(atClock(recordsOf([gapAt(gap.from, gap.to, null), ...ticks]), '10:30').samples).toBe(27)
  })

  test('no return joins the price before a hole to the first one after it, however long that takes', () => {
    const jump = ticks.map((t, i) => ({ ...t, last_price: t.last_price * (i < 45 ? 1 : 1.1) }))
    const gap = gapAt(at(`${DAY}T10:10:30`), at(`${DAY}T10:12:30`))
    const told = {
      early: [...jump.slice(0, 40), gap, ...jump.slice(45)],
      late: [...jump.slice(0, 40), ...jump.slice(45, 50), gap],
    }
    for (const events of [told.early, [...told.late, ...jump.slice(50)]]) {
      const after = recordsOf(events).filter(({ timestamp }) => timestamp > at(`${DAY}T10:21`))
      expect(Math.max(...after.map(({ volatility }) => volatility!))).toBeLessThan(0.01)
      expect(after.length).toBeGreaterThan(15)
    }
  })

  test('a gap that a second feed filled is none, one filled by the minute still is, and a bar with a gap has no return', () => {
    const gap = gapAt(at(`${DAY}T10:10:30`), at(`${DAY}T10:12:30`))
    const filledBy = (filled_by: Gap['filled_by']) =>
      recordsOf([...ticks.slice(0, 40), { ...gap, filled_by }, ...ticks.slice(40)])
    expect(atClock(filledBy('second feed'), '10:30').samples).toBe(30)
    expect(atClock(filledBy('backfill'), '10:30').samples).toBe(27)
    const bars = ticks.slice(0, -1).map((t, i) => barAt(t.timestamp - 30_000, t.last_price, { has_gap: i === 40 }))
    expect(atClock(recordsOf(bars), '10:30').samples).toBe(29)
  })

  test('an older tick that arrives later is not the last trade of its minute', () => {
    const first = ticks.slice(0, 40)
    const [newer, older] = [tickAt(at(`${DAY}T10:10:50`), 310), tickAt(at(`${DAY}T10:10:40`), 320)]
    const rest = ticks.slice(41, 60)
    expect(atClock(recordsOf([...first, newer, older, ...rest], {}, 1), '10:11').last_price).toBe(310)
    const price = recordsOf([...first, newer, older, ...rest], {}, 1)
    expect(price).toEqual(recordsOf([...first, older, newer, ...rest], {}, 1))
  })

  test('a trade that comes after newer ones by what a push may take counts for the point it belongs to', () => {
    const first = ticks.slice(0, 40)
    const [late, newer] = [tickAt(at(`${DAY}T10:09:59.500`), 320), tickAt(at(`${DAY}T10:10:01.400`), 310)]
    const rest = ticks.slice(40, 60)
    const expected = recordsOf([...first, late, newer, ...rest])
    expect(atClock(expected, '10:10').last_price).toBe(320)
    expect(recordsOf([...first, newer, late, ...rest], {}, 1)).toEqual(expected)
  })

  test('a trade that comes later still is too late, by definition: it changes no point', () => {
    const given = [...ticks.slice(0, 40), tickAt(at(`${DAY}T10:10:02.100`), 310)]
    const late = tickAt(at(`${DAY}T10:09:59`), 320)
    const rest = ticks.slice(42, 60)
    const records = recordsOf([...given, late, ...rest], {}, 1)
    expect(records).toEqual(recordsOf([...given, ...rest], {}, 1))
  })

  test('turnover is a sum that does not depend on the order of its trades', () => {
    const cheap = dayOfTicks(DAY).flatMap((t) => [0.025, 2.03, 4.095].map((x, i) => ({ ...t, seq: i, turnover: x })))
    const turned = cheap.map((_, i) => cheap[i - (i % 3) + 2 - (i % 3)]!)
    const history = daysFrom('2026-11-12', 6).flatMap((date) => dayOfTicks(date))
    const ratios = (events: VolatilityEvent[]) => recordsOf([...history, ...events], {}, 1).map((r) => r.volume_ratio)
    expect(ratios(turned)).toEqual(ratios(cheap))
    expect(ratios(cheap).at(-1)).not.toBeNull()
  })

  test('flagged ticks are left out unless included', () => {
    const wild = tickAt(at(`${DAY}T10:00:45`), 9999, { flags: ['suspect_price'] })
    const events = [...ticks, wild].sort((a, b) => a.timestamp - b.timestamp)
    expect(recordsOf(events)).toEqual(records)
    expect(atClock(recordsOf(events, { include: ['suspect_price'] }), '10:01').last_price).toBe(9999)
  })

  test('price mid follows the quote and not the bounce of trades', () => {
    const bouncing = ticks.map((t, i) => ({
      ...t,
      last_price: i % 2 ? 300.2 : 300,
      bid_price: 300,
      ask_price: 300.2,
    }))
    expect(atClock(recordsOf(bouncing, { price: 'mid' }), '11:00').volatility).toBe(0)
    expect(atClock(recordsOf(bouncing), '11:00').volatility).toBeGreaterThan(0)
  })

  test('annualized is scaled by the trading minutes of the calendar year, null where the calendar does not reach', () => {
    const record = atClock(records, '11:00')
    expect(record.annualized! / record.volatility!).toBeCloseTo(Math.sqrt(80_970), 6)
    const old = dayOfTicks('2019-05-02')
    expect(atClock(recordsOf(old), '11:00').annualized).toBeNull()
    expect(() => recordsOf(old, { annualize: true })).toThrow('the calendar covers 2023-2027')
  })

  test('a half day ends at 12:00', () => {
    const half = recordsOf(dayOfTicks('2026-12-24'))
    expect(half.length).toBe(150)
    expect(clocks(half).at(-1)).toBe('12:00')
  })
})

describe('what is usual', () => {
  const days = daysFrom('2026-09-01', 27)
  const calm = days.slice(0, -1).flatMap((date) => dayOfTicks(date))
  const today = days.at(-1)!
  const records = recordsOf([...calm, ...dayOfTicks(today)])
  const before = days.slice(-21, -1)
  const volatilityAt = new Map(records.map((r) => [r.timestamp, r.volatility]))

  test('is one median of this minute and the two either side, pooled over the previous 20 trading days', () => {
    const pooled = before.flatMap((date) =>
      ['10:58', '10:59', '11:00', '11:01', '11:02'].map((c) => volatilityAt.get(at(`${date}T${c}`))!),
    )
    const record = atClock(onDay(records, today), '11:00')
    expect(record.seasonal).toBe(true)
    expect(record.usual).toBeCloseTo(quantile(pooled, 0.5), 15)
    expect(record.ratio).toBeCloseTo(record.volatility! / record.usual!, 12)
  })

  test('times the 0.9 quantile of the look-back ratios is the threshold, and the percentile counts the same ratios', () => {
    const usual = new Map(onDay(records, today).map((r) => [timeOfDay(r.timestamp), r.usual]))
    const ratios = before
      .flatMap((date) =>
        onDay(records, date).map(
          (r) => (r.volatility ?? Number.NaN) / (usual.get(timeOfDay(r.timestamp)) ?? Number.NaN),
        ),
      )
      .filter((x) => !Number.isNaN(x))
    const record = atClock(onDay(records, today), '14:30')
    expect(record.threshold! / record.usual!).toBeCloseTo(quantile(ratios, 0.9), 10)
    expect(record.percentile).toBeCloseTo((100 * ratios.filter((x) => x <= record.ratio!).length) / ratios.length, 8)
  })

  test('does not change during the day: today cannot move its own threshold', () => {
    const wild = recordsOf([...calm, ...dayOfTicks(today, { move: () => 0.05 })])
    const thresholds = (all: VolatilityRecord[]) => onDay(all, today).map((r) => [r.usual, r.threshold])
    expect(thresholds(wild)).toEqual(thresholds(records))
  })

  test('needs five full days; before them the threshold is flat from 30 values on and volume is over the full days', () => {
    const first = onDay(records, days[0]!)
    expect(first.every((r) => !r.seasonal && r.usual === null && r.ratio === null && r.volume_ratio === null)).toBe(
      true,
    )
    expect(first.findIndex((r) => r.threshold !== null)).toBe(first.findIndex((r) => r.volatility !== null) + 30)
    expect(onDay(records, days[4]!).every((r) => !r.seasonal)).toBe(true)
    expect(onDay(records, days[5]!).every((r) => r.seasonal)).toBe(true)
    expect(atClock(onDay(records, days[1]!), '11:00').volume_ratio).toBeGreaterThan(0.9)
  })

  const incomplete: Record<string, (date: string) => VolatilityEvent[]> = {
    'recorded from late morning on': (date) => dayOfTicks(date).slice(100),
    'recorded until the afternoon': (date) => dayOfTicks(date).slice(0, 250),
    'with more than half an hour in gaps': (date) => [
      gapAt(at(`${date}T10:00`), at(`${date}T10:40`)),
      ...dayOfTicks(date),
    ],
  }
  for (const [name, eventsOf] of Object.entries(incomplete)) {
    test(`counts no day as full that was ${name}`, () => {
      const events = days.slice(0, 5).flatMap((date, i) => (i === 2 ? eventsOf(date) : dayOfTicks(date)))
      expect(onDay(recordsOf([...events, ...dayOfTicks(days[5]!)]), days[5]!).some((r) => r.seasonal)).toBe(false)
    })
  }

  test('counts no half day as full', () => {
    const around = daysFrom('2026-12-18', 7)
    expect(around[4]).toBe('2026-12-24')
    const all = recordsOf(around.flatMap((date) => dayOfTicks(date)))
    expect(onDay(all, around[5]!).some((r) => r.seasonal)).toBe(false)
    expect(onDay(all, around[6]!).every((r) => r.seasonal)).toBe(true)
  })

  test('looks back over holidays and typhoon days as if they were not there', () => {
    const around = ['2023-08-28', '2023-08-29', '2023-08-30', '2023-08-31', '2023-09-04', '2023-09-05']
    expect(sessions.days(at('2023-08-28'), at('2023-09-06')).map(({ date }) => date)).toEqual(around)
    const events = around.flatMap((date) => dayOfTicks(date))
    const last = onDay(recordsOf(events), '2023-09-05')
    expect(last.every((r) => r.seasonal)).toBe(true)
    expect(onDay(recordsOf(events, { lookback: '5d' }), '2023-09-05')).toEqual(last)
  })

  test('a late opening makes no full day, and has what is usual at its own time of day', () => {
    const before = ['2023-09-28', '2023-09-29', '2023-10-03', '2023-10-04', '2023-10-05', '2023-10-06']
    const late = onDay(recordsOf([...before, '2023-10-09'].flatMap((date) => dayOfTicks(date))), '2023-10-09')
    expect([clocks(late)[0], late.length]).toEqual(['14:01', 120])
    expect(late.every((r) => r.seasonal)).toBe(true)
    expect(atClock(late, '14:05')).toMatchObject({ volatility: null, samples: 4 })
    const four = recordsOf([...before.slice(2), '2023-10-09', '2023-10-10'].flatMap((date) => dayOfTicks(date)))
    expect(onDay(four, '2023-10-10').some((r) => r.seasonal)).toBe(false)
  })

  test('a flat threshold is over the values of the look-back and of today', () => {
    const flat = recordsOf([...calm, ...dayOfTicks(today)], { threshold: 'flat', lookback: '3d' })
    const now = atClock(onDay(flat, today), '14:30')
    const values = flat
      .filter((r) => r.timestamp >= at(days.at(-4)!) && r.timestamp < now.timestamp && r.volatility !== null)
      .map((r) => r.volatility!)
    expect(now.threshold).toBeCloseTo(quantile(values, 0.9), 15)
  })

  test('threshold flat or seasonal is forced when asked for', () => {
    const flat = recordsOf([...calm, ...dayOfTicks(today)], { threshold: 'flat' })
    expect(flat.every((r) => !r.seasonal && r.usual === null)).toBe(true)
    const forced = recordsOf([...calm, ...dayOfTicks(today)], { threshold: 'seasonal' })
    expect(onDay(forced, days[0]!).every((r) => r.threshold === null)).toBe(true)
    expect(onDay(forced, days[1]!).every((r) => r.seasonal)).toBe(true)
  })

  test('an opening that is always wild does not alert, a flat threshold would', () => {
    const opening = { move: (minute: number) => (minute < 600 ? 5e-3 : 1e-3) }
    const events = days.flatMap((date) => dayOfTicks(date, opening))
    const early = (all: VolatilityRecord[]) =>
      days
        .slice(6)
        .filter((d) => onDay(all, d).some((r) => r.volatility! > r.threshold! && timeOfDay(r.timestamp) < 10 * HOUR))
        .length
    expect(early(recordsOf(events))).toBeLessThan(10)
    expect(early(recordsOf(events, { threshold: 'flat' }))).toBe(days.length - 6)
  })
})

describe('alerts', () => {
  const days = daysFrom('2026-09-01', 8)
  const today = days.at(-1)!
  const storm = (minute: number): number => (minute >= 660 && minute < 690 ? 1e-2 : 1e-3)
  const history = (symbol: string) => days.slice(0, -1).flatMap((date) => dayOfTicks(date, { symbol }))

  test('unusual volatility with usual turnover is unconfirmed, with 1.5 times the usual it is an alert', () => {
    const run = (factor: number): VolatilityRecord[] => {
      const plan = { move: storm, volume: (minute: number) => (minute >= 660 && minute < 690 ? 1000 * factor : 1000) }
      return onDay(recordsOf([...history('00700.HK'), ...dayOfTicks(today, plan)]), today)
    }
    expect(new Set(run(1).map((r) => r.state))).toEqual(new Set(['normal', 'unconfirmed']))
    const alerted = run(4)
    expect(alerted.filter((r) => r.event !== null).map((r) => r.event)).toEqual(['enter', 'leave'])
    const enter = alerted.find((r) => r.event === 'enter')!
    expect(enter.volatility).toBeGreaterThan(enter.threshold!)
    expect(enter.volume_ratio).toBeGreaterThanOrEqual(1.5)
  })

  test('an index has no volume and alerts by volatility alone', () => {
    const records = onDay(recordsOf([...history('HSI'), ...dayOfTicks(today, { move: storm, symbol: 'HSI' })]), today)
    expect(records.every((r) => r.volume_ratio === null)).toBe(true)
    expect(records.some((r) => r.event === 'enter')).toBe(true)
  })

  test('a first day without any history alerts by the flat threshold alone', () => {
    const records = recordsOf(dayOfTicks(today, { move: storm }))
    expect(records.some((r) => r.event === 'enter' && !r.seasonal && r.volume_ratio === null)).toBe(true)
  })
})

describe('one code path', () => {
  const days = daysFrom('2026-09-01', 7)
  const events = days.flatMap((date) => {
    const a = dayOfTicks(date).filter((_, i) => noise(i + at(date)) < 0.4)
    const b = dayOfTicks(date, { symbol: 'HSI' })
    return [...a, ...b].sort((x, y) => x.timestamp - y.timestamp)
  })
  events.splice(700, 0, gapAt(events[690]!.timestamp, events[700]!.timestamp, null) as never)
  const bySymbol = (records: VolatilityRecord[], symbol: string) => records.filter((r) => r.symbol === symbol)
  const whole = recordsOf(events)

  test('history first and live afterwards, in batches of any size, gives the records of one batch', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), (size) => {
        const split = recordsOf(events, {}, size)
        for (const symbol of ['00700.HK', 'HSI']) expect(bySymbol(split, symbol)).toEqual(bySymbol(whole, symbol))
      }),
      { numRuns: 4 },
    )
  })

  test('nothing looks ahead: what comes later changes no record already given', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: events.length }), (length) => {
        const given = bySymbol(recordsOf(events.slice(0, length)), '00700.HK')
        expect(given).toEqual(bySymbol(whole, '00700.HK').slice(0, given.length))
      }),
      { numRuns: 5 },
    )
  })

  test('minute bars as history give the thresholds that their ticks give', () => {
    const ticks = days.flatMap((date) => dayOfTicks(date))
    const fromTicks = onDay(recordsOf(ticks), days.at(-1)!)
    const bars = ticks
      .filter((t) => sessions.isContinuous(t.timestamp) && formatDate(t.timestamp) !== days.at(-1))
      .map((t) =>
        barAt(Math.floor(t.timestamp / MINUTE) * MINUTE, t.last_price, { volume: t.volume, turnover: t.turnover }),
      )
    const live = ticks.filter((t) => formatDate(t.timestamp) === days.at(-1))
    expect(onDay(recordsOf([...bars, ...live]), days.at(-1)!)).toEqual(fromTicks)
  })

  test('a bar that can still change is not taken', () => {
    const bars = dayOfTicks(DAY).map((t) => barAt(t.timestamp - 30_000, t.last_price))
    const open = barAt(at(`${DAY}T15:30`), 1, { final: false })
    expect(recordsOf([...bars.slice(0, 100), open])).toEqual(recordsOf(bars.slice(0, 100)))
  })

  test('vendor bars whose last one holds the closing auction give no point at the close', () => {
    const bars = dayOfTicks(DAY)
      .slice(0, -1)
      .map((t) => barAt(t.timestamp - 30_000, t.last_price))
    const auction = barAt(at(`${DAY}T09:29`), 299)
    expect(clocks(recordsOf([auction, ...bars], { auctions: 'join' })).at(-1)).toBe('15:59')
    const separate = recordsOf([auction, ...bars])
    expect(clocks(separate).at(-1)).toBe('16:00')
    expect(atClock(separate, '09:31').samples).toBe(0)
  })

  test('a stock that is halted, has no trades or only a closing auction gives sensible records and no crash', () => {
    const halted = dayOfTicks(DAY).slice(0, 60)
    const next = tickAt(at('2026-11-23T09:30:01'), 300)
    const records = recordsOf([...halted, next])
    expect(records.length).toBe(330)
    expect(atClock(records, '14:00')).toMatchObject({ volatility: null, state: 'normal' })
    expect(recordsOf([tickAt(at(`${DAY}T16:09`), 300), tickAt(at('2026-11-21T10:00'), 300)])).toEqual([])
    expect(recordsOf([])).toEqual([])
  })

  test('history read from historyStart on gives the records of the whole history', () => {
    const long = daysFrom('2026-03-02', 30)
    const ticks = long.flatMap((date) => dayOfTicks(date))
    const since = at(`${long.at(-1)}T09:00`)
    for (const options of [{}, { lookback: '6d' }, { preset: 'tutorial', lookback: '3d' }] as const) {
      const start = historyStart({ sessions, ...options }, since)
      const read = ticks.filter((t) => t.timestamp >= start)
      expect(read.length).toBeLessThan(ticks.length)
      expect(recordsOf(read, options).filter((r) => r.timestamp >= since)).toEqual(
        recordsOf(ticks, options).filter((r) => r.timestamp >= since),
      )
    }
    expect(historyStart({ preset: 'tutorial' }, since)).toBe(Number.NEGATIVE_INFINITY)
  })

  test('the basis of annualisation is told', () => {
    expect(annualBasis({}, at(DAY))).toEqual({
      periodsPerYear: 80_970,
      text: '80970 periods of 1m of continuous trading in 2026',
    })
    expect(annualBasis({ grid: '1h', window: '10h' }, at(DAY))?.periodsPerYear).toBe(80_970 / 60)
    expect(annualBasis({ estimator: 'parkinson', every: '1h' }, at(DAY))).toEqual({
      periodsPerYear: 244 * 6 + 3 * 3,
      text: '1473 periods of 60m of continuous trading in 2026',
    })
    expect(annualBasis({ estimator: 'yang-zhang', every: '1d' }, at(DAY))?.text).toBe('247 trading days in 2026')
    expect(annualBasis({ preset: 'tutorial' }, at(DAY))).toBeNull()
    expect(annualBasis({}, at('2019-01-02'))).toBeNull()
  })

  test('settings that cannot be are refused with the remedy', () => {
    const run = (options: object) => () => recordsOf([], options)
    expect(run({ window: '5m' })).toThrow('window "5m" holds fewer than the 10 steps')
    expect(run({ window: '1800t' })).toThrow('window "1800t" counts ticks')
    expect(run({ preset: 'tutorial', threshold: 'seasonal' })).toThrow('use --preset session')
    expect(run({ window: '20d' })).toThrow('use --every 1d')
    expect(run({ estimator: 'x' })).toThrow('unknown estimator "x"')
    expect(run({ lookback: '20' })).toThrow('lookback "20"')
    expect(run({ quantile: 90 })).toThrow('quantile "90"')
    expect(run({ release: 2 })).toThrow('release "2"')
    expect(run({ include: ['odd'] })).toThrow('unknown flag "odd"')
  })
})

describe('estimators on bars', () => {
  const bars = dayOfTicks(DAY)
    .slice(0, -1)
    .map((t, i) => {
      const close = t.last_price
      return barAt(t.timestamp - 30_000, close, {
        open: close,
        high: close * (1.001 + 0.0001 * (i % 3)),
        low: close * 0.999,
      })
    })

  test('give a record per bar, at its end, null until ten samples of the day', () => {
    const records = recordsOf(bars, { estimator: 'parkinson', every: '1m' })
    expect(records.length).toBe(330)
    expect(records.findIndex((r) => r.volatility !== null)).toBe(9)
    expect(clocks(records)[0]).toBe('09:31')
    expect(records[40]!.annualized! / records[40]!.volatility!).toBeCloseTo(Math.sqrt(80_970), 6)
  })

  test('the window holds bars of one day and no return joins two sessions', () => {
    const twoDays = ['2026-11-19', DAY].flatMap((date) =>
      dayOfTicks(date)
        .slice(0, -1)
        .map((t) => barAt(t.timestamp - 30_000, t.last_price)),
    )
    const records = recordsOf(twoDays, { estimator: 'close-to-close', every: '1m' })
    const samples = (clock: string) => atClock(onDay(records, DAY), clock).samples
    expect([samples('09:31'), samples('09:32'), samples('12:00'), samples('13:01')]).toEqual([0, 1, 29, 28])
    const spanning = recordsOf(twoDays, { estimator: 'close-to-close', every: '1m', sessionBreaks: 'include' })
    expect(atClock(onDay(spanning, DAY), '09:31').samples).toBe(29)
  })

  test('bipower records tell the share of jumps, null while there is no volatility, others have no such field', () => {
    const jumped = bars.map((bar, i) => (i < 200 ? bar : { ...bar, close: bar.close * 1.05 }))
    const records = recordsOf(jumped, { estimator: 'bipower', every: '1m' })
    expect(records.findIndex((r) => r.jump_share !== null)).toBe(11)
    expect(records[11]!.jump_share).toBeLessThan(0.5)
    expect(records[205]!.jump_share).toBeGreaterThan(0.9)
    expect(Object.keys(recordsOf(jumped, { estimator: 'realized', every: '1m' })[205]!)).not.toContain('jump_share')
  })

  test('hourly bars, of which a half one ends the morning, are annualised to the figure of half hours, half days apart', () => {
    const spread = (half: number) => Math.exp(0.01 * Math.sqrt(half))
    const cut = (clock: string, halves: number) =>
      barAt(at(`${DAY}T${clock}`), 100, {
        end: at(`${DAY}T${clock}`) + (halves * HOUR) / 2,
        high: 100 * spread(halves),
      })
    const clocks = ['09:30', '10:00', '10:30', '11:00', '11:30', '13:00', '13:30', '14:00', '14:30', '15:00', '15:30']
    const halfHours = clocks.map((clock) => cut(clock, 1))
    const hours = ['09:30', '10:30', '11:30', '13:00', '14:00', '15:00'].map((clock, i) => cut(clock, i === 2 ? 1 : 2))
    const annual = (bars: Bar[], every: string, window: string) =>
      recordsOf(bars, { estimator: 'parkinson', every, window }).at(-1)!.annualized!
    expect(annual(hours, '1h', '6h') / annual(halfHours, '30m', '330m')).toBeCloseTo(1, 3)
  })

  test('hourly bars have their own time of day in the seasonal threshold', () => {
    const hours = ['09:30', '10:30', '13:00', '14:00', '15:00']
    const hourly = daysFrom('2026-09-01', 8).flatMap((date, d) =>
      hours.map((clock, h) => {
        const close = 100 + noise(d * 10 + h)
        const start = at(`${date}T${clock}`)
        return barAt(start, close, { end: start + HOUR, high: close * 1.01, low: close * 0.99 })
      }),
    )
    const options = { estimator: 'parkinson', every: '1h', window: '2h' }
    const records = recordsOf(hourly, options)
    expect(records.slice(-4).every((r) => r.seasonal && r.ratio !== null)).toBe(true)
  })

  test('bars that the end of a session cuts short have a time of day of their own', () => {
    const ends = ['10:15', '11:00', '11:45', '12:00', '13:45', '14:30', '15:15', '16:00']
    const slots = ends.map((clock) => slotOf(timeOfDay(at(`${DAY}T${clock}`)), 45 * MINUTE))
    expect(new Set(slots).size).toBe(ends.length)
    expect(Math.max(...slots)).toBeLessThan(slotCount(45 * MINUTE))
  })

  test('a trade that comes after the value of its minute was given is in none, and is told', () => {
    const late: [string, string][] = []
    const onTooLate = (symbol: string, time: number) => late.push([symbol, formatClock(time)])
    const monitor = new VolatilityMonitor({ sessions }, { onTooLate })
    const clock = (text: string) => tickAt(at(`${DAY}T${text}`), 300)
    monitor.push([clock('10:00:10')])
    monitor.push([clock('10:01:01')])
    monitor.push([clock('10:00:59')])
    expect(late).toEqual([])
    monitor.push([clock('10:01:03')])
    monitor.push([clock('10:00:58'), clock('12:30:00')])
    expect(late).toEqual([['00700.HK', '10:00:58']])
  })

  test('ticks are refused where bars are needed', () => {
    expect(() => recordsOf(dayOfTicks(DAY), { estimator: 'yang-zhang' })).toThrow('resample them first')
  })

  test('daily bars make one series with its nights, annualised by trading days', () => {
    const daily = daysFrom('2026-01-02', 60).map((date, i) =>
      barAt(at(`${date}T09:30`), 100 + noise(i), { end: at(`${date}T16:00`) }),
    )
    const records = recordsOf(daily, { estimator: 'close-to-close', every: '1d', window: '20d' })
    expect(records.findIndex((r) => r.volatility !== null)).toBe(19)
    expect(records.at(-1)!.threshold).not.toBeNull()
    expect((records.at(-1)!.annualized! / records.at(-1)!.volatility!) ** 2).toBeGreaterThan(240)
  })
})

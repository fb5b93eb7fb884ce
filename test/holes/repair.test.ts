import { describe, expect, it } from 'vitest'
import { summarise } from '../../src/core/bars/minutes.ts'
import { barsFromSummaries } from '../../src/core/bars/resample.ts'
import type { Summary } from '../../src/core/bars/summary.ts'
import { mismatches } from '../../src/core/holes/minutes.ts'
import { repairOf } from '../../src/core/holes/repair.ts'
import { bucketsIn, vendorMinutes } from '../../src/core/holes/vendor-minutes.ts'
import type { Gap } from '../../src/core/market/event.ts'
import type { Kline } from '../../src/core/market/kline.ts'
import { formatClock, MINUTE } from '../../src/core/market/time.ts'
import { collect, tick, vendorMinute } from '../storage/sample.ts'
import { at, hole, minutesOf, sessions } from './held.ts'

const LATER = at('2027-06-01')
const DAY = '2026-11-20'
const time = (clock: string) => at(`${DAY}T${clock}`)

function kline(label: number, parts: Partial<Kline> = {}): Kline {
  return { time: label, open: 612, high: 613, low: 611, close: 612.5, volume: 1_000, turnover: 612_250, ...parts }
}

/** A vendor's day: one bar a minute, each named by its start or by its end. */
function day(date: string, shift = 0): Kline[] {
  const starts = [...minutesOf(`${date}T09:30`, `${date}T12:00`), ...minutesOf(`${date}T13:00`, `${date}T16:00`)]
  return starts.map((start) => kline(start + shift))
}

const clocks = (minutes: readonly { start: number }[]) => minutes.map(({ start }) => formatClock(start).slice(0, 5))
const placed = (klines: readonly Kline[], now = LATER, symbol = '00700.HK') =>
  vendorMinutes(symbol, klines, sessions, now)

describe("a vendor's minutes", () => {
  it('are placed alike whichever end their labels name', () => {
    const starts = placed(day(DAY))
    expect(clocks(starts).slice(0, 2)).toEqual(['09:30', '09:31'])
    expect(clocks(starts).at(-1)).toBe('15:59')
    expect(placed(day(DAY, MINUTE))).toEqual(starts)
  })

  it('of a quiet stock are a minute long all the same', () => {
    const quiet = [...day('2026-11-19'), kline(time('10:00')), kline(time('10:05')), kline(time('10:10'))]
    expect(clocks(placed(quiet)).slice(-3)).toEqual(['10:00', '10:05', '10:10'])
    expect(clocks(placed(quiet.map((bar) => ({ ...bar, time: bar.time + MINUTE })))).slice(-3)).toEqual([
      '10:00',
      '10:05',
      '10:10',
    ])
  })

  it('named by a time to come are named by their ends', () => {
    const today = minutesOf(`${DAY}T09:30`, `${DAY}T10:05`).map((start) => kline(start + MINUTE))
    expect(clocks(placed(today, time('10:04:30'))).at(-1)).toBe('10:03')
  })

  it('that can still change are none yet; the last of the day is over after the closing auction', () => {
    const today = minutesOf(`${DAY}T09:30`, `${DAY}T10:05`).map((start) => kline(start))
    expect(clocks(placed([...day('2026-11-19'), ...today], time('10:04:30'))).at(-1)).toBe('10:03')
    expect(clocks(placed(day(DAY), time('16:09'))).at(-1)).toBe('15:58')
    expect(clocks(placed(day(DAY), time('16:11'))).at(-1)).toBe('15:59')
  })

  it('leave out what is no bar: a price of zero, a broken volume, a high below the low', () => {
    const bad = [{ low: 0 }, { volume: 1.5 }, { volume: -1 }, { high: 600 }, { turnover: -1 }]
    const bars = day(DAY).map((bar, i) => ({ ...bar, ...bad[i] }))
    expect(placed(bars)).toHaveLength(330 - bad.length)
  })

  it('of an index have no volume, and are none the quieter for it', () => {
    const bars = day(DAY).map((bar) => ({ ...bar, volume: 0, turnover: 0, open: 612.5, high: 612.5, low: 612.5 }))
    const [first] = placed(bars, LATER, 'HSI')
    expect(first).toMatchObject({ volume: null, turnover_mills: null, trades: null, origin: 'backfill' })
    expect(placed(bars)[0]).toMatchObject({ volume: 0, trades: 0 })
  })
})

describe('the minutes that a hole touches', () => {
  const touched = (from: string, to: string) => clocks(bucketsIn(time(from), time(to), sessions))

  it('are those of its ends too', () => {
    expect(touched('10:00:59', '10:02:00')).toEqual(['10:00', '10:01', '10:02'])
    expect(touched('10:00:10', '10:00:10')).toEqual(['10:00'])
  })

  it('are those beside an auction it meets, and none of lunch or before the opening', () => {
    expect(touched('09:21', '09:22')).toEqual(['09:30'])
    expect(touched('16:08', '16:09')).toEqual(['15:59'])
    expect(touched('12:00:02', '12:30')).toEqual(['11:59'])
    expect(touched('12:10', '12:50')).toEqual([])
    expect(touched('09:01', '09:10')).toEqual([])
    expect(touched('11:58:30', '13:00:30')).toEqual(['11:58', '11:59', '13:00'])
  })

  it('go on over a night', () => {
    expect(clocks(bucketsIn(at('2026-11-20T15:58'), at('2026-11-23T09:30'), sessions))).toEqual([
      '15:58',
      '15:59',
      '09:30',
    ])
  })
})

function repaired(gaps: readonly Gap[], klines: readonly Kline[], stored: readonly Summary[] = [], now = LATER) {
  const { minutes, filled, refused } = repairOf(
    gaps,
    { minutes: placed(klines, now), most: 500 },
    stored,
    sessions,
    now,
  )
  return { minutes, starts: clocks(minutes), filled, reasons: refused.map(({ reason, later }) => [reason, later]) }
}

describe('filling holes', () => {
  it("takes the vendor's whole minutes, those of the ends included", () => {
    const gap = hole(`${DAY}T10:00:30`, `${DAY}T10:02:10`)
    const { minutes, starts, filled, reasons } = repaired([gap], day(DAY))
    expect(starts).toEqual(['10:00', '10:01', '10:02'])
    expect(minutes[0]).toMatchObject({ origin: 'backfill', volume: 1_000, turnover_mills: 612_250_000, trades: null })
    expect([filled, reasons]).toEqual([[gap], []])
  })

  it('takes an absent minute, or one without volume, for one without trades', () => {
    const bars = day(DAY).filter(({ time: label }) => label !== time('10:01'))
    const quiet = bars.map((bar) =>
      bar.time === time('10:02')
        ? kline(bar.time, { open: 612, high: 612, low: 612, close: 612, volume: 0, turnover: 0 })
        : bar,
    )
    const { starts, filled } = repaired([hole(`${DAY}T10:00:30`, `${DAY}T10:03:10`)], quiet)
    expect(starts).toEqual(['10:00', '10:03'])
    expect(filled).toHaveLength(1)
  })

  it('refuses as a whole what begins before the oldest bar, and says how far they reach', () => {
    const old = hole('2026-11-19T15:00', `${DAY}T09:35`)
    const near = hole(`${DAY}T10:00`, `${DAY}T10:01`)
    const { starts, filled, reasons } = repaired([old, near], day(DAY))
    expect(starts).toEqual(['10:00', '10:01'])
    expect(filled).toEqual([near])
    expect(reasons).toEqual([["beyond the vendor's 500 bars, which begin at 2026-11-20 09:30", false]])
  })

  it('waits for a minute that is not over, and for bars that are not there yet', () => {
    const gap = hole(`${DAY}T10:00:30`, `${DAY}T10:02:10`)
    expect(repaired([gap], day(DAY), [], time('10:02:30')).reasons).toEqual([['its last minute is not over', true]])
    const behind = [...day('2026-11-19'), ...minutesOf(`${DAY}T09:30`, `${DAY}T10:02`).map((start) => kline(start))]
    expect(repaired([gap], behind).reasons).toEqual([["the vendor's bars end at 2026-11-20 10:01", true]])
    expect(repaired([gap], []).reasons).toEqual([['the vendor has no bars of it', true]])
  })

  it('leaves alone what needs no filling', () => {
    expect(repaired([hole(`${DAY}T12:10`, `${DAY}T12:50`)], day(DAY)).reasons).toEqual([
      ['nothing is traded in it', false],
    ])
  })
})

describe('a minute beside an auction', () => {
  const gap = hole(`${DAY}T09:30:20`, `${DAY}T09:31:10`)
  const auction = [tick({ timestamp: time('09:22:00'), last_price: 610, volume: 5_000 })]
  const stored = summarise([...auction, tick({ timestamp: time('09:30:05'), last_price: 611, volume: 300, seq: 2 })])
  const joinedBar = async (minutes: readonly Summary[]) => {
    const inOrder = minutes.toSorted((a, b) => a.start - b.start)
    return (await collect(barsFromSummaries([inOrder], { every: MINUTE })))[0]!
  }

  it('counts the trades of the auction once where the vendor has them in it', async () => {
    const bars = day(DAY).map((bar) =>
      bar.time === time('09:30') ? kline(bar.time, { open: 610, low: 610, volume: 7_000, turnover: 4_280_000 }) : bar,
    )
    const { minutes } = repaired([gap], bars, stored)
    expect(await joinedBar([stored[0]!, ...minutes])).toMatchObject({
      open: 610,
      close: 612.5,
      volume: 7_000,
      turnover: 4_280_000,
    })
  })

  it('keeps them beside it where the vendor has them not', async () => {
    const { minutes } = repaired([gap], day(DAY), stored)
    expect(await joinedBar([stored[0]!, ...minutes])).toMatchObject({ open: 610, volume: 6_000 })
  })

  it('does the same at the close', () => {
    const close = hole(`${DAY}T15:58:20`, `${DAY}T15:59:40`)
    const own = summarise([tick({ timestamp: time('16:08:30'), last_price: 614, volume: 9_000 })])
    const bars = day(DAY).map((bar) =>
      bar.time === time('15:59') ? kline(bar.time, { close: 614, high: 614, volume: 9_500, turnover: 5_830_000 }) : bar,
    )
    const last = repaired([close], bars, own).minutes.at(-1)!
    expect(last).toMatchObject({ start: time('15:59'), volume: 500 })
    expect(last.turnover_mills).toBe(5_830_000_000 - 9_000 * 614_000)
  })
})

describe('stored minutes against their trades', () => {
  const ticks = [
    tick({ seq: 1, last_price: 612 }),
    tick({ seq: 2, last_price: 614, volume: 300 }),
    tick({ seq: 3, last_price: 999, flags: ['odd_lot'] }),
    tick({ timestamp: time('10:01:00'), last_price: 613, flags: ['late'] }),
    tick({ timestamp: time('10:02:00'), last_price: 613 }),
  ]
  const minutes = summarise(ticks)

  it('are what their trades make, in whatever order these were summed', () => {
    expect(mismatches('00700.HK', minutes, ticks)).toEqual([])
    const lastDigits = minutes.map((minute) => ({ ...minute, value_mills: minute.value_mills! * (1 + 1e-15) }))
    expect(mismatches('00700.HK', lastDigits, ticks)).toEqual([])
  })

  it('differ by each figure that does', () => {
    const wrong = [{ ...minutes[0]!, volume: 100, high: 615 }, ...minutes.slice(1)]
    expect(mismatches('00700.HK', wrong, ticks)).toEqual([
      { type: 'mismatch', symbol: '00700.HK', start: time('10:00'), field: 'high', stored: '615', recomputed: '614' },
      { type: 'mismatch', symbol: '00700.HK', start: time('10:00'), field: 'volume', stored: '100', recomputed: '400' },
    ])
  })

  it('differ where one of both is absent', () => {
    expect(mismatches('00700.HK', minutes.slice(0, 2), ticks)).toMatchObject([
      { start: time('10:02'), stored: null, recomputed: '1' },
    ])
    expect(mismatches('00700.HK', minutes, ticks.slice(0, 4))).toMatchObject([
      { start: time('10:02'), stored: '1', recomputed: null },
    ])
    expect(
      mismatches(
        '00700.HK',
        minutes,
        ticks.filter(({ flags }) => flags[0] !== 'odd_lot'),
      ),
    ).toMatchObject([{ field: 'left_out' }])
  })

  it("are not asked of a vendor's minute", () => {
    expect(mismatches('00700.HK', [vendorMinute(), ...minutes.slice(1)], ticks)).toEqual([])
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GapTracker } from '../../src/core/connection/gaps.ts'
import { sharesOf } from '../../src/core/holes/days.ts'
import { byDay, type Held } from '../../src/core/holes/held.ts'
import { joined, within, without } from '../../src/core/holes/stretches.ts'
import { spanOf, untoldHoles } from '../../src/core/holes/untold.ts'
import type { Gap } from '../../src/core/market/event.ts'
import { formatLocal } from '../../src/core/market/time.ts'
import { tick } from '../storage/sample.ts'
import { at, fullDay, held, hole, minutesOf, sessions } from './held.ts'

const LATER = at('2027-06-01')

/** Holes that no row tells, as `cause from - to`. */
function untold(of: Held, asked: { since?: number; until?: number } = {}, now = LATER): string[] {
  const time = (ms: number) => formatLocal(ms).slice(5, 16)
  const span = spanOf(of, asked, now)
  return span === null
    ? []
    : untoldHoles(of, span, sessions).map(({ cause, from, to }) => `${cause} ${time(from)} - ${time(to)}`)
}

function shares(holes: readonly Gap[], from: string, to: string) {
  return sharesOf({ from: at(from), to: at(to) }, holes, sessions)
}

describe('holes that no row tells', () => {
  it('are none in days that were recorded whole', () => {
    expect(untold(held([...fullDay('2026-11-19'), ...fullDay('2026-11-20')]))).toEqual([])
  })

  it('are both sessions of a day of which nothing is there between two that are', () => {
    expect(untold(held([...fullDay('2026-11-18'), ...fullDay('2026-11-20')]))).toEqual([
      'restart 11-19 09:20 - 11-19 12:00',
      'restart 11-19 13:00 - 11-19 16:10',
    ])
  })

  it('pass over weekends, holidays and the afternoon of a half day', () => {
    const dates = ['2026-12-23', '2026-12-24', '2026-12-28', '2026-12-29', '2026-12-30']
    expect(
      untold(
        held(
          dates.flatMap((date) =>
            date === '2026-12-24' ? minutesOf(`${date}T09:30`, `${date}T12:09`) : fullDay(date),
          ),
        ),
      ),
    ).toEqual([])
    expect(untold(held([...fullDay('2026-12-23'), ...fullDay('2026-12-28')]))).toEqual([
      'restart 12-24 09:20 - 12-24 12:10',
    ])
  })

  it('are what is asked for before and after all that is there', () => {
    const range = { since: at('2026-11-18'), until: at('2026-11-21') }
    expect(untold(held(fullDay('2026-11-19')), range)).toEqual([
      'late_start 11-18 09:20 - 11-18 12:00',
      'late_start 11-18 13:00 - 11-18 16:10',
      'restart 11-20 09:20 - 11-20 12:00',
      'restart 11-20 13:00 - 11-20 16:10',
    ])
    expect(untold(held(fullDay('2026-11-19')), { ...range, since: at('2026-11-19') }, at('2026-11-20T11:00'))).toEqual([
      'restart 11-20 09:20 - 11-20 11:00',
    ])
  })

  it('are none where a row tells them already, filled or not', () => {
    const filled = hole('2026-11-19T09:20', '2026-11-19T12:00', { filled_by: 'backfill', cause: 'restart' })
    const days = [...fullDay('2026-11-18'), ...fullDay('2026-11-20')]
    expect(untold(held(days, { gaps: [filled] }))).toEqual(['restart 11-19 13:00 - 11-19 16:10'])
  })

  it('are none while another symbol of the store traded: a suspended stock is no hole', () => {
    const suspended = held([...fullDay('2026-11-18'), ...fullDay('2026-11-20')], {
      minutes: byDay([...fullDay('2026-11-18'), at('2026-11-19T10:15'), ...fullDay('2026-11-20')]),
    })
    expect(untold(suspended)).toEqual([])
  })

  it('begin where a live feed was heard last, and end with the day', () => {
    const dead = held(
      fullDay('2026-11-20').filter((start) => start < at('2026-11-20T14:00')),
      {
        heard: at('2026-11-20T13:59:58'),
        newest: at('2026-11-20T13:59:50'),
      },
    )
    expect(untold(dead)).toEqual(['restart 11-20 13:59 - 11-20 16:10'])
    expect(untold(dead, {}, at('2026-11-20T14:30'))).toEqual(['restart 11-20 13:59 - 11-20 14:30'])
    expect(untold(dead, {}, at('2026-11-20T14:00:30')), 'a recorder is at work').toEqual([])
  })

  it('are those that the next run writes, to the millisecond', () => {
    const [newest, heard] = [at('2026-11-20T10:15:07'), at('2026-11-20T14:00')]
    const quiet = held([at('2026-11-20T10:15')], { newest, heard })
    const range = { from: at('2026-11-20'), to: at('2026-11-23T10:00') }
    const tracker = new GapTracker('alltick', sessions, [
      { symbol: '00700.HK', timestamp: newest, seq: 1, covered_until: heard },
    ])
    const up = at('2026-11-23T10:00')
    tracker.watch(['00700.HK'], up)
    tracker.up(up)
    const first = tick({ timestamp: up, received_at: up, seq: 2 })
    const written = tracker.mark([first]).filter(({ type }) => type === 'gap')
    expect(untoldHoles(quiet, range, sessions)).toEqual(written)
    expect(written).toHaveLength(2)
  })

  it('are none of a quiet stock that was heard to the close', () => {
    const quiet = held([at('2026-11-20T10:15')], { heard: at('2026-11-20T16:15') })
    expect(untold(quiet)).toEqual([])
    expect(untold(held([], { heard: at('2026-11-20T16:15'), minutes: byDay([]) }))).toEqual([])
  })

  it('are the morning of the day on which the first recording began in the afternoon', () => {
    const start = hole('2026-11-19T13:00', '2026-11-19T13:59:01', { cause: 'late_start' })
    const afternoon = fullDay('2026-11-19').filter((minute) => minute >= start.to)
    const parts = { gaps: [start], heard: at('2026-11-20T16:15') }
    const begun = held([...afternoon, ...fullDay('2026-11-20')], parts)
    expect(untold(begun)).toEqual(['late_start 11-19 09:20 - 11-19 12:00'])
    expect(untold(begun, { since: at('2026-11-19T13:00') })).toEqual([])
    expect(untold(held(afternoon, { ...parts, heard: at('2026-11-19T16:15') }))).toEqual([
      'late_start 11-19 09:20 - 11-19 12:00',
    ])
    const second = hole('2026-11-20T13:00', '2026-11-20T13:30', { cause: 'late_start', source: 'infoway' })
    expect(untold(held([...afternoon, ...fullDay('2026-11-20')], { ...parts, gaps: [start, second] }))).toHaveLength(1)
  })

  it('are none after the closing auction, heard or not', () => {
    const day = fullDay('2026-11-20')
    expect(untold(held(day, { newest: at('2026-11-20T16:08:30'), heard: at('2026-11-20T16:08:31') }))).toEqual([])
  })

  it('are seen at the edges of trades where no feed told, not at those of a quiet stock', () => {
    const late = minutesOf('2026-11-20T10:30', '2026-11-20T12:00')
    const early = minutesOf('2026-11-20T13:00', '2026-11-20T14:00')
    expect(untold(held([...late, ...early]))).toEqual([
      'late_start 11-20 09:20 - 11-20 10:30',
      'restart 11-20 13:59 - 11-20 16:10',
    ])
    expect(untold(held(minutesOf('2026-11-20T10:15', '2026-11-20T15:40', 50)))).toEqual([])
  })

  it('are none of a symbol of which nothing is known', () => {
    expect(untold(held([]))).toEqual([])
  })
})

describe('coverage', () => {
  it('is what holes leave of the scheduled trading time, and lunch has none', () => {
    const [day] = shares([hole('2026-11-20T11:30', '2026-11-20T13:30')], '2026-11-20', '2026-11-21')
    expect(day).toMatchObject({ date: '2026-11-20', scheduled: 19_800, missing: 3_600, observed: 16_200, holes: 1 })
    expect(day!.coverage).toBeCloseTo(16_200 / 19_800, 12)
  })

  it('counts what two holes share once', () => {
    const holes = [hole('2026-11-20T10:00', '2026-11-20T10:10'), hole('2026-11-20T10:05', '2026-11-20T10:20')]
    expect(shares(holes, '2026-11-20', '2026-11-21')[0]).toMatchObject({ missing: 1_200, holes: 2, unfilled: 2 })
  })

  it("tells a vendor's minutes from trades, and a second feed's trades are trades", () => {
    const holes = [
      hole('2026-11-20T10:00', '2026-11-20T10:10', { filled_by: 'backfill' }),
      hole('2026-11-20T10:05', '2026-11-20T10:08'),
      hole('2026-11-20T11:00', '2026-11-20T11:10', { filled_by: 'second feed' }),
    ]
    const day = shares(holes, '2026-11-20', '2026-11-21')[0]
    expect(day).toMatchObject({ missing: 180, backfilled: 420, observed: 19_200, holes: 3, unfilled: 1 })
  })

  it('of a half day is a share of its morning', () => {
    const day = shares([hole('2026-12-24T11:30', '2026-12-24T12:10')], '2026-12-24', '2026-12-25')[0]
    expect(day).toMatchObject({ scheduled: 9_000, missing: 1_800, coverage: 0.8 })
  })

  it('of a day after a typhoon begins when it opens', () => {
    expect(shares([], '2023-10-09', '2023-10-10')[0]).toMatchObject({ scheduled: 7_200, coverage: 1 })
  })

  it('splits a stretch over nights, a weekend and a holiday into the days that trade', () => {
    const days = shares([hole('2026-12-24T11:00', '2026-12-28T10:00')], '2026-12-24', '2026-12-29')
    expect(days.map(({ date, missing }) => [date, missing])).toEqual([
      ['2026-12-24', 3_600],
      ['2026-12-28', 1_800],
    ])
  })

  it('of a day that is not over is a share of what has passed', () => {
    expect(shares([], '2026-11-20', '2026-11-20T13:30')[0]).toMatchObject({ scheduled: 10_800 })
    expect(shares([], '2026-11-20', '2026-11-20T09:15')).toEqual([])
  })

  it('counts a hole within an auction, which takes no trading time', () => {
    const day = shares([hole('2026-11-20T16:08', '2026-11-20T16:09')], '2026-11-20', '2026-11-21')[0]
    expect(day).toMatchObject({ coverage: 1, holes: 1, unfilled: 1 })
  })
})

describe('stretches', () => {
  const stretch = fc
    .tuple(fc.nat(40), fc.integer({ min: 1, max: 20 }))
    .map(([from, length]) => ({ from, to: from + length }))
  const points = (list: readonly { from: number; to: number }[]) =>
    Array.from({ length: 70 }, (_, at) => at).filter((at) => list.some(({ from, to }) => at >= from && at < to))

  it('joined are the same times, apart and in order', () => {
    fc.assert(
      fc.property(fc.array(stretch), (list) => {
        const result = joined(list)
        expect(points(result)).toEqual(points(list))
        for (const [i, { from }] of result.entries()) if (i > 0) expect(from).toBeGreaterThan(result[i - 1]!.to)
      }),
    )
  })

  it('without and within share a stretch between them', () => {
    fc.assert(
      fc.property(stretch, fc.array(stretch), (one, others) => {
        const rest = without(one, others)
        const inside = others.map((other) => within(one, other)).filter((part) => part !== null)
        expect(points([...rest, ...inside])).toEqual(points([one]))
        expect(points(rest).filter((at) => points(inside).includes(at))).toEqual([])
      }),
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChartBar, ChartSession } from '../../src/core/dashboard/protocol.ts'
import { DAY, formatLocal, HOUR, MINUTE, parseTime } from '../../src/core/market/time.ts'
import { holesOf, openHole as openHoleTo } from '../../src/page/chart/holes.ts'
import { MAX_POINTS, Timeline } from '../../src/page/desk/timeline.ts'
import { feedOf, sessionsUpTo } from './support/market.ts'

const at = (text: string): number => parseTime(`2026-11-${text}`)
const SESSIONS = sessionsUpTo(at('20T10:00'), 2)

function bar(start: number, length = MINUTE, close = 10): ChartBar {
  return {
    ...{ start, end: start + length, open: 10, high: 11, low: 9, close, volume: 100, turnover: 1_000, vwap: 10 },
    ...{ trades: 3, final: true, has_gap: false },
  }
}

const minutes = (...times: string[]): ChartBar[] => times.map((time) => bar(at(time)))
const shown = ({ points }: Timeline): string[] =>
  points.map(({ start, bar }) => formatLocal(start).slice(8, 16) + (bar ? '' : ' empty'))

describe('the time axis', () => {
  it('gives a minute without a trade the room of one with', () => {
    const line = new Timeline(MINUTE, minutes('20T10:00', '20T10:03'), SESSIONS)
    expect(shown(line)).toEqual(['20 10:00', '20 10:01 empty', '20 10:02 empty', '20 10:03'])
  })

  it('leaves out lunch and nights, and says where', () => {
    const line = new Timeline(MINUTE, minutes('19T15:59', '20T09:30'), SESSIONS)
    line.put(bar(at('20T11:59')))
    line.put(bar(at('20T13:00')))
    expect(line.points).toHaveLength(1 + 150 + 1)
    expect(line.breaks.map(({ index, kind }) => [kind, shown(line)[index]])).toEqual([
      ['night', '20 09:30'],
      ['lunch', '20 13:00'],
    ])
  })

  it('has whole sessions without a trade as empty steps', () => {
    const line = new Timeline(
      30 * MINUTE,
      [bar(at('19T11:30'), 30 * MINUTE), bar(at('20T09:30'), 30 * MINUTE)],
      SESSIONS,
    )
    expect(shown(line)).toEqual([
      '19 11:30',
      ...['19 13:00', '19 13:30', '19 14:00', '19 14:30', '19 15:00', '19 15:30'].map((step) => `${step} empty`),
      '20 09:30',
    ])
  })

  it('cuts the last step of a session at its end', () => {
    const line = new Timeline(HOUR, [bar(at('20T10:30'), HOUR)], SESSIONS)
    line.reach(at('20T13:00'))
    expect(line.points.map(({ end }) => formatLocal(end).slice(11, 16))).toEqual(['11:30', '12:00', '14:00'])
  })

  it('goes on to the present while nothing is traded, and stands still over lunch', () => {
    const line = new Timeline(MINUTE, minutes('20T11:57'), SESSIONS)
    line.reach(at('20T11:58'))
    expect(shown(line)).toEqual(['20 11:57', '20 11:58 empty'])
    line.reach(at('20T12:40'))
    expect(shown(line).at(-1)).toBe('20 11:59 empty')
  })

  it('begins at the first hole of a day that was heard late', () => {
    const line = new Timeline(HOUR, [bar(at('20T11:30'), HOUR / 2)], SESSIONS, at('20T09:30'))
    expect(shown(line)).toEqual(['20 09:30 empty', '20 10:30 empty', '20 11:30'])
  })

  it('has one step a trading day', () => {
    const days = [bar(at('19T09:30'), 6.5 * HOUR)]
    const line = new Timeline(DAY, days, SESSIONS)
    line.reach(at('20T10:00'))
    expect(shown(line)).toEqual(['19 09:30', '20 09:30 empty'])
    expect(line.breaks).toEqual([])
  })

  it('tells from which step on it has changed', () => {
    const line = new Timeline(MINUTE, minutes('20T10:00', '20T10:01'), SESSIONS)
    expect(line.takeChanged()).toBe(0)
    expect(line.takeChanged()).toBeNull()
    line.put(bar(at('20T10:01'), MINUTE, 12))
    expect(line.takeChanged()).toBe(1)
    line.put(bar(at('20T10:04')))
    expect(line.takeChanged()).toBe(2)
  })

  it('takes a late bar into its step, and one for which there was none', () => {
    const line = new Timeline(MINUTE, minutes('20T10:00', '20T10:02'), SESSIONS)
    line.put(bar(at('20T10:01'), MINUTE, 12))
    expect(line.points[1]?.bar?.close).toBe(12)
    line.put(bar(at('20T09:58')))
    expect(shown(line).slice(0, 2)).toEqual(['20 09:58', '20 10:00'])
  })

  it('takes in the past before what it has', () => {
    const line = new Timeline(MINUTE, minutes('20T10:02'), SESSIONS)
    line.reach(at('20T10:03'))
    line.prepend(minutes('20T10:00', '20T10:02'), SESSIONS)
    expect(shown(line)).toEqual(['20 10:00', '20 10:01 empty', '20 10:02', '20 10:03 empty'])
    expect(line.takeChanged()).toBe(0)
  })

  it('never holds more than it may, the newest last', () => {
    const line = new Timeline(1_000, [bar(at('19T09:30'), 1_000)], SESSIONS)
    for (let second = 1; second < 2 * MAX_POINTS; second++) line.put(bar(at('19T09:30') + second * 1_000, 1_000))
    expect(line.points.length).toBeLessThanOrEqual(MAX_POINTS * 1.1)
    expect(line.points.at(-1)!.start).toBe(at('19T09:30') + (2 * MAX_POINTS - 1) * 1_000)
  })

  it('has its steps in order, each once, each bar among them, whatever comes in whatever order', () => {
    const offsets = fc.array(fc.integer({ min: 0, max: 5 * 60 }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(offsets, (chosen) => {
        const inSession = chosen.map((minute) => at('20T09:30') + (minute < 150 ? minute : minute + 60) * MINUTE)
        const line = new Timeline(MINUTE, [bar(inSession[0]!)], SESSIONS)
        for (const start of inSession.slice(1)) line.put(bar(start))
        const starts = line.points.map(({ start }) => start)
        expect(starts).toEqual([...new Set(starts)].sort((a, b) => a - b))
        const traded = line.points.filter(({ bar }) => bar !== null).map(({ start }) => start)
        expect(traded).toEqual([...new Set(inSession)].sort((a, b) => a - b))
      }),
    )
  })
})

describe('a hole in the data', () => {
  const line = new Timeline(MINUTE, minutes('20T10:00', '20T10:10'), SESSIONS)
  const gap = { cause: 'disconnect', filled_by: null } as const

  it('shades every step that it touches', () => {
    expect(holesOf([{ ...gap, from: at('20T10:02:30'), to: at('20T10:05') }], line)).toEqual([
      { from: 2, to: 5, isFilled: false },
    ])
  })

  it('shades nothing where a second feed has the trades, and lightly where the vendor has the minutes', () => {
    const times = { from: at('20T10:02'), to: at('20T10:03') }
    expect(holesOf([{ ...gap, ...times, filled_by: 'second feed' }], line)).toEqual([])
    expect(holesOf([{ ...gap, ...times, filled_by: 'backfill' }], line)[0]?.isFilled).toBe(true)
  })

  it('is still one in seconds when a vendor has filled the minutes', () => {
    const seconds = new Timeline(1_000, [bar(at('20T10:00'), 1_000), bar(at('20T10:01'), 1_000)], SESSIONS)
    const filled = { ...gap, from: at('20T10:00:05'), to: at('20T10:00:09'), filled_by: 'backfill' as const }
    expect(holesOf([filled], seconds)).toEqual([{ from: 5, to: 9, isFilled: false }])
  })

  it('shades nothing where no trading was', () => {
    expect(holesOf([{ ...gap, from: at('20T08:00'), to: at('20T09:00') }], line)).toEqual([])
  })

  it('is none after a recording that ended with its session, at lunch or at the close', () => {
    const ended = (since: number) => [feedOf({ state: 'ended', since })]
    expect(openHoleTo(ended(at('20T11:59:10')), at('20T12:40'), at('20T12:00'))).toBeNull()
    expect(openHoleTo(ended(at('20T16:08:20')), at('20T20:00'), at('20T16:10'))).toBeNull()
    expect(openHoleTo(ended(at('20T11:50')), at('20T12:40'), at('20T12:00'))).toMatchObject({ from: at('20T11:50') })
  })

  it('grows while no feed is up', () => {
    const lost = feedOf({ state: 'lost', since: at('20T10:20') })
    const openHole = (feeds: Parameters<typeof openHoleTo>[0], now: number) => openHoleTo(feeds, now, now)
    expect(openHole([lost], at('20T10:30'))).toMatchObject({ from: at('20T10:20'), to: at('20T10:30') })
    expect(openHole([lost, feedOf({ ...lost, state: 'ended' })], at('20T10:30'))).toMatchObject({
      from: at('20T10:20'),
    })
    expect(openHole([lost, feedOf()], at('20T10:30'))).toBeNull()
    expect(openHole([feedOf({ ...lost, state: 'ended' })], at('20T10:20'))).toBeNull()
    expect(openHole([feedOf({ carries: true }), lost], at('20T10:30'))).toMatchObject({ from: at('20T10:20') })
    expect(openHole([], at('20T10:30'))).toBeNull()
  })
})

describe('trading that is unknown', () => {
  it('is told from trading that is known', () => {
    const morning: ChartSession[] = SESSIONS.slice(-2, -1)
    const line = new Timeline(MINUTE, minutes('20T10:00'), morning)
    expect([line.knows(at('20T10:30')), line.knows(at('20T13:30'))]).toEqual([true, false])
    line.extend(SESSIONS)
    expect(line.knows(at('20T13:30'))).toBe(true)
  })
})

import { describe, expect, it, vi } from 'vitest'
import { Calendar } from '../../src/core/market/calendar.ts'
import type { Phase } from '../../src/core/market/event.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { formatDate, HOUR, MINUTE, parseTime } from '../../src/core/market/time.ts'
import { closeTime, tradingSessions } from '../../src/core/market/trading-day.ts'

const sessions = new Sessions()
const FULL = '2026-11-20'
const HALF = '2026-12-24'

describe('the phase', () => {
  const edges: readonly (readonly [string, string, Phase])[] = [
    [FULL, '00:00:00.000', 'closed'],
    [FULL, '08:59:59.999', 'closed'],
    [FULL, '09:00:00.000', 'pre_opening'],
    [FULL, '09:19:59.999', 'pre_opening'],
    [FULL, '09:20:00.000', 'opening_auction'],
    [FULL, '09:29:59.999', 'opening_auction'],
    [FULL, '09:30:00.000', 'morning'],
    [FULL, '11:59:59.999', 'morning'],
    [FULL, '12:00:00.000', 'lunch'],
    [FULL, '12:59:59.999', 'lunch'],
    [FULL, '13:00:00.000', 'afternoon'],
    [FULL, '15:59:59.999', 'afternoon'],
    [FULL, '16:00:00.000', 'closing_auction'],
    [FULL, '16:09:59.999', 'closing_auction'],
    [FULL, '16:10:00.000', 'closed'],
    [FULL, '23:59:59.999', 'closed'],
    [HALF, '09:30:00.000', 'morning'],
    [HALF, '11:59:59.999', 'morning'],
    [HALF, '12:00:00.000', 'closing_auction'],
    [HALF, '12:09:59.999', 'closing_auction'],
    [HALF, '12:10:00.000', 'closed'],
    [HALF, '13:00:00.000', 'closed'],
    ['2026-12-25', '10:00:00.000', 'closed'],
    ['2026-11-21', '10:00:00.000', 'closed'],
    ['2023-10-09', '09:20:00.000', 'closed'],
    ['2023-10-09', '13:59:59.999', 'closed'],
    ['2023-10-09', '14:00:00.000', 'afternoon'],
    ['2023-10-09', '16:09:00.000', 'closing_auction'],
    ['2023-09-01', '10:00:00.000', 'closed'],
    ['2024-09-06', '14:00:00.000', 'closed'],
    ['2024-11-14', '10:00:00.000', 'morning'],
    ['2013-10-10', '10:00:00.000', 'morning'],
    ['2031-12-24', '14:00:00.000', 'afternoon'],
  ]
  it.each(edges)('on %s at %s is as %s', (date, time, phase) => {
    expect(sessions.phaseAt(parseTime(`${date}T${time}`))).toBe(phase)
  })

  it('is the same whichever day was asked before', () => {
    for (const [date, time, phase] of [...edges].reverse()) {
      expect(sessions.phaseAt(parseTime(`${date}T${time}`))).toBe(phase)
    }
  })
})

describe('trades happen', () => {
  it.each([
    [FULL, '09:19:59.999', false],
    [FULL, '09:20:00.000', true],
    [FULL, '09:30:00.000', true],
    [FULL, '12:00:02.900', true],
    [FULL, '12:00:03.000', false],
    [FULL, '12:30:00.000', false],
    [FULL, '16:00:02.999', true],
    [FULL, '16:00:03.000', false],
    [FULL, '16:07:59.999', false],
    [FULL, '16:08:00.000', true],
    [FULL, '16:09:59.999', true],
    [FULL, '16:10:00.000', false],
    [HALF, '12:00:02.900', true],
    [HALF, '12:00:03.000', false],
    [HALF, '12:08:00.000', true],
    [HALF, '12:10:00.000', false],
    ['2026-11-21', '10:00:00.000', false],
  ])('on %s at %s: %s', (date, time, expected) => {
    expect(sessions.tradesAt(parseTime(`${date}T${time}`))).toBe(expected)
  })

  it('a moment after noon in the morning they follow', () => {
    const stretch = sessions.closingStretch(parseTime(`${FULL}T12:00:02.900`))
    expect(stretch?.phase).toBe('morning')
    expect(sessions.closingStretch(parseTime(`${FULL}T11:59:59.999`))).toBeNull()
  })
})

describe('the calendar', () => {
  it.each([
    ['2023', 243, 0],
    ['2024', 246, 3],
    ['2025', 246, 3],
    ['2026', 247, 3],
    ['2027', 248, 3],
  ])('of %s has %d trading days, %d of them half', (year, count, half) => {
    const days = sessions.days(parseTime(`${year}-01-01`), parseTime(`${Number(year) + 1}-01-01`))
    expect(days).toHaveLength(count)
    expect(days.filter(({ kind }) => kind === 'half')).toHaveLength(half)
    expect(days.every(({ covered }) => covered)).toBe(true)
  })

  it('takes any weekday beyond its years for a full day and says so', () => {
    expect(sessions.day(parseTime('2028-12-25'))).toMatchObject({ kind: 'full', covered: false })
    expect(sessions.day(parseTime('2028-12-24'))).toBeNull()
    expect(new Calendar().range).toBe('2023-2027')
    expect(new Calendar({}).range).toBe('no years')
  })

  it('tells once of a day that the calendar does not know', () => {
    const told: string[] = []
    const sessions = new Sessions(new Calendar(), (date) => told.push(date))
    sessions.phaseAt(parseTime('2026-11-20T10:00'))
    expect(told).toEqual([])
    for (const date of ['2020-12-24', '2020-12-25', '2019-01-02']) sessions.phaseAt(parseTime(date))
    expect(told).toEqual(['2020-12-24'])
  })

  it('finds the days before and after, over holidays', () => {
    const monday = parseTime('2026-02-20T10:00')
    expect(sessions.daysBefore(monday, 2).map(({ date }) => date)).toEqual(['2026-02-13', '2026-02-16'])
    expect(sessions.nextDay(parseTime('2026-02-17')).date).toBe('2026-02-20')
    expect(sessions.nextDay(monday).date).toBe('2026-02-20')
  })

  it('counts trading time without lunch, nights and auctions', () => {
    const from = parseTime('2026-11-20T11:00')
    expect(sessions.tradingTime(from, parseTime('2026-11-20T13:30'))).toBe(90 * MINUTE)
    expect(sessions.tradingTime(from, parseTime('2026-11-23T10:00'))).toBe(60 * MINUTE + 3 * HOUR + 30 * MINUTE)
    expect(sessions.tradingTime(from, from)).toBe(0)
    expect(sessions.tradingTime(parseTime(HALF), parseTime('2026-12-25'))).toBe(150 * MINUTE)
  })
})

describe('the trading sessions of a date', () => {
  it('are its phases in order, each beginning where the one before ends', () => {
    const phases = tradingSessions(FULL)
    expect(phases.map(({ phase }) => phase)).toEqual([
      'pre_opening',
      'opening_auction',
      'morning',
      'lunch',
      'afternoon',
      'closing_auction',
    ])
    for (const [i, phase] of phases.slice(1).entries()) expect(phase.open).toBe(phases[i]!.close)
    expect(phases.every(({ open }) => formatDate(open) === FULL)).toBe(true)
  })

  it('are none on a holiday', () => {
    expect(tradingSessions('2026-12-25')).toEqual([])
  })

  it.each(['2026-13-01', '2026-02-30', '20261120', '', '2026-11-20T09:30'])('are refused for %j', (date) => {
    expect(() => tradingSessions(date)).toThrow(/is not a day: write it as YYYY-MM-DD/)
  })
})

describe('the close', () => {
  it.each([
    [FULL, '16:15'],
    [HALF, '12:15'],
    ['2023-10-09', '16:15'],
  ])('of %s is at %s', (date, time) => {
    expect(closeTime(sessions.day(parseTime(date))!)).toBe(parseTime(`${date}T${time}`))
  })
})

describe('whether trades may happen in a stretch', () => {
  const trades = (from: string, to: string) => sessions.tradesIn(parseTime(`${from}`), parseTime(`${to}`))

  it('is asked of both ends and of all between', () => {
    expect(trades('2026-11-20T11:59:59', '2026-11-20T12:30')).toBe(true)
    expect(trades('2026-11-20T12:30', '2026-11-20T13:00')).toBe(true)
    expect(trades('2026-11-20T12:10', '2026-11-20T12:50')).toBe(false)
    expect(trades('2026-11-20T17:00', '2026-11-23T08:00')).toBe(false)
    expect(trades('2026-11-19T17:00', '2026-11-20T17:00')).toBe(true)
  })

  it('counts the auctions, where they match', () => {
    expect(trades('2026-11-20T09:21', '2026-11-20T09:22')).toBe(true)
    expect(trades('2026-11-20T09:05', '2026-11-20T09:10')).toBe(false)
    expect(trades('2026-11-20T16:01', '2026-11-20T16:05')).toBe(false)
    expect(trades('2026-11-20T16:01', '2026-11-20T16:09')).toBe(true)
    expect(trades('2026-12-24T12:05', '2026-12-24T12:09')).toBe(true)
  })

  it('is no of a holiday and of a weekend', () => {
    expect(trades('2026-12-25T09:00', '2026-12-25T17:00')).toBe(false)
    expect(trades('2026-11-21T09:00', '2026-11-22T17:00')).toBe(false)
  })

  it('looks at a few days of a gap that claims to last for eight thousand years', () => {
    const calendar = new Calendar()
    const looks = vi.spyOn(calendar, 'day')
    expect(new Sessions(calendar).tradesIn(0, parseTime('9999-12-31'))).toBe(true)
    expect(looks.mock.calls.length).toBeLessThan(20)
  })
})

import { describe, expect, it } from 'vitest'
import { calendarFrom } from '../../src/core/market/calendar-file.ts'

describe('a calendar file', () => {
  it('adds years and replaces built-in ones whole', () => {
    const calendar = calendarFrom({
      '2027': { closed: ['2027-03-26'], half: [] },
      '2028': { closed: ['2028-01-03'], half: ['2028-12-29'], weather_late: { '2028-10-09': '14:00' } },
    })
    expect(calendar.range).toBe('2023-2028')
    expect(calendar.day('2028-01-03')).toEqual({ kind: 'closed' })
    expect(calendar.day('2028-12-29')).toEqual({ kind: 'half' })
    expect(calendar.day('2028-10-09')).toEqual({ kind: 'late', opens: '14:00' })
    expect(calendar.day('2027-12-24')).toEqual({ kind: 'full' })
    expect(calendar.day('2026-12-24')).toEqual({ kind: 'half' })
  })

  it.each([
    [[], 'the calendar is not an object'],
    ['2028', 'the calendar is not an object'],
    [{ years: {} }, 'unknown key "years" in the calendar'],
    [{ '2028': [] }, 'calendar year 2028 is not an object'],
    [{ '2028': { closed: [] } }, 'calendar year 2028 has no "half"'],
    [{ '2028': { closed: [], half: [], holidays: [] } }, 'unknown key "holidays" in calendar year 2028'],
    [{ '2028': { closed: '2028-01-03', half: [] } }, '"closed" of calendar year 2028 is not a list'],
    [{ '2028': { closed: ['2028-02-30'], half: [] } }, '"2028-02-30" is not a day of 2028 in "closed"'],
    [{ '2028': { closed: ['2027-01-03'], half: [] } }, '"2027-01-03" is not a day of 2028 in "closed"'],
    [{ '2028': { closed: [20280103], half: [] } }, '"20280103" is not a day of 2028 in "closed"'],
    [{ '2028': { closed: [], half: [], weather_late: { '2028-10-09': '8 am' } } }, '"8 am" is not an opening time'],
  ])('that is wrong, as %j, is refused: %s', (json, message) => {
    expect(() => calendarFrom(json)).toThrow(
      expect.objectContaining({ code: 'E_CONFIG', message: expect.stringContaining(message) }),
    )
  })
})

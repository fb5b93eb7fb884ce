import { describe, expect, it } from 'vitest'
import { endOf, nextOpening } from '../../src/commands/_until.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { formatIso, parseTime } from '../../src/core/market/time.ts'

const sessions = new Sessions()
const at = (text: string): number => parseTime(text)

describe('--until close', () => {
  it.each([
    ['2026-11-23T08:00', '2026-11-23T16:15:00.000+08:00'],
    ['2026-12-24T08:00', '2026-12-24T12:15:00.000+08:00'],
  ])('started at %s ends at %s', (now, end) => {
    const found = endOf('close', at(now), sessions)
    expect('at' in found && found.at && formatIso(found.at)).toBe(end)
  })

  it.each([
    ['2026-11-23T16:15', /trading of 2026-11-23 was over at 16:15:00/],
    ['2026-12-25T10:00', /2026-12-25 is a day without trading/],
    ['2026-11-22T10:00', /2026-11-22 is a day without trading/],
  ])('started at %s says why there is nothing to do', (now, words) => {
    expect(endOf('close', at(now), sessions)).toEqual({ needless: expect.stringMatching(words) })
  })

  it('is refused in a year the calendar does not know', () => {
    expect(() => endOf('close', at('2031-01-06T10:00'), sessions)).toThrow(/--until close needs a calendar for "2031"/)
  })
})

describe('--wait-open', () => {
  it.each([
    ['2026-11-23T07:00', '2026-11-23T09:00:00.000+08:00'],
    ['2026-11-23T10:00', '2026-11-23T10:00:00.000+08:00'],
    ['2026-11-23T16:15', '2026-11-24T09:00:00.000+08:00'],
    ['2026-11-27T18:00', '2026-11-30T09:00:00.000+08:00'],
    ['2026-12-24T12:20', '2026-12-28T09:00:00.000+08:00'],
  ])('at %s sleeps until %s', (now, opening) => {
    expect(formatIso(nextOpening(at(now), sessions))).toBe(opening)
  })
})

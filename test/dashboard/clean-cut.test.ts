import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cleanCut } from '../../src/core/dashboard/clean-cut.ts'
import { bucketsBy } from '../../src/core/dashboard/intervals.ts'
import { DAY, formatClock, MINUTE } from '../../src/core/market/time.ts'
import { at } from '../storage/sample.ts'
import { sessions } from './support.ts'

/** Any time of a day, those around openings and closes more often. */
const time = fc.oneof(
  fc.integer({ min: at('00:00:00'), max: at('23:59:59') }),
  fc.integer({ min: at('09:15:00'), max: at('09:35:00') }),
  fc.integer({ min: at('11:58:00'), max: at('12:02:00') }),
  fc.integer({ min: at('15:55:00'), max: at('16:12:00') }),
)

describe('a clean cut', () => {
  it.each([
    ['10:00:59', '10:00:00'],
    ['09:25:00', '09:20:00'],
    ['09:30:30', '09:20:00'],
    ['09:31:00', '09:31:00'],
    ['12:00:01', '11:59:00'],
    ['12:01:00', '12:01:00'],
    ['16:00:00', '15:59:00'],
    ['16:09:00', '15:59:00'],
    ['16:10:00', '16:10:00'],
  ])('before %s is at %s', (asked, cut) => {
    expect(formatClock(cleanCut(at(asked), sessions))).toBe(cut)
  })

  it('is a whole minute not after the time asked for, not long before it, and its own', () => {
    fc.assert(
      fc.property(time, (asked) => {
        const cut = cleanCut(asked, sessions)
        expect(cut % MINUTE).toBe(0)
        expect(cut).toBeLessThanOrEqual(asked)
        expect(cut).toBeGreaterThan(asked - 12 * MINUTE)
        expect(cleanCut(cut, sessions)).toBe(cut)
      }),
    )
  })

  it('has no two trades of one bar on its two sides', () => {
    const buckets = bucketsBy(sessions)
    fc.assert(
      fc.property(time, time, time, fc.constantFrom(0, DAY), (asked, a, b, days) => {
        const cut = cleanCut(asked + days, sessions)
        const [before, after] = [Math.min(a, b) + days, Math.max(a, b) + days]
        if (!(before < cut && after >= cut)) return
        for (const every of ['1s', '5s', '10s', '30s', '1m'] as const) {
          const bucket = buckets[every].of(before)
          if (bucket !== null) expect(buckets[every].of(after)?.start).not.toBe(bucket.start)
        }
      }),
      { numRuns: 5_000 },
    )
  })
})

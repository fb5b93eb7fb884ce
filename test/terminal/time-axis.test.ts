import { describe, expect, it } from 'vitest'
import { MINUTE, parseTime } from '../../src/core/market/time.ts'
import { evenly, stretched } from '../../src/core/terminal/chart-columns.ts'
import { timeAxis } from '../../src/core/terminal/time-axis.ts'
import { createZone } from '../../src/core/terminal/zone.ts'

const moment = (time: number) => ({ start: time, end: time })
const minutes = (from: string, count: number, step = 1): number[] =>
  Array.from({ length: count }, (_, i) => parseTime(from) + i * step * MINUTE)
const day = (date: string): number[] => [...minutes(`${date}T09:31`, 150), ...minutes(`${date}T13:01`, 180)]
const under = (times: readonly number[], room: number, zone = createZone()) =>
  timeAxis(stretched(times, moment, room), moment, room, zone)

describe('the axis of times', () => {
  it('names round times of a day, open at lunch', () => {
    expect(under(day('2026-11-20'), 66)).toEqual({
      rule: '─────┬───────────┬───────────┬ ───────────┬───────────┬───────────',
      labels: '     10:00       11:00       12:00        14:00       15:00',
    })
  })

  it('names the days where several begin, and times between where there is room', () => {
    const { rule, labels } = under([...day('2026-11-19'), ...day('2026-11-20')], 61)
    expect(labels).toBe('11-19       12:00             11-20        12:00')
    expect(rule.indexOf('┼')).toBe(labels.indexOf('11-20'))
    const days = ['16', '17', '18', '19', '20'].flatMap((date) => day(`2026-11-${date}`))
    expect(under(days, 40).labels).toBe('11-16  11-17   11-18    11-19   11-20')
  })

  it('names years when there are several, and seconds where the steps are', () => {
    const days = [...Array(60).keys()].map((i) => parseTime('2026-12-01T09:30') + i * 24 * 60 * MINUTE)
    expect(under(days, 60).labels).toMatch(/^26-12-01 .* 27-01-\d\d/)
    const seconds = Array.from({ length: 40 }, (_, i) => parseTime('2026-11-20T09:30:00') + i * 1_000)
    expect(under(seconds, 60).labels).toBe('09:30:00       09:30:10       09:30:20       09:30:30')
  })

  it('names the start of bars that never begin on the hour', () => {
    const bars = ['09:30', '10:30', '11:30', '13:00', '14:00', '15:00'].map((time) => parseTime(`2026-11-20T${time}`))
    const span = (start: number) => ({ start, end: start + 60 * MINUTE })
    const { labels } = timeAxis(evenly(bars, span, 60), span, 60, createZone(), 3)
    expect(labels).toBe('   09:30     10:30     11:30     13:00     14:00     15:00')
  })

  it('goes by the time zone asked for', () => {
    expect(under(minutes('2026-11-20T09:30', 120), 60, createZone('Europe/London')).labels).toMatch(/^01:30 +02:00 /)
  })
})

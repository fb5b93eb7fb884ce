import { describe, expect, it } from 'vitest'
import { Watchdog } from '../../src/core/connection/watchdog.ts'
import { Calendar } from '../../src/core/market/calendar.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { HOUR, MINUTE, parseTime } from '../../src/core/market/time.ts'

const SECOND = 1_000

/** A watchdog on a clock of its own: `wait` lets time pass and says whether the connection is now stale. */
function watch(start: string) {
  const watchdog = new Watchdog(new Sessions(new Calendar()))
  let now = parseTime(start)
  let at = 5_000
  watchdog.restart(at)
  return {
    watchdog,
    wait(ms: number): boolean {
      now += ms
      at += ms
      return watchdog.remaining(now, at) <= 0
    },
    data: () => watchdog.data(now, at),
    reconnect: () => watchdog.restart(at),
    jump: (ms: number) => {
      now += ms
    },
    remaining: () => watchdog.remaining(now, at),
  }
}

describe('the watchdog', () => {
  it('barks after 30 s of silence in continuous trading, not before', () => {
    const { wait } = watch('2026-11-23T10:00')
    expect(wait(29_999)).toBe(false)
    expect(wait(1)).toBe(true)
  })

  it.each([
    ['before the opening', '2026-11-23T09:00', 29 * MINUTE],
    ['at lunch', '2026-11-23T12:00', 59 * MINUTE],
    ['after the close', '2026-11-23T16:00', 17 * HOUR],
    ['on the afternoon of a half day', '2026-12-24T12:00', 20 * HOUR],
    ['on a holiday', '2026-12-25T09:00', 12 * HOUR],
    ['at the weekend', '2026-11-21T09:00', 40 * HOUR],
  ])('is quiet %s', (_, start, duration) => {
    const { wait } = watch(start)
    for (let passed = 0; passed < duration; passed += MINUTE) expect(wait(MINUTE)).toBe(false)
  })

  it('counts the silence of the afternoon from its opening', () => {
    const { wait, data } = watch('2026-11-23T11:59:59')
    data()
    expect(wait(HOUR + 30 * SECOND)).toBe(false)
    expect(wait(SECOND)).toBe(true)
  })

  it('allows five times the longest silence of this session that data ended', () => {
    const { wait, data, reconnect } = watch('2026-11-23T10:00')
    wait(20 * SECOND)
    data()
    expect(wait(99 * SECOND)).toBe(false)
    expect(wait(SECOND)).toBe(true)
    reconnect()
    expect(wait(99 * SECOND)).toBe(false)
  })

  it('does not learn from a silence that a reconnect ended', () => {
    const { wait, data, reconnect } = watch('2026-11-23T10:00')
    wait(29 * SECOND)
    reconnect()
    wait(SECOND)
    data()
    expect(wait(30 * SECOND)).toBe(true)
  })

  it('forgets what it learnt when the next session begins', () => {
    const { wait, data } = watch('2026-11-23T11:59')
    wait(29 * SECOND)
    data()
    wait(HOUR + 31 * SECOND)
    data()
    expect(wait(30 * SECOND)).toBe(true)
  })

  it('doubles after each reconnect that brought nothing, up to 10 minutes, until data comes', () => {
    const { wait, data, reconnect, watchdog } = watch('2026-11-23T10:00')
    for (const limit of [30, 60, 120, 240, 480, 600, 600]) {
      expect(wait((limit - 1) * SECOND)).toBe(false)
      expect(wait(SECOND)).toBe(true)
      watchdog.broughtNothing()
      reconnect()
    }
    data()
    expect(wait(30 * SECOND)).toBe(true)
  })

  it('asks to be looked at again within a minute, for the wall clock can jump', () => {
    const { remaining, jump } = watch('2026-11-23T12:30')
    expect(remaining()).toBe(MINUTE)
    jump(31 * MINUTE)
    expect(remaining()).toBeLessThanOrEqual(30 * SECOND)
  })
})

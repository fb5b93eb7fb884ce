import { describe, expect, test } from 'vitest'
import type { Tick } from '../../src/core/market/event.ts'
import { formatDate } from '../../src/core/market/time.ts'
import type { VolatilityEvent } from '../../src/core/statistics/volatility/intake.ts'
import { VolatilityMonitor } from '../../src/core/statistics/volatility/monitor.ts'
import type { OvernightMove } from '../../src/core/statistics/volatility/overnight.ts'
import { columnsOf } from '../../src/core/storage/columns.ts'
import { at, barAt, sessions, tickAt } from './market.ts'

function movesIn(feed: (monitor: VolatilityMonitor) => void): [string, string, number][] {
  const moves: OvernightMove[] = []
  feed(new VolatilityMonitor({ sessions }, { onOvernightMove: (move) => moves.push(move) }))
  return moves.map(({ symbol, timestamp, move }) => [symbol, formatDate(timestamp), move])
}
const inEvents = (events: readonly VolatilityEvent[]) => movesIn((monitor) => monitor.push(events))

describe('a move over night beyond 25 %', () => {
  const night = (close: number, open: number): Tick[] => [
    tickAt(at('2026-11-19T10:00'), close * 3),
    tickAt(at('2026-11-19T15:59'), close),
    tickAt(at('2026-11-20T09:31'), open),
    tickAt(at('2026-11-20T14:00'), open * 2),
  ]

  test('is told with its day and size, a move of less or within the day is not', () => {
    expect(inEvents(night(100, 20))).toEqual([['00700.HK', '2026-11-20', -0.8]])
    expect(inEvents(night(100, 130))).toEqual([['00700.HK', '2026-11-20', expect.closeTo(0.3, 12)]])
    expect(inEvents(night(100, 76))).toEqual([])
    expect(inEvents(night(100, 125))).toEqual([])
  })

  test('is told of columns and bars as of ticks', () => {
    const columns = movesIn((monitor) => monitor.pushColumns('00700.HK', columnsOf(night(100, 20))))
    expect(columns).toEqual(inEvents(night(100, 20)))
    const bars = [barAt(at('2026-11-19T15:59'), 100), barAt(at('2026-11-20T09:30'), 60, { open: 20 })]
    expect(inEvents(bars)).toEqual([['00700.HK', '2026-11-20', -0.8]])
  })

  test('is seen symbol by symbol, and not in a tick that is left out', () => {
    const other = tickAt(at('2026-11-20T09:31'), 20, { symbol: '09988.HK' })
    const suspect = tickAt(at('2026-11-20T09:30'), 1, { flags: ['suspect_price'] })
    const [first, last, next] = night(100, 101)
    expect(inEvents([first!, last!, other, suspect, next!])).toEqual([])
  })
})

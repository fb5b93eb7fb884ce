import type { Bar } from '../../src/core/market/bar.ts'
import type { Gap, Tick } from '../../src/core/market/event.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { MINUTE, parseTime } from '../../src/core/market/time.ts'
import type { VolatilityEvent } from '../../src/core/statistics/volatility/intake.ts'
import { VolatilityMonitor } from '../../src/core/statistics/volatility/monitor.ts'
import type { VolatilityOptions } from '../../src/core/statistics/volatility/options.ts'
import type { VolatilityRecord } from '../../src/core/statistics/volatility/record.ts'

export const sessions = new Sessions()

/** Epoch ms of a Hong Kong time. */
export const at = (text: string): number => parseTime(text)

let seq = 0

export function tickAt(timestamp: number, price: number, over: Partial<Tick> = {}): Tick {
  const symbol = over.symbol ?? '00700.HK'
  const index = !symbol.endsWith('.HK')
  const volume = over.volume ?? (index ? null : 100)
  return {
    type: 'tick',
    symbol,
    timestamp,
    last_price: price,
    volume,
    turnover: volume === null ? null : price * volume,
    bid_price: null,
    ask_price: null,
    bid_size: null,
    ask_size: null,
    quote_time: null,
    value: null,
    spread: null,
    side: null,
    phase: sessions.phaseAt(timestamp),
    trade_type: null,
    flags: [],
    seq: seq++,
    source: 'test',
    received_at: null,
    ...over,
  }
}

export function gapAt(from: number, to: number, symbol: string | null = '00700.HK'): Gap {
  return { type: 'gap', source: 'test', symbol, from, to, cause: 'disconnect', volume: null, filled_by: null }
}

export function barAt(start: number, close: number, over: Partial<Bar> = {}): Bar {
  return {
    type: 'bar',
    symbol: '00700.HK',
    start,
    end: start + MINUTE,
    open: close,
    high: close,
    low: close,
    close,
    volume: 100,
    turnover: close * 100,
    vwap: null,
    mean: null,
    trades: 1,
    final: true,
    has_gap: false,
    ...over,
  }
}

/** A repeatable uniform number in [-0.5, 0.5) for any key. */
export function noise(key: number): number {
  let x = Math.imul(key ^ 0x9e3779b9, 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32 - 0.5
}

/** How a synthetic day moves: size of a minute's return and volume of a minute, by minute since midnight. */
export interface DayPlan {
  move?: (minute: number) => number
  volume?: (minute: number) => number
  symbol?: string
}

/** A tick in the middle of every minute of continuous trading of that day, and one in the closing auction. */
export function dayOfTicks(date: string, plan: DayPlan = {}): Tick[] {
  const day = sessions.day(at(`${date}T00:00`))
  if (day === null) return []
  const ticks: Tick[] = []
  const symbol = plan.symbol ?? '00700.HK'
  let price = 300 + 10 * noise(day.number)
  for (const { open, close } of day.continuous) {
    for (let start = open; start < close; start += MINUTE) {
      const minute = ((start + 8 * 3_600_000) % 86_400_000) / MINUTE
      price *= Math.exp((plan.move?.(minute) ?? 1e-3) * noise(day.number * 1440 + minute))
      const volume = symbol.endsWith('.HK') ? (plan.volume?.(minute) ?? 1000) : null
      ticks.push(tickAt(start + 30_000, price, { symbol, volume }))
    }
  }
  ticks.push(tickAt(day.end - MINUTE, price * 1.01, { symbol, volume: symbol.endsWith('.HK') ? 1e7 : null }))
  return ticks
}

/** Trading days of 2026 from a date on. */
export function daysFrom(date: string, count: number): string[] {
  return sessions
    .days(at(`${date}T00:00`), at('2027-01-01T00:00'))
    .slice(0, count)
    .map((day) => day.date)
}

/** All records of the events, given in batches of `size`. */
export function recordsOf(
  events: readonly VolatilityEvent[],
  options: VolatilityOptions = {},
  size = Number.POSITIVE_INFINITY,
): VolatilityRecord[] {
  const monitor = new VolatilityMonitor({ sessions, ...options })
  const records: VolatilityRecord[] = []
  const step = Math.min(size, events.length || 1)
  for (let i = 0; i < events.length; i += step) records.push(...monitor.push(events.slice(i, i + step)))
  records.push(...monitor.end())
  return records
}

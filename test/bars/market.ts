import { type ResampleOptions, resample } from '../../src/core/bars/resample.ts'
import type { Bar } from '../../src/core/market/bar.ts'
import type { Batches, Gap, MarketEvent, Tick } from '../../src/core/market/event.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { formatClock, MINUTE, parseTime } from '../../src/core/market/time.ts'

export const sessions = new Sessions()

/** A time of Monday 2026-11-23 unless a date is given: `09:30`, `16:08:30.500`, `2026-12-24T12:00`. */
export function at(text: string): number {
  const time = parseTime(text.includes('T') ? text : `2026-11-23T${text}`)
  if (Number.isNaN(time)) throw new Error(`not a time: ${text}`)
  return time
}

let ordinal = 0

/** A trade of 00700.HK as the market would send it; its phase and `out_of_session` follow from its time. */
export function tick(
  time: string | number,
  price: number,
  volume: number | null = 100,
  over: Partial<Tick> = {},
): Tick {
  const timestamp = typeof time === 'number' ? time : at(time)
  const value = volume === null ? null : (Math.round(price * 1000) * volume) / 1000
  return {
    type: 'tick',
    symbol: '00700.HK',
    timestamp,
    last_price: price,
    volume,
    turnover: value,
    bid_price: null,
    ask_price: null,
    bid_size: null,
    ask_size: null,
    quote_time: null,
    value,
    spread: null,
    side: null,
    phase: sessions.phaseAt(timestamp),
    trade_type: null,
    flags: sessions.tradesAt(timestamp) ? [] : ['out_of_session'],
    seq: ++ordinal,
    source: 'test',
    received_at: null,
    ...over,
  }
}

export function gap(from: string, to: string, over: Partial<Gap> = {}): Gap {
  const hole = { symbol: null, from: at(from), to: at(to), cause: 'disconnect', volume: null, filled_by: null } as const
  return { type: 'gap', source: 'test', ...hole, ...over }
}

export async function* batchesOf<E>(...batches: readonly (readonly E[])[]): Batches<E> {
  for (const batch of batches) yield batch
}

export async function collect<E>(batches: AsyncIterable<readonly E[]>): Promise<E[]> {
  const all: E[] = []
  for await (const batch of batches) all.push(...batch)
  return all
}

/** The bars of these events in one batch. */
export function barsOf(events: readonly MarketEvent[], options: ResampleOptions): Promise<Bar[]> {
  return collect(resample(batchesOf(events), options))
}

/** `09:30-09:35`, for reading. */
export function span({ start, end }: Bar): string {
  return `${formatClock(start).slice(0, 5)}-${formatClock(end).slice(0, 5)}`
}

export const minutes = (n: number): number => n * MINUTE

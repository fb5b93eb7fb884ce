import { summarise } from '../bars/minutes.ts'
import type { Summary } from '../bars/summary.ts'
import type { Tick } from '../market/event.ts'

/** A field of a stored one-minute summary that is not what its trades make. */
export interface Mismatch {
  type: 'mismatch'
  symbol: string
  /** Start of the minute, epoch ms. */
  start: number
  field: keyof Summary
  /** As text; null where one of both has no such minute, or no such figure. */
  stored: string | null
  recomputed: string | null
}

/** Sums of trades that came in another order differ in their last digits. */
const TOLERANCE = 1e-9

/**
 * Where stored one-minute summaries differ from those of the trades. A vendor's minutes are what they are: no trades make
 * them.
 * @param stored summaries of a stretch of whole minutes, in order
 * @param ticks all trades of the same stretch
 */
export function mismatches(symbol: string, stored: readonly Summary[], ticks: Iterable<Tick>): Mismatch[] {
  const made = new Map(summarise(ticks).map((minute) => [minute.start, minute]))
  const found: Mismatch[] = []
  for (const minute of stored) {
    const again = made.get(minute.start)
    made.delete(minute.start)
    if (minute.origin === 'ticks') found.push(...compared(symbol, minute.start, minute, again))
  }
  for (const [start, again] of made) found.push(...compared(symbol, start, undefined, again))
  return found
}

function compared(symbol: string, start: number, stored?: Summary, again?: Summary): Mismatch[] {
  const fields = stored === undefined || again === undefined ? (['trades'] as const) : fieldsOf(stored)
  return fields
    .filter((field) => !isSame(field, stored?.[field], again?.[field]))
    .map((field) => ({
      type: 'mismatch',
      symbol,
      start,
      field,
      stored: text(stored?.[field]),
      recomputed: text(again?.[field]),
    }))
}

/** A summary of left-out trades alone says nothing of prices. */
function fieldsOf(minute: Summary): readonly (keyof Summary)[] {
  return minute.trades === 0 ? ['trades', 'left_out'] : (Object.keys(minute) as (keyof Summary)[])
}

function isSame(field: keyof Summary, a: unknown, b: unknown): boolean {
  if (!field.endsWith('_mills') || typeof a !== 'number' || typeof b !== 'number') return a === b
  return Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b))
}

function text(value: unknown): string | null {
  return value === undefined || value === null ? null : String(value)
}

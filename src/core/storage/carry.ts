import { minuteOf } from '../bars/summary.ts'
import type { Completeness } from '../market/completeness.ts'
import type { Rejected } from '../market/event.ts'
import { DAY, parseTime } from '../market/time.ts'
import type { Query } from '../pipeline/source.ts'
import type { Store } from './store.ts'

/** A store that a history is copied into. */
export type Recipient = Pick<Store, 'write' | 'fill' | 'putInstruments' | 'putCompleteness'>

/**
 * Copies what a store holds beside the ticks, quotes and gaps of `read`, which go first: minutes that a vendor filled, facts of
 * instruments, comparisons with vendors of whole days, rejected records. A gap counts as filled only once its minutes are there, all
 * of them. The same twice changes nothing; an aborted copy goes on with the next one.
 * @throws what either store refuses with
 */
export async function carry(from: Store, to: Recipient, query: Query, signal?: AbortSignal): Promise<void> {
  const isWanted = (symbol: string): boolean => !query.symbols || query.symbols.includes(symbol)
  const facts = (await from.instruments()).filter(({ symbol }) => isWanted(symbol))
  if (facts.length > 0) await to.putInstruments(facts)
  for (const symbol of (await from.symbols()).filter(isWanted)) {
    if (signal?.aborted) return
    await carryMinutes(from, to, symbol, query)
    const compared = (await from.completeness(symbol)).filter((row) => isWhole(row, query))
    if (compared.length > 0) await to.putCompleteness(compared)
  }
  await carryFilled(from, to, query)
  for await (const records of from.rejected()) {
    const wanted = records.filter((record) => isWithin(record, query))
    if (wanted.length > 0) await to.write(wanted)
  }
}

async function carryMinutes(from: Store, to: Recipient, symbol: string, { symbols: _, ...span }: Query): Promise<void> {
  for await (const minutes of from.minutes(symbol, span)) {
    const filled = minutes.filter(({ origin }) => origin === 'backfill')
    if (filled.length > 0) await to.fill(filled, [])
  }
}

async function carryFilled(from: Store, to: Recipient, query: Query): Promise<void> {
  const { since = -Infinity, until = Infinity } = query
  const filled = (await from.gaps(query)).filter(
    (gap) => gap.filled_by === 'backfill' && minuteOf(gap.from) >= since && gap.to < until,
  )
  if (filled.length > 0) await to.fill([], filled)
}

/** Whether all of a day that was compared is in the span. */
function isWhole({ date }: Completeness, { since = -Infinity, until = Infinity }: Query): boolean {
  const day = parseTime(date)
  return day >= since && day + DAY <= until
}

/** By the record's own time, else by when it came; one without a symbol is of all of them alone. */
function isWithin({ symbol, timestamp, received_at }: Rejected, { symbols, since, until }: Query): boolean {
  if (symbols && (symbol === null || !symbols.includes(symbol))) return false
  const time = timestamp ?? received_at
  return time === null || (time >= (since ?? time) && time < (until ?? Infinity))
}

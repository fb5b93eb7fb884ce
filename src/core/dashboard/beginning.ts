import type { Summary } from '../bars/summary.ts'
import type { Sessions } from '../market/session.ts'
import { DAY, dayNumber, dayStart } from '../market/time.ts'
import type { Span, Store } from '../storage/store.ts'
import { cleanCut } from './clean-cut.ts'
import type { Desk } from './desk.ts'

/** Trading days in which the close before the last day of a symbol is looked for. */
const DAYS_OF_CLOSES = 10

/** Where the desk's own memory begins. */
export interface Beginning {
  /** What was stored before this (epoch ms) is read once, and events from it on are to come; -Infinity for an empty store. */
  seam: number
  /** Midnight of the day in which it lies. */
  day: number
  /** Time of the newest stored tick of each symbol. */
  newest: ReadonlyMap<string, number>
}

/**
 * Where a desk over a store begins.
 * @param settled up to when (epoch ms) the store is complete in itself
 */
export async function beginningOf(store: Store, settled: number, sessions: Sessions): Promise<Beginning> {
  const newest = new Map<string, number>()
  for (const { symbol, timestamp } of await store.checkpoints()) {
    if (timestamp !== null) newest.set(symbol, Math.max(timestamp, newest.get(symbol) ?? timestamp))
  }
  const last = Math.max(...newest.values())
  if (last === Number.NEGATIVE_INFINITY) return { seam: last, day: last, newest }
  const day = dayStart(dayNumber(last))
  return { seam: Math.max(day, cleanCut(settled, sessions)), day, newest }
}

/** Reads what a store holds of its last day before the seam, and the close of the day before, symbol by symbol. */
export async function begin(desk: Desk, store: Store, symbols: readonly string[], beginning: Beginning): Promise<void> {
  const { seam, day, newest } = beginning
  if (seam === Number.NEGATIVE_INFINITY) return
  desk.beginAt(day, seam)
  for (const symbol of symbols) {
    const minutes = await minutesIn(store, symbol, { since: day, until: seam })
    desk.change(symbol, (sheet, version) => sheet.begin(minutes, version))
    const last = dayStart(dayNumber(newest.get(symbol) ?? day))
    const before = last < day ? await minutesIn(store, symbol, { since: last, until: last + DAY }) : []
    desk.change(symbol, (sheet) => sheet.figures.put(before))
    const close = await closeBefore(store, symbol, last, desk.sessions)
    if (close !== null) desk.change(symbol, (sheet, version) => sheet.closed(close.day, close.price, version))
  }
  desk.mark(await store.gaps({ symbols, since: day, until: seam }))
  desk.learn(await store.instruments())
}

/** The minutes of a stretch, in order. */
export async function minutesIn(store: Pick<Store, 'minutes'>, symbol: string, span: Span): Promise<Summary[]> {
  const minutes: Summary[] = []
  for await (const chunk of store.minutes(symbol, span)) minutes.push(...chunk)
  return minutes
}

async function closeBefore(
  store: Store,
  symbol: string,
  time: number,
  sessions: Sessions,
): Promise<{ day: number; price: number } | null> {
  for (const { number } of sessions.daysBefore(time, DAYS_OF_CLOSES).reverse()) {
    const minutes = await minutesIn(store, symbol, { since: dayStart(number), until: dayStart(number + 1) })
    const last = minutes.findLast(({ trades }) => trades !== 0)
    if (last !== undefined) return { day: number, price: last.close }
  }
  return null
}

import { dayStart } from '../../market/time.ts'
import type { Shelf, ShelfDay } from '../sqlite/shelf.ts'
import type { SqliteStore } from '../sqlite/store.ts'
import type { Span } from '../store.ts'
import type { Lake } from './lake.ts'
import { putLists } from './lists.ts'

/** A store whose days are moved, held by its lock. */
export interface Moving {
  readonly store: SqliteStore
  readonly shelf: Shelf
}

/** What a day of a symbol came to. */
export interface Moved {
  readonly symbol: string
  readonly day: number
  readonly ticks: number
  readonly quotes: number
  /** Size of the files of the day. */
  readonly bytes: number
}

/** Where a moving stands, for tests that end it there. */
export type Step = 'adopted' | 'written' | 'shelved' | 'cleared' | 'listed'

/**
 * Moves the days before day `until` from a store into a lake: each day's records are written, read back and compared with
 * the store's one by one, and are on the disk before the store tells that they lie there; then the store's own rows
 * are deleted, some thousand in a transaction. Ended anywhere and started again it goes on: no row is lost, none comes twice.
 * Minutes, gaps and all else stay in the store; the lake gets a copy.
 */
export async function* moveDays(
  { store, shelf }: Moving,
  lake: Lake,
  until: number,
  at: (step: Step) => void = () => {},
): AsyncGenerator<Moved> {
  for (const day of shelf.days(until)) {
    if (day.state === 'here') yield await moveDay({ store, shelf }, lake, day, at)
    else await finishDay({ store, shelf }, day)
    shelf.clear(day.symbol, day.day)
    at('cleared')
  }
  await putLists(lake, shelf.lists())
  at('listed')
}

async function moveDay({ store, shelf }: Moving, lake: Lake, of: ShelfDay, at: (step: Step) => void): Promise<Moved> {
  const { symbol, day } = of
  await adopt(store, lake, of)
  at('adopted')
  const span = spanOf(day)
  const ticks = await lake.putTicks(of, () => store.ticks(symbol, span))
  const quotes = await lake.putQuotes(of, () => inTurn(shelf.quotes(symbol, day)))
  await lake.putMinutes(of, () => store.minutes(symbol, span))
  at('written')
  store.shelve(symbol, day, lake.directory, { ticks, quotes })
  at('shelved')
  return { symbol, day, ticks, quotes, bytes: lake.bytes(of) }
}

/** What the lake has of a day that the store does not count there: of an earlier attempt, or of another store. */
async function adopt(store: SqliteStore, lake: Lake, { symbol, day }: ShelfDay): Promise<void> {
  const reading = { symbol, days: [day] }
  if (lake.has('ticks', { symbol, day })) for await (const ticks of lake.ticks(reading)) await store.write(ticks)
  if (lake.has('quotes', { symbol, day })) for await (const quotes of lake.quotes(reading)) await store.write(quotes)
}

/** A day that is in its lake, but for minutes that were filled since. */
async function finishDay({ store, shelf }: Moving, { symbol, day, state }: ShelfDay): Promise<void> {
  if (state !== 'stale') return
  const lake = await shelf.archived.lake(shelf.archived.find(symbol, day)!.lake)
  await lake.putMinutes({ symbol, day }, () => store.minutes(symbol, spanOf(day)))
  store.refreshed(symbol, day)
}

function spanOf(day: number): Span {
  return { since: dayStart(day), until: dayStart(day + 1) }
}

async function* inTurn<T>(values: Iterable<T>): AsyncGenerator<T> {
  yield* values
}

import type { Gap } from '../market/event.ts'
import type { Sessions } from '../market/session.ts'
import { DAY, dayNumber, MINUTE } from '../market/time.ts'
import type { Store } from '../storage/store.ts'

/** What a store tells of the recording of one symbol. Times in epoch ms. */
export interface Held {
  readonly symbol: string
  /** Whose hole it is where no row tells. */
  readonly source: string
  /** Gap rows that concern the symbol. */
  readonly gaps: readonly Gap[]
  /** First and last minute with a trade of its own, by their starts; null without any. */
  readonly own: readonly [first: number, last: number] | null
  /** Minutes in which the store has a trade of any symbol, by day number and their starts, rising: somebody listened then. */
  readonly minutes: ReadonlyMap<number, readonly number[]>
  /** Exchange time of the newest trade; null without any. */
  readonly newest: number | null
  /** Local time up to which a live feed was heard; null where none told. */
  readonly heard: number | null
}

/** What a store holds of each of the symbols. */
export async function heldOf(store: Store, symbols: readonly string[], sessions: Sessions): Promise<Held[]> {
  const own = new Map<string, readonly number[]>()
  for (const symbol of symbols) own.set(symbol, await tradedMinutes(store, symbol))
  const minutes = await listened(store, symbols, [...own.values()], sessions)
  const gaps = grouped(await store.gaps({ symbols }), ({ symbol }) => symbol)
  const checkpoints = grouped(await store.checkpoints(), ({ symbol }) => symbol)
  return symbols.map((symbol) => {
    const [reached, traded] = [checkpoints.get(symbol) ?? [], own.get(symbol)!]
    const rows = [...(gaps.get(symbol) ?? []), ...(gaps.get(null) ?? [])]
    return {
      ...{ symbol, gaps: rows, minutes },
      source: reached.at(-1)?.source ?? rows[0]?.source ?? '',
      own: traded.length === 0 ? null : [traded[0]!, traded.at(-1)!],
      newest: latest(
        reached.map(({ timestamp, committed_at }) => (isFarAhead(timestamp, committed_at) ? null : timestamp)),
      ),
      heard: latest(reached.map(({ covered_until }) => covered_until)),
    }
  })
}

/** Symbols of which the store knows anything, trades or not. */
export async function knownSymbols(store: Store): Promise<string[]> {
  const told = [...(await store.checkpoints()), ...(await store.gaps({}))].map(({ symbol }) => symbol)
  return [...new Set([...(await store.symbols()), ...told])].filter((symbol) => symbol !== null).sort()
}

/** Starts of the minutes with trades; a vendor's minute may have some too. */
async function tradedMinutes(store: Store, symbol: string): Promise<number[]> {
  const starts: number[] = []
  for await (const batch of store.minutes(symbol, {})) {
    for (const { origin, start } of batch)
      if (origin === 'ticks' || (await isTraded(store, symbol, start))) starts.push(start)
  }
  return starts
}

async function isTraded(store: Store, symbol: string, start: number): Promise<boolean> {
  return (await first(store.ticks(symbol, { since: start, until: start + MINUTE }))) !== undefined
}

/** By day; with the minutes of the store's other symbols on trading days on which these have none. */
async function listened(
  store: Store,
  symbols: readonly string[],
  own: readonly (readonly number[])[],
  sessions: Sessions,
): Promise<Map<number, readonly number[]>> {
  const starts = [...new Set(own.flat())].sort((a, b) => a - b)
  const minutes: Map<number, readonly number[]> = byDay(starts)
  if (starts.length === 0) return minutes
  const others = (await store.symbols()).filter((symbol) => !symbols.includes(symbol))
  for (const { number, phases, end } of sessions.days(starts[0]!, starts.at(-1)!)) {
    if (minutes.has(number)) continue
    for (const symbol of others) {
      const batch = await first(store.minutes(symbol, { since: phases[0]!.open, until: end }))
      if (batch === undefined) continue
      minutes.set(number, [batch[0]!.start])
      break
    }
  }
  return minutes
}

async function first<T>(batches: AsyncIterable<T>): Promise<T | undefined> {
  for await (const batch of batches) return batch
  return undefined
}

function grouped<K, V>(values: readonly V[], keyOf: (value: V) => K): Map<K, V[]> {
  const groups = new Map<K, V[]>()
  for (const value of values) {
    const group = groups.get(keyOf(value))
    if (group) group.push(value)
    else groups.set(keyOf(value), [value])
  }
  return groups
}

/** Starts of minutes by the number of their day. */
export function byDay(starts: readonly number[]): Map<number, number[]> {
  return grouped(starts, dayNumber)
}

/** Whether a trade claims to be of a day after it was stored. */
function isFarAhead(timestamp: number | null, storedAt: number): boolean {
  return timestamp !== null && timestamp > storedAt + DAY
}

function latest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null)
  return known.length === 0 ? null : Math.max(...known)
}

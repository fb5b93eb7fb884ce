import type { Gap } from '../market/event.ts'
import type { Sessions } from '../market/session.ts'
import { dayNumber, MINUTE } from '../market/time.ts'
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
  /** Minutes in which the store has a trade of any symbol, by their starts, rising: somebody listened then. */
  readonly minutes: readonly number[]
  /** Exchange time of the newest trade; null without any. */
  readonly newest: number | null
  /** Local time up to which a live feed was heard; null where none told. */
  readonly heard: number | null
}

/** What a store holds of each of the symbols. */
export function heldOf(store: Store, symbols: readonly string[], sessions: Sessions): Held[] {
  const own = new Map(symbols.map((symbol) => [symbol, tradedMinutes(store, symbol)]))
  const minutes = listened(store, symbols, new Set([...own.values()].flat()), sessions)
  const checkpoints = store.checkpoints()
  return symbols.map((symbol) => {
    const reached = checkpoints.filter((checkpoint) => checkpoint.symbol === symbol)
    const [gaps, traded] = [store.gaps({ symbols: [symbol] }), own.get(symbol)!]
    return {
      ...{ symbol, gaps, minutes },
      source: reached.at(-1)?.source ?? gaps[0]?.source ?? '',
      own: traded.length === 0 ? null : [traded[0]!, traded.at(-1)!],
      newest: latest(reached.map(({ timestamp }) => timestamp)),
      heard: latest(reached.map(({ covered_until }) => covered_until)),
    }
  })
}

/** Symbols of which the store knows anything, trades or not. */
export function knownSymbols(store: Store): string[] {
  const told = [...store.checkpoints(), ...store.gaps({})].map(({ symbol }) => symbol)
  return [...new Set([...store.symbols(), ...told])].filter((symbol) => symbol !== null).sort()
}

/** Starts of the minutes with trades; a vendor's minute may have some too. */
function tradedMinutes(store: Store, symbol: string): number[] {
  const starts: number[] = []
  for (const batch of store.minutes(symbol, {})) {
    for (const { origin, start } of batch) if (origin === 'ticks' || isTraded(store, symbol, start)) starts.push(start)
  }
  return starts
}

function isTraded(store: Store, symbol: string, start: number): boolean {
  const ticks = store.ticks(symbol, { since: start, until: start + MINUTE })[Symbol.iterator]()
  return !ticks.next().done
}

/** With the minutes of the store's other symbols on trading days on which these have none. */
function listened(store: Store, symbols: readonly string[], own: Set<number>, sessions: Sessions): number[] {
  const minutes = [...own].sort((a, b) => a - b)
  if (minutes.length === 0) return minutes
  const days = new Set(minutes.map(dayNumber))
  const others = store.symbols().filter((symbol) => !symbols.includes(symbol))
  for (const { number, phases, end } of sessions.days(minutes[0]!, minutes.at(-1)!)) {
    if (days.has(number)) continue
    for (const symbol of others) {
      const batch = store.minutes(symbol, { since: phases[0]!.open, until: end })[Symbol.iterator]().next()
      if (batch.done) continue
      minutes.push(batch.value[0]!.start)
      break
    }
  }
  return minutes.sort((a, b) => a - b)
}

function latest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null)
  return known.length === 0 ? null : Math.max(...known)
}

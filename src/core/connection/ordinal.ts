const KEPT = 4_096
const HORIZON = 60_000

/**
 * Sequence numbers for a vendor that has none: the ordinal of a trade among those of the same symbol and millisecond on
 * one connection. It starts at 0 again on the next connection, so that a trade sent again meets its own identity.
 */
export class Ordinals {
  readonly #counts = new Map<string, Map<number, number>>()

  next(symbol: string, time: number): number {
    let counts = this.#counts.get(symbol)
    if (counts === undefined) {
      counts = new Map()
      this.#counts.set(symbol, counts)
    }
    const ordinal = counts.get(time) ?? 0
    counts.set(time, ordinal + 1)
    if (counts.size > KEPT) forget(counts)
    return ordinal
  }
}

/** Drops milliseconds a minute older than the newest, and the oldest seen where that frees too little. */
function forget(counts: Map<number, number>): void {
  let newest = 0
  for (const time of counts.keys()) if (time > newest) newest = time
  for (const time of counts.keys()) if (time < newest - HORIZON) counts.delete(time)
  for (const time of counts.keys()) {
    if (counts.size <= KEPT / 2) break
    counts.delete(time)
  }
}

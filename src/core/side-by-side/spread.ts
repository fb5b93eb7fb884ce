/** What a difference between two clocks lies between, and its median. */
export interface Range {
  readonly low: number
  readonly high: number
  readonly median: number
}

/** Values that are kept, those that a first range needs, and the time it needs, ms. */
const KEPT = 256
const LEAST = 16
const TIME = 5_000
/** Of values closer than this the first is taken, ms: a clock of whole seconds shows only over seconds. */
const APART = 40
/** Beyond the median by this many widths of the closest half of all values, and ms, a value is a mistake. */
const MISTAKEN = 4
const MISTAKEN_MS = 50

/**
 * Where the values of a difference lie, by the newest of them: what is far off is left out, and the ends are moved out by
 * what a sample of that size may not have met. A constant difference has a range without width.
 */
export class Spread {
  readonly #values: number[] = []
  #count = 0
  #first: number | undefined
  #newest = Number.NEGATIVE_INFINITY
  #range: Range | null = null

  /** @param at local time, ms */
  add(value: number, at: number): void {
    this.#first ??= at
    if (Math.abs(at - this.#newest) < APART) return
    this.#newest = at
    this.#values[this.#count++ % KEPT] = value
    if (this.#count % LEAST === 0 && at - this.#first >= TIME) this.#range = rangeOf(this.#values)
  }

  /** Null until enough is known. */
  get range(): Range | null {
    return this.#range
  }
}

/** Where differences lie. @param values at least one, in any order */
export function rangeOf(values: readonly number[]): Range {
  const sorted = Float64Array.from(values).sort()
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))]!
  const reach = MISTAKEN * closestHalf(sorted) + MISTAKEN_MS
  const near = sorted.filter((value) => value >= at(0.5) - reach && value <= at(0.5) + reach)
  const [low, high] = [near[0]!, near.at(-1)!]
  const margin = (high - low) * (0.1 + 2 / near.length)
  return { low: low - margin, high: high + margin, median: at(0.5) }
}

/** The width of the narrowest stretch that holds half of the values, ms: mistakes do not widen it while they are fewer than the rest. */
function closestHalf(sorted: Float64Array): number {
  const half = (sorted.length - 1) >> 1
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i + half < sorted.length; i++) least = Math.min(least, sorted[i + half]! - sorted[i]!)
  return least
}

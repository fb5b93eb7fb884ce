import type { Likeness, Waiting } from './pairing.ts'

/** What a pair is worth beyond its distance: of alignments with as many pairs the nearest is the best. */
const PAIR = 1e9
/** Pairs of likes that may be looked at, some 50 MB; a symbol with more is not aligned until the clocks leave it fewer. */
const MOST = 1_000_000

/** A trade of each feed that are one; both in order of arrival. */
export type Pair = readonly [first: Waiting, second: Waiting]

/**
 * Which trades of two feeds are the same, by their order: the most pairs of likes that do not cross, and of those with as many the
 * nearest ones. What stands before and behind a trade tells it from its likes, so that where one feed began earlier its first
 * trades do not take the partners of later ones.
 * @param first of one symbol, in order of arrival, as `second`
 */
export function alignmentOf(first: readonly Waiting[], second: readonly Waiting[], likeness: Likeness): Pair[] {
  const places = placesOf(second, likeness)
  const best = new Best(second.length)
  const pairs: { i: number; j: number; before: number }[] = []
  for (const [i, { tick }] of first.entries()) {
    const found: { node: number; j: number; worth: number }[] = []
    for (const j of places.get(likeness.key(tick)) ?? []) {
      const distance = likeness.distance(tick, second[j]!.tick)
      if (distance === Number.POSITIVE_INFINITY) continue
      const { node: before, worth } = best.below(j)
      found.push({ node: pairs.push({ i, j, before }) - 1, j, worth: worth + PAIR - distance })
    }
    // no pair of a trade comes behind another one of it
    for (const { node, j, worth } of found) best.offer(j, node, worth)
    if (pairs.length > MOST) return []
  }
  const aligned: Pair[] = []
  for (let node = best.below(second.length).node; node !== -1; node = pairs[node]!.before)
    aligned.push([first[pairs[node]!.i]!, second[pairs[node]!.j]!])
  return aligned.reverse()
}

function placesOf(waiting: readonly Waiting[], { key }: Likeness): Map<string, number[]> {
  const places = new Map<string, number[]>()
  for (const [j, { tick }] of waiting.entries()) {
    const own = places.get(key(tick))
    if (own === undefined) places.set(key(tick), [j])
    else own.push(j)
  }
  return places
}

/** The most that an alignment ending before a place is worth: a Fenwick tree of maxima. */
class Best {
  readonly #worths: Float64Array
  readonly #nodes: Int32Array

  constructor(size: number) {
    this.#worths = new Float64Array(size + 1)
    this.#nodes = new Int32Array(size + 1).fill(-1)
  }

  /** The best that ends before place `end`; node -1 for none. */
  below(end: number): { node: number; worth: number } {
    let [node, worth] = [-1, 0]
    for (let at = end; at > 0; at -= at & -at) {
      if (this.#worths[at]! <= worth) continue
      worth = this.#worths[at]!
      node = this.#nodes[at]!
    }
    return { node, worth }
  }

  offer(place: number, node: number, worth: number): void {
    for (let at = place + 1; at < this.#worths.length; at += at & -at) {
      if (this.#worths[at]! >= worth) continue
      this.#worths[at] = worth
      this.#nodes[at] = node
    }
  }
}

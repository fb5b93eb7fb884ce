import type { Likeness, Waiting } from './pairing.ts'

/** What a pair is worth beyond its distance: of alignments with as many pairs the nearest is the best. */
const PAIR = 1e9
/** Pairs of likes that may be looked at, some 50 MB; of a symbol with more the newer halves are laid side by side. */
const MOST = 1_000_000

/** The last pair of an alignment, -1 for none, and what the alignment is worth. */
interface End {
  readonly node: number
  readonly worth: number
}

/** A trade of each feed that are one; both in order of arrival. */
export type Pair = readonly [first: Waiting, second: Waiting]

/**
 * Which trades of two feeds are the same, by their order: of all ways to pair likes without crossing the one with the most pairs,
 * less `loss` for each place where one of the feeds is taken to have lost something, and of those with as many the nearest ones. What stands before and behind a trade tells it from its likes, so that where one feed began earlier its first
 * trades do not take the partners of later ones, nor where it is ahead its last ones those that are still to come.
 * @param first of one symbol, in order of arrival, as `second`
 * @param loss in pairs
 */
export function alignmentOf(
  first: readonly Waiting[],
  second: readonly Waiting[],
  likeness: Likeness,
  loss: number,
): Pair[] {
  const places = placesOf(second, likeness)
  const best = new Best(second.length)
  const pairs: { i: number; j: number; before: number }[] = []
  let above = new Map<number, End>()
  for (const [i, own] of first.entries()) {
    const row = new Map<number, End>()
    for (const j of places.get(likeness.key(own.tick)) ?? []) {
      const distance = likeness.distance(own, second[j]!)
      if (distance === Number.POSITIVE_INFINITY) continue
      const { node: before, worth } = better(above.get(j - 1), best.below(j), loss * PAIR)
      row.set(j, { node: pairs.push({ i, j, before }) - 1, worth: worth + PAIR - distance })
    }
    // no pair of a trade comes behind another one of it
    for (const [j, { node, worth }] of row) best.offer(j, node, worth)
    above = row
    if (pairs.length > MOST) return alignmentOf(newerHalf(first), newerHalf(second), likeness, loss)
  }
  const aligned: Pair[] = []
  for (let node = best.below(second.length).node; node !== -1; node = pairs[node]!.before)
    aligned.push([first[pairs[node]!.i]!, second[pairs[node]!.j]!])
  return aligned.reverse()
}

/** Goes on right behind a pair, behind one that lies further back, or begins. */
function better(adjacent: End | undefined, earlier: End, loss: number): End {
  const broken = earlier.worth > loss ? { node: earlier.node, worth: earlier.worth - loss } : { node: -1, worth: 0 }
  return adjacent === undefined || adjacent.worth < broken.worth ? broken : adjacent
}

const newerHalf = (told: readonly Waiting[]): readonly Waiting[] => told.slice(told.length >> 1)

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
  below(end: number): End {
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

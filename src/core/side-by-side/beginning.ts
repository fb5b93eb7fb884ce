import type { Gap } from '../market/event.ts'
import { alignmentOf, type Pair } from './alignment.ts'
import { type Clocks, UNKNOWN } from './clocks.ts'
import { type Lane, type LaneId, other } from './lane.ts'
import type { Pairing, Waiting } from './pairing.ts'
import { Places } from './places.ts'
import type { Told } from './told.ts'

/** What a loss costs between two feeds that tell nearly all: two trades are the least that may outweigh it, in pairs. */
const LOSS = 1.5
/** How often trades are laid side by side to learn the clocks: by order alone, then by order and clocks. */
const PASSES = 2

/** A trade of which it is not yet known whether the other feed tells it too. */
export interface Deferred {
  readonly lane: LaneId
  readonly waiting: Waiting
}

interface Stretch {
  readonly from: number
  readonly to: number
}

/** Trades by symbol, in order of arrival. */
type Tape = ReadonlyMap<string, readonly Waiting[]>

/** What two tellings of one event have in common; of what cannot be a trade that is the symbol alone. */
export function likenessOf(told: Told): string {
  return told.type === 'tick' ? `${told.symbol} ${told.last_price} ${told.volume}` : `${told.symbol} rejected`
}

/** What is the same by its order, and whether both feeds are seen to tell nearly all. */
export interface Aligned {
  readonly pairs: readonly Pair[]
  readonly isAllTold: boolean
}

/** What is the same by its order, of all that waits. Clocks that are not known may learn from it. */
export function alignedBy(clocks: Clocks, pairing: Pairing): Aligned {
  const [first, second] = [bySymbol(pairing.waiting(0)), bySymbol(pairing.waiting(1))]
  const likeness = {
    key: likenessOf,
    distance: (one: Waiting, another: Waiting) => clocks.difference(one.tick, another.tick),
  }
  const align = (loss: number): Pair[] =>
    [...first]
      .flatMap(([symbol, own]) => alignmentOf(own, second.get(symbol) ?? [], likeness, loss))
      .sort(([, a], [, b]) => a.at - b.at)
  let pairs = align(0)
  const passes = clocks.areKnown ? 1 : PASSES
  for (let pass = 0; pass < passes && clocks.assume(pairs); pass++) pairs = align(0)
  const isAllTold = areOnePlace(pairs)
  return { pairs: isAllTold ? align(LOSS) : pairs, isAllTold }
}

/** Whether the pairs lie one behind the other, as those of two feeds that tell all. */
function areOnePlace(pairs: readonly Pair[]): boolean {
  const places = new Places()
  for (const pair of pairs) places.met(...pair)
  return places.areTold
}

/**
 * The other feed's telling of what was kept back: by the order of the trades, and what that leaves by likeness in between; for a
 * trade of the first only where the second tells nearly all, since else it may be one that the second never told.
 */
export function partnersOf(
  deferred: readonly Deferred[],
  { pairs, isAllTold }: Aligned,
  pairing: Pairing,
): Map<Waiting, Waiting> {
  const partners = new Map<Waiting, Waiting>()
  const meet = (first: Waiting, second: Waiting): void => {
    pairing.remove(0, first)
    pairing.remove(1, second)
    partners.set(first, second).set(second, first)
  }
  const aligned = new Map<string, Pair[]>()
  for (const pair of pairs) {
    meet(...pair)
    const own = aligned.get(pair[0].tick.symbol)
    if (own === undefined) aligned.set(pair[0].tick.symbol, [pair])
    else own.push(pair)
  }
  for (const { lane, waiting } of deferred) {
    if (partners.has(waiting) || (lane === 0 && !isAllTold)) continue
    const like = pairing.like(lane, waiting, within(aligned.get(waiting.tick.symbol) ?? [], lane, waiting))
    if (like === null) continue
    if (lane === 0) meet(waiting, like)
    else meet(like, waiting)
  }
  return partners
}

/** Whether a trade of the other feed stands between the same pairs as this one. */
function within(pairs: readonly Pair[], lane: LaneId, { place }: Waiting): (like: Waiting) => boolean {
  let [from, to] = [0, pairs.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if (pairs[middle]![lane].place < place) from = middle + 1
    else to = middle
  }
  const after = pairs[from - 1]?.[other(lane)].place ?? -1
  const before = pairs[from]?.[other(lane)].place ?? Number.POSITIVE_INFINITY
  return (like) => like.place > after && like.place < before
}

/** What may be the other feed's telling, of which many may be one: what may have gone out is taken to have done so. */
export function likesOf(deferred: readonly Deferred[], pairing: Pairing): Map<Waiting, Waiting> {
  const likes = new Map<Waiting, Waiting>()
  for (const { lane, waiting } of deferred) {
    if (waiting.given) continue
    const like = pairing.like(lane, waiting, ({ given }) => lane === 1 || given)
    if (like === null) continue
    likes.set(waiting, like)
    pairing.remove(lane, waiting)
  }
  return likes
}

/**
 * Rows of what may be missing where trades are left out for their likes: those that were, and what is yet to come of the second
 * feed in place of the first one's; each in the time of its feed.
 */
export function doubtsOf(
  deferred: readonly Deferred[],
  likes: ReadonlyMap<Waiting, Waiting>,
  pairing: Pairing,
  lanes: readonly [Lane, Lane],
): Gap[] {
  const doubts = [new Map<string, Stretch>(), new Map<string, Stretch>()] as const
  const doubt = (lane: LaneId, { symbol, timestamp }: Told, { low, high }: { low: number; high: number }): void => {
    const { from, to } = doubts[lane].get(symbol) ?? { from: timestamp, to: timestamp }
    doubts[lane].set(symbol, { from: Math.min(from, timestamp + low), to: Math.max(to, timestamp + high) })
  }
  for (const { lane, waiting } of deferred) if (likes.has(waiting)) doubt(lane, waiting.tick, { low: 0, high: 0 })
  for (const { tick } of pairing.waiting(0)) doubt(1, tick, UNKNOWN)
  return lanes.flatMap(({ name: source }, lane) =>
    [...doubts[lane]!].map(([symbol, stretch]): Gap => {
      return { type: 'gap', source, symbol, ...stretch, cause: 'disconnect', volume: null, filled_by: null }
    }),
  )
}

function bySymbol(waiting: Iterable<Waiting>): Tape {
  const tape = new Map<string, Waiting[]>()
  for (const trade of waiting) {
    const own = tape.get(trade.tick.symbol)
    if (own === undefined) tape.set(trade.tick.symbol, [trade])
    else own.push(trade)
  }
  return tape
}

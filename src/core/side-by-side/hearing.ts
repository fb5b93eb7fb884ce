import { MINUTE } from '../market/time.ts'
import type { Lane } from './lane.ts'

/** A stretch of time in which neither feed heard a symbol, by the exchange times of the first one, inclusive, epoch ms. */
interface Stretch {
  readonly from: number
  readonly to: number
}

interface Track {
  /** Exchange time of the newest trade that went out; -Infinity before any. */
  last: number
  /** Where a stretch that still lasts begins, and the monotonic time of it; null while the symbol is heard. */
  deafFrom: number | null
  deafSince: number
  /** Monotonic time from which it is heard again, null while it is not. */
  heardSince: number | null
  stretches: Stretch[]
}

/** Stretches of a symbol that are remembered. */
const MOST = 32

/** A part of a hole, and whether one of the feeds was heard in it. */
export interface Part extends Stretch {
  readonly heard: boolean
}

/**
 * What neither of two feeds heard, symbol by symbol: from the last trade that went out before both were away to the first one
 * after, or to a minute after the return where a symbol stays quiet longer. Before the first return nothing was heard.
 */
export class Hearing {
  readonly #lanes: readonly [Lane, Lane]
  readonly #tracks = new Map<string, Track>()

  constructor(lanes: readonly [Lane, Lane]) {
    this.#lanes = lanes
  }

  /** A feed came, went or refused a symbol, at monotonic time `at`. */
  changed(at: number): void {
    for (const [symbol, track] of this.#tracks) this.#change(symbol, track, at)
  }

  /** What both feeds missed though one of them was thought to hear: from their last trade to the next one that came after `since`. */
  missed(at: number, since: number): void {
    for (const [symbol, track] of this.#tracks) {
      deafen(track, since)
      this.#change(symbol, track, at)
    }
  }

  /** A trade goes out, made at some exchange time between these two, that came at monotonic time `at`, if long ago. */
  given(symbol: string, { earliest, latest }: { earliest: number; latest: number }, at: number): void {
    const track = this.#trackOf(symbol, at)
    if (track.deafFrom !== null && at < track.deafSince) track.deafFrom = Math.max(track.deafFrom, earliest)
    else reached(track, latest, at)
    track.last = Math.max(track.last, earliest)
  }

  /** The parts of a hole of one feed that ends at monotonic time `at`. */
  parts(symbol: string, { from, to }: Stretch, at: number): Part[] {
    const track = this.#trackOf(symbol, at)
    reached(track, to, at)
    const parts: Part[] = []
    let start = from
    const add = (end: number, heard: boolean): void => {
      if (end > start) parts.push({ from: start, to: end, heard })
      start = Math.max(start, end)
    }
    const open = track.deafFrom === null ? [] : [{ from: track.deafFrom, to: Number.POSITIVE_INFINITY }]
    for (const stretch of [...track.stretches, ...open]) {
      if (stretch.to < from || stretch.from > to) continue
      add(Math.min(stretch.from, to), true)
      add(Math.min(stretch.to, to), false)
      if (from === to) return [{ from, to, heard: false }]
    }
    add(to, true)
    return parts.length > 0 ? parts : [{ from, to, heard: true }]
  }

  #trackOf(symbol: string, at: number): Track {
    let track = this.#tracks.get(symbol)
    if (track === undefined) {
      const last = Number.NEGATIVE_INFINITY
      track = { last, deafFrom: last, deafSince: at, heardSince: null, stretches: [] }
      this.#tracks.set(symbol, track)
      if (this.#isHeard(symbol))
        track.heardSince = Math.min(at, ...this.#lanes.filter(({ isHeard }) => isHeard).map((lane) => lane.upSince))
    }
    return track
  }

  #change(symbol: string, track: Track, at: number): void {
    if (!this.#isHeard(symbol)) deafen(track, at)
    else if (track.deafFrom !== null) track.heardSince ??= at
  }

  #isHeard(symbol: string): boolean {
    const [first, second] = this.#lanes
    return first.hears(symbol, second) || second.hears(symbol, first)
  }
}

/** A stretch begins, or goes on. */
function deafen(track: Track, at: number): void {
  if (track.deafFrom === null) {
    track.deafFrom = track.last
    track.deafSince = at
  }
  track.heardSince = null
}

/**
 * Ends the stretch that lasts where the symbol is heard again. Where the vendors' clocks would have it end before it began
 * it is as long as it was by ours.
 */
function reached(track: Track, time: number, at: number): void {
  const { deafFrom, deafSince, heardSince, stretches } = track
  if (deafFrom === null || heardSince === null) return
  const to = time - Math.max(0, at - heardSince - MINUTE)
  stretches.push({ from: deafFrom, to: to > deafFrom ? to : deafFrom + (at - deafSince) })
  if (stretches.length > MOST) stretches.shift()
  track.deafFrom = null
  track.heardSince = null
}

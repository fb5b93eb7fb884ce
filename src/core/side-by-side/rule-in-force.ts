import type { Tick } from '../market/event.ts'
import type { LaneId } from './lane.ts'
import { MergedLines } from './merged-lines.ts'
import { PrimaryAndCover } from './primary-and-cover.ts'
import type { Released, Rule, Side } from './rule.ts'
import { SequenceProof } from './sequence.ts'

/**
 * Which rule two feeds follow: primary and cover; two lines of one vendor are merged from when they are seen to number their trades
 * alike, for as long as no number stands for two trades.
 */
export class RuleInForce {
  readonly #side: Side
  readonly #cover: PrimaryAndCover
  /** Whether both lines number alike; null for two vendors, and once it is decided. */
  #proof: SequenceProof | null
  #merged: MergedLines | null = null

  constructor(side: Side, isOneVendor: boolean) {
    this.#side = side
    this.#cover = new PrimaryAndCover(side)
    this.#proof = isOneVendor ? new SequenceProof() : null
  }

  get rule(): Rule {
    return this.#merged ?? this.#cover
  }

  get isMerged(): boolean {
    return this.#merged !== null
  }

  /**
   * Judges by a trade that the rule has had.
   * @param at monotonic time, ms
   * @returns what has become of the lines by it, null for nothing
   */
  judge(lane: LaneId, tick: Tick, at: number): 'merged' | 'parted' | null {
    if (this.#merged !== null) {
      if (lane === 0) this.#cover.heard(tick)
      if (!this.#merged.isContradicted) return null
      this.#merged = null
      return 'parted'
    }
    this.#proof?.observe(lane, tick, at)
    const verdict = this.#proof?.verdict
    if (verdict == null) return null
    this.#proof = null
    if (verdict !== 'same') return null
    this.#merged = new MergedLines(this.#side)
    return 'merged'
  }

  /** What the cover had kept back when the lines were merged. */
  leftovers(): readonly Pick<Released, 'lane' | 'waiting'>[] {
    return this.#cover.leftovers()
  }
}

import type { Tick } from '../market/event.ts'
import { FeedTime } from '../validation/feed-time.ts'

/** The first feed given, or the second. */
export type LaneId = 0 | 1

export const other = (lane: LaneId): LaneId => (lane === 0 ? 1 : 0)

/** Trades of a symbol by the other feed after which one that never told any does not have it. */
const TELLING = 20

/** What is known of one feed. Times are monotonic, ms. */
export class Lane {
  readonly name: string
  isUp = false
  /** Connected, but without trades that the other feed has. */
  isMute = false
  hasEnded = false
  upSince = Number.POSITIVE_INFINITY
  lostAt = Number.NEGATIVE_INFINITY
  /** The last sign of life, and the last trade or book. */
  aliveAt = Number.NEGATIVE_INFINITY
  dataAt = Number.NEGATIVE_INFINITY
  ups = 0
  readonly time = new FeedTime()
  readonly #refused = new Set<string>()
  /** Trades told, by symbol. */
  readonly #told = new Map<string, number>()

  constructor(name: string) {
    this.name = name
  }

  /** Whether trades come from it as far as is known. */
  get isHeard(): boolean {
    return this.isUp && !this.isMute
  }

  up(at: number): void {
    this.isUp = true
    this.isMute = false
    this.upSince = at
    this.dataAt = at
    this.ups++
  }

  /** @returns whether it was up */
  lost(at: number): boolean {
    const wasUp = this.isUp
    this.isUp = false
    if (wasUp) this.lostAt = at
    return wasUp
  }

  data(at: number): void {
    this.dataAt = at
    this.isMute = false
  }

  /** A trade has come. @returns false where its time is absurd by all that came before */
  told(tick: Tick): boolean {
    this.#told.set(tick.symbol, this.trades(tick.symbol) + 1)
    this.#refused.delete(tick.symbol)
    if (tick.received_at === null) return true
    if (this.time.isAstray(tick, tick.received_at)) return false
    this.time.observe(tick, tick.received_at)
    return true
  }

  /** How many trades of a symbol it has told. */
  trades(symbol: string): number {
    return this.#told.get(symbol) ?? 0
  }

  /** The vendor refuses the symbol. */
  refuse(symbol: string): void {
    this.#refused.add(symbol)
  }

  /** Whether trades of the symbol would come, as far as is known from this feed and the other one. */
  hears(symbol: string, other: Lane): boolean {
    if (!this.isHeard || this.#refused.has(symbol)) return false
    return this.trades(symbol) > 0 || other.trades(symbol) < TELLING
  }
}

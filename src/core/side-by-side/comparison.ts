import type { Tick } from '../market/event.ts'
import type { FeedReport } from '../pipeline/feed-report.ts'
import { quantile } from '../statistics/quantile.ts'
import { type Lane, type LaneId, other } from './lane.ts'
import { Prices } from './prices.ts'
import type { Told } from './told.ts'

/** Lags that are kept. */
const LAGS = 4_096

interface Figures {
  received: number
  given: number
  gaps: number
  readonly lags: number[]
}

/** How often one symbol came by both feeds and by one alone. */
interface Tally {
  readonly received: [number, number]
  readonly alone: [number, number]
  both: number
}

/** What each of two feeds was worth: how late, how complete, how far apart in price. */
export class Comparison {
  readonly #figures = [newFigures(), newFigures()] as const
  readonly #tallies = new Map<string, Tally>()
  readonly #prices = new Prices()

  received(lane: LaneId, tick: Tick): void {
    const figures = this.#figures[lane]
    figures.lags[figures.received % LAGS] = tick.received_at === null ? Number.NaN : tick.received_at - tick.timestamp
    figures.received++
    this.#tally(tick).received[lane]++
    this.#prices.observe(lane, tick)
  }

  given(lane: LaneId, count: number): void {
    this.#figures[lane].given += count
  }

  /** A trade came by both. */
  paired(tick: Told): void {
    if (tick.type === 'rejected') return
    this.#tally(tick).both++
  }

  /** A trade came by this feed alone. */
  alone(lane: LaneId, tick: Told): void {
    if (tick.type === 'rejected') return
    this.#tally(tick).alone[lane]++
  }

  gap(lane: LaneId): void {
    this.#figures[lane].gaps++
  }

  /** A feed came or went. */
  interrupted(): void {
    this.#prices.interrupted()
  }

  /** @param waiting trades of each feed that still wait for the other's telling and have waited long enough */
  report(lane: LaneId, { name, time, ups }: Lane, waiting: readonly [Tick[], Tick[]]): FeedReport {
    const { received, given, gaps, lags } = this.#figures[lane]
    const { both, alone } = this.#common(waiting)
    const missed = alone[other(lane)]
    const total = both + alone[0] + alone[1]
    const lag = (q: number): number | null => {
      const value = time.live ? quantile(lags, q) : Number.NaN
      return Number.isNaN(value) ? null : Math.round(value)
    }
    return {
      ...{ source: name, received, given, lag_p50: lag(0.5), lag_p99: lag(0.99) },
      coverage: total === 0 ? null : Math.round((1e6 * (total - missed)) / total) / 1e6,
      ...{ missed, gaps, reconnects: Math.max(0, ups - 1) },
      price_disagreements: this.#prices.count,
      largest_disagreement: this.#prices.largest,
    }
  }

  /** Counts of the symbols that both carry. */
  #common(waiting: readonly [Tick[], Tick[]]): { both: number; alone: [number, number] } {
    const sum = { both: 0, alone: [0, 0] as [number, number] }
    for (const { received, alone, both } of this.#tallies.values()) {
      if (received[0] === 0 || received[1] === 0) continue
      sum.both += both
      sum.alone[0] += alone[0]
      sum.alone[1] += alone[1]
    }
    for (const lane of [0, 1] as const) {
      for (const tick of waiting[lane]) if (this.#tally(tick).received[other(lane)] > 0) sum.alone[lane]++
    }
    return sum
  }

  #tally({ symbol }: Tick): Tally {
    let tally = this.#tallies.get(symbol)
    if (tally === undefined) {
      tally = { received: [0, 0], alone: [0, 0], both: 0 }
      this.#tallies.set(symbol, tally)
    }
    return tally
  }
}

function newFigures(): Figures {
  return { received: 0, given: 0, gaps: 0, lags: [] }
}

import { byTimeAndSeq, isAstray, type MarketEvent } from '../../market/event.ts'
import type { Checkpoint } from '../../pipeline/source.ts'

/** How far what was taken for a store reaches, by source and symbol: its checkpoints as they will be. */
export class Reached {
  readonly #bySource = new Map<string, Map<string, Checkpoint>>()

  /** Takes what a store, or a file, knows; the further one of two counts. */
  merge(checkpoints: readonly Checkpoint[]): void {
    for (const told of checkpoints) {
      const known = this.#find(told.source, told.symbol)
      if (told.timestamp !== null && isFurther(told, known)) {
        Object.assign(known, { timestamp: told.timestamp, seq: told.seq })
      }
      known.covered_until = furthest(known.covered_until, told.covered_until)
      known.committed_at = Math.max(known.committed_at, told.committed_at)
    }
  }

  /** Takes events that are kept now. */
  learn(events: readonly MarketEvent[], now: number): void {
    for (const event of events) {
      if (event.type === 'tick') {
        if (isAstray(event)) continue
        const known = this.#find(event.source, event.symbol)
        if (isFurther(event, known)) {
          known.timestamp = event.timestamp
          known.seq = event.seq
          known.committed_at = now
        }
      } else if (event.type === 'coverage') {
        for (const symbol of event.symbols) {
          const known = this.#find(event.source, symbol)
          known.covered_until = furthest(known.covered_until, Math.floor(event.timestamp))
          known.committed_at = now
        }
      }
    }
  }

  /** As a store gives them. */
  get checkpoints(): readonly Checkpoint[] {
    const all = [...this.#bySource.values()].flatMap((bySymbol) => [...bySymbol.values()])
    return all.map((each) => ({ ...each })).sort((a, b) => compare(a.source, b.source) || compare(a.symbol, b.symbol))
  }

  #find(source: string, symbol: string): Checkpoint {
    const bySymbol = this.#bySource.get(source) ?? new Map<string, Checkpoint>()
    if (bySymbol.size === 0) this.#bySource.set(source, bySymbol)
    const known = bySymbol.get(symbol)
    if (known !== undefined) return known
    const first = { source, symbol, timestamp: null, seq: null, committed_at: 0, covered_until: null }
    bySymbol.set(symbol, first)
    return first
  }
}

type Position = Pick<Checkpoint, 'timestamp' | 'seq'>

function isFurther({ timestamp, seq }: Position, known: Position): boolean {
  if (known.timestamp === null) return true
  return byTimeAndSeq({ timestamp: timestamp!, seq: seq! }, { timestamp: known.timestamp, seq: known.seq! }) > 0
}

function furthest(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

import type { Clock } from '../clock.ts'
import type { Batches, Coverage } from '../market/event.ts'
import type { Source } from '../pipeline/source.ts'
import { foodOf } from '../statistics/volatility/food.ts'
import { historyStart } from '../statistics/volatility/history.ts'
import { VolatilityMonitor } from '../statistics/volatility/monitor.ts'
import type { VolatilityOptions } from '../statistics/volatility/options.ts'
import type { VolatilityRecord } from '../statistics/volatility/record.ts'
import { evaluate } from '../statistics/volatility/volatility.ts'
import { Present } from '../storage/present.ts'
import type { Store } from '../storage/store.ts'
import { feedHistory } from '../warm-up/history.ts'
import type { Beginning } from './beginning.ts'

/** Values of volatility of a stream of events. */
export type Judging = (events: Batches) => AsyncIterable<readonly VolatilityRecord[]>

/** Stands in the stream where history ends: what comes behind it comes as it happens. */
export const CAUGHT_UP: Coverage = { type: 'coverage', source: '', symbol: null, symbols: [], timestamp: 0 }

/** By the events alone: of a live feed and of a simulation on time, of recorded data by its own time. */
export function judging({ kind, clock }: Pick<Source, 'kind' | 'clock'>, settings: VolatilityOptions): Judging {
  return (events) => {
    const monitor = new VolatilityMonitor(settings)
    if (kind === 'recorded') return evaluate(foodOf(events, settings), monitor)
    if (kind === 'simulated') return evaluate(foodOf(events, settings, clock), monitor, { clock })
    const present = new Present(clock, false)
    return evaluate(foodOf(present.of(events), settings, present), monitor, { clock: present })
  }
}

/** As `judging` for events that go on from a store, whose look-back is read first, while they wait. */
export function judgingAfter(
  { seam, day }: Beginning,
  { store, symbols, clock, signal }: { store: Store; symbols: readonly string[]; clock: Clock; signal: AbortSignal },
  settings: VolatilityOptions,
): Judging {
  return async function* (events) {
    const monitor = new VolatilityMonitor(settings, { since: day })
    const span = { since: historyStart(settings, day), until: seam }
    if (seam !== Number.NEGATIVE_INFINITY) yield* feedHistory(store, symbols, span, monitor, settings, signal)
    const present = new Present(clock, true)
    const told = present.of(upToDate(events, () => present.caughtUp()))
    yield* evaluate(foodOf(told, settings, present), monitor, { clock: present })
  }
}

async function* upToDate(events: Batches, onCaughtUp: () => void): Batches & AsyncGenerator {
  for await (const batch of events) {
    yield batch
    if (batch.includes(CAUGHT_UP)) onCaughtUp()
  }
}

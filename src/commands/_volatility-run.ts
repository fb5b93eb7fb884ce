import { parseAddress } from '../core/address/address.ts'
import type { Batches } from '../core/market/event.ts'
import type { Evaluator } from '../core/statistics/volatility/evaluator.ts'
import { foodOf, foodOfBars, foodOfRecorded } from '../core/statistics/volatility/food.ts'
import { historyStart } from '../core/statistics/volatility/history.ts'
import type { WantedRecords } from '../core/statistics/volatility/monitor.ts'
import type { VolatilityOptions } from '../core/statistics/volatility/options.ts'
import type { OvernightMove } from '../core/statistics/volatility/overnight.ts'
import { evaluate } from '../core/statistics/volatility/volatility.ts'
import { Present } from '../core/storage/present.ts'
import type { Store } from '../core/storage/store.ts'
import { overnightLine } from '../core/terminal/lines.ts'
import {
  evaluateFollowed,
  evaluateJoined,
  evaluateRecorded,
  SETTLED,
  type StoredRun,
  settledBefore,
} from '../core/warm-up/evaluations.ts'
import type { Io } from './_io.ts'
import type { CommonOptions, LiveOptions, RangeOptions, ReadingOptions } from './_options.ts'
import { tell } from './_print.ts'
import { openRecorded, openStore, type Recorded, symbolsOf } from './_recorded.ts'
import type { Setup } from './_setup.ts'

/** What the command line says of a run. */
export interface VolatilityCommand
  extends CommonOptions,
    LiveOptions,
    RangeOptions,
    ReadingOptions,
    Omit<VolatilityOptions, 'sessions' | 'auctions'> {
  last?: boolean
  follow?: boolean
  history?: string
  exec?: string
  describe?: boolean
  chart?: boolean
  backtest?: boolean
  horizon?: string
}

/**
 * Opens what the strategy reads: of a file also the history that warms up for `--since`, unless it is replayed at a pace.
 * With `--history` that has the range.
 * @throws HkqError as openRecorded
 */
export function openHistory(
  options: VolatilityCommand,
  settings: VolatilityOptions,
  setup: Setup,
  signal: AbortSignal,
  io: Io,
): Promise<Recorded> {
  const { from, history, since, ...rest } = options
  if (history !== undefined) return openRecorded({ ...rest, ...(from !== undefined && { from }) }, setup, signal, io)
  const address = from === undefined ? undefined : parseAddress(from, 'source')
  const isPaced = address !== undefined && address.scheme !== 'sim' && address.params.has('speed')
  const start = since === undefined || isPaced ? since : historyStart(settings, since)
  return openRecorded({ ...options, ...(start !== undefined && { since: start }) }, setup, signal, io)
}

/** One run of the strategy over what was opened. */
export interface VolatilityRun<R> {
  options: VolatilityCommand
  settings: VolatilityOptions
  /** Makes what the events are fed to. */
  evaluator: (run: VolatilityOptions & WantedRecords) => Evaluator<R>
  setup: Setup
  signal: AbortSignal
  /** Called when history has been read: from here on alerts are news. */
  onLive: () => void
  /** Told of each trade that is in no value. */
  onTooLate?: () => void
  io: Io
}

/** What the evaluator gives of a store or source: history, and with `--follow` or a live source what comes after it. */
export async function runOver<R>(recorded: Recorded, asked: VolatilityRun<R>): Promise<Batches<R>> {
  const { options, settings, evaluator, setup, io } = asked
  if ('store' in recorded) {
    const { store } = recorded
    const run = storedRun(store, await symbolsOf(store, setup), asked)
    return closing(store, options.follow ? evaluateFollowed(run) : evaluateRecorded(run))
  }
  const { source, events } = recorded
  if (options.history !== undefined) {
    const store = await openStore(parseAddress(options.history, 'source'), setup, options, io)
    return closing(store, evaluateJoined(storedRun(store, setup.symbols, asked), source, events))
  }
  const run = runOf(asked)
  const { until = Number.POSITIVE_INFINITY } = options
  const asOf = settledBefore(until, io.clock)
  const feeding = {
    get complete(): number {
      return Math.min(until, io.clock.now() - SETTLED)
    },
  }
  if (source.bars) {
    return evaluate(foodOfBars(source.bars({}), settings, asOf), evaluator({ auctions: 'join', ...run }), feeding)
  }
  const isRange = source.kind === 'simulated' && options.until !== undefined
  if (source.kind === 'recorded' || isRange) {
    return evaluate(foodOfRecorded(events, settings, asOf), evaluator(run), feeding)
  }
  const clock = source.kind === 'simulated' ? source.clock : new Present(source.clock, false)
  const told = clock instanceof Present ? clock.of(events) : events
  return evaluate(foodOf(told, settings, clock), evaluator(run), { clock })
}

/** The settings, the records wanted, and who is told of moves over night. */
function runOf<R>({ options, settings, onTooLate, io }: VolatilityRun<R>): VolatilityOptions & WantedRecords {
  const { since } = options
  const onOvernightMove = (move: OvernightMove): void => tell(overnightLine(move), options, io)
  return { ...settings, onOvernightMove, ...(onTooLate && { onTooLate }), ...(since !== undefined && { since }) }
}

function storedRun<R>(store: Store, symbols: readonly string[], asked: VolatilityRun<R>): StoredRun<R> {
  const { options, settings, evaluator, signal, onLive, io } = asked
  const { since, until } = options
  return {
    ...{ store, symbols, settings, signal, onLive, clock: io.clock },
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    last: options.last === true,
    evaluator: (wanted) => evaluator({ ...runOf(asked), ...wanted }),
  }
}

async function* closing<R>(store: Store, given: AsyncIterable<R>): AsyncGenerator<R> {
  try {
    yield* given
  } finally {
    await store.close()
  }
}

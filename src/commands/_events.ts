import type { Address } from '../core/address/address.ts'
import { namesQueue, namesStore } from '../core/address/open-store.ts'
import type { Clock } from '../core/clock.ts'
import type { Gap, MarketEvent, Status, Tick } from '../core/market/event.ts'
import type { Instrument } from '../core/market/instrument.ts'
import { dayNumber } from '../core/market/time.ts'
import type { Source } from '../core/pipeline/source.ts'
import { gapLine, statusLine } from '../core/terminal/lines.ts'
import { createValidator, type Validator } from '../core/validation/validator.ts'
import { type Io, say } from './_io.ts'
import type { CommonOptions, LiveOptions } from './_options.ts'
import { paletteOf, zoneOf } from './_print.ts'
import type { Setup } from './_setup.ts'

/** States worth a line without `-v`: when it is up, when it was lost, when something should be known. */
const TOLD: ReadonlySet<Status['state']> = new Set(['connecting', 'up', 'lost', 'warning', 'halted', 'resumed'])

/** Tells states and gaps on stderr as they pass; `-q` is silent, `-v` tells every state, and what came before the start. */
export function teller(options: CommonOptions, io: Io): (events: readonly MarketEvent[]) => void {
  if (options.quiet) return () => {}
  const palette = paletteOf(io.stderr, options, io)
  const zone = zoneOf(options)
  return (events) => {
    for (const event of events) {
      if (event.type === 'status' && (options.verbose || TOLD.has(event.state)))
        say(io, statusLine(event, zone, palette))
      else if (event.type === 'gap' && (options.verbose || event.cause !== 'late_start'))
        say(io, gapLine(event as Gap, zone, palette))
    }
  }
}

/** As `teller` for a source that is live; of one that is not, warnings alone: its states and gaps are history. */
export function tellerOf({ kind }: Source, options: CommonOptions, io: Io): ReturnType<typeof teller> {
  const tell = teller(options, io)
  if (kind === 'live') return tell
  return (events) => tell(events.filter((event) => event.type === 'status' && event.state === 'warning'))
}

/**
 * The validator of a source; a store's ticks were judged before they were stored, and keep the verdict they have. Board
 * lots and kinds are used as soon as the source tells them; `onFacts` is told too.
 */
export function validatorFor(
  address: Address,
  source: Source,
  setup: Setup,
  { maxJump }: LiveOptions,
  io: Io,
  onFacts: (rows: readonly Instrument[]) => void = () => {},
): Validator {
  if (namesStore(address)) return ASIS
  if (namesQueue(address)) return counting(source)
  const instruments = new Map<string, Instrument>()
  const learn = (rows: readonly Instrument[]): void => {
    for (const row of rows) instruments.set(row.symbol, row)
    onFacts(rows)
  }
  const ask = (): void => void source.instruments?.().then(learn, () => {})
  ask()
  const validator = createValidator({
    ...{ sessions: setup.sessions, now: io.clock.now, monotonic: io.clock.monotonic, instruments },
    ...{ live: source.kind === 'live', maxJump: maxJump || null },
  })
  return { ...validator, push: withDaily(ask, source.clock, validator.push) }
}

/** Static facts are those of a day: the first batch of each further one asks for them again. */
function withDaily(ask: () => void, clock: Clock, push: Validator['push']): Validator['push'] {
  let day = dayNumber(clock.now())
  return (batch) => {
    const today = dayNumber(clock.now())
    if (today > day) ask()
    day = today
    return push(batch)
  }
}

const ASIS: Validator = {
  push: (batch) => batch,
  counts: { ticks: 0, rejected: {}, flagged: {} },
  last: () => [].values(),
  feed: { live: false, skew: 0, measuresLatency: false },
}

/** What comes out of a queue was judged before it went in; what is no message of ours is counted. */
function counting({ kind }: Source): Validator {
  const counts: Validator['counts'] = { ticks: 0, rejected: {}, flagged: {} }
  const last = new Map<string, Tick>()
  const push = (batch: readonly MarketEvent[]): readonly MarketEvent[] => {
    for (const event of batch) {
      if (event.type === 'rejected') counts.rejected[event.reason] = (counts.rejected[event.reason] ?? 0) + 1
      if (event.type !== 'tick') continue
      counts.ticks++
      last.set(event.symbol, event)
      for (const flag of event.flags) counts.flagged[flag] = (counts.flagged[flag] ?? 0) + 1
    }
    return batch
  }
  return { push, counts, last: () => last.values(), feed: { live: kind === 'live', skew: 0, measuresLatency: false } }
}

/** Ends after `--duration`, on a signal, or when the reader of the output has gone. */
export function stopAfter(duration: number | undefined, io: Io, ...more: AbortSignal[]): AbortSignal {
  const timer = new AbortController()
  const stop = AbortSignal.any([io.interrupted, timer.signal, ...more])
  if (duration !== undefined) void io.clock.sleep(duration, stop).then(() => timer.abort('duration'))
  return stop
}

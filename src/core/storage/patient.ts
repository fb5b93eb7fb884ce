import type { Clock } from '../clock.ts'
import { HkqError, messageOf } from '../errors.ts'
import type { MarketEvent } from '../market/event.ts'
import { formatClock } from '../market/time.ts'
import type { Sink, Trouble, Written } from '../pipeline/source.ts'
import type { Resumable } from './deferred-store.ts'
import { obstacleIn } from './obstacle.ts'

/** How long a write is tried again, and who is told. */
export interface Patience {
  /** From the first failure, ms; 0 for not at all. */
  readonly ms: number
  readonly clock: Clock
  /** Told one line when storing stops, one when it goes on. */
  readonly tell: (line: string) => void
}

/** Waits between two tries, ms: the first, and the longest. */
const FIRST_WAIT = 50
const LONGEST_WAIT = 2_000
/** A lock that is gone within this time is daily life, ms. */
const USUAL_LOCK = 1_000

/** As `outlasting`, for what is recorded into a store; filling a hole can be tried again by whoever wants it. */
export function patient(store: Resumable, patience: Patience): Resumable {
  return {
    ...outlasting(store, patience),
    checkpoints: () => store.checkpoints(),
    gaps: (query) => store.gaps(query),
    minutes: (symbol, span) => store.minutes(symbol, span),
    putInstruments: (rows) => store.putInstruments(rows),
    fill: (minutes, gaps) => store.fill(minutes, gaps),
    putCompleteness: (rows) => store.putCompleteness(rows),
    putMetrics: async (metrics, since) => (await store.putMetrics?.(metrics, since)) ?? false,
    close: () => store.close(),
  }
}

/**
 * The writing of a sink, which outlasts a full disk, a disk that fails and another program's lock: the batch is tried
 * again as it is, whatever comes behind it waits with the caller, and both the pause and its end are told. What cannot
 * pass (damage, a read-only disk) fails at once.
 * @throws HkqError E_STORAGE, with what is not stored, when the time is over
 */
export function outlasting(
  sink: Pick<Sink, 'write' | 'condition'>,
  { ms, clock, tell }: Patience,
): Required<Pick<Sink, 'write' | 'condition'>> {
  let pause: Trouble | null = null
  async function write(batch: readonly MarketEvent[]): Promise<Written> {
    const [began, since] = [clock.monotonic(), clock.now()]
    for (let wait = FIRST_WAIT; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
      try {
        const written = await sink.write(batch)
        if (pause !== null)
          tell(`stored again after ${seconds(clock.monotonic() - began)}, all that waited in its order`)
        pause = null
        return written
      } catch (error) {
        const obstacle = obstacleIn(error)
        const waited = clock.monotonic() - began
        if (obstacle === null || ms === 0) throw error
        if (waited >= ms) throw exhausted(error, batch, waited)
        if (pause === null && (obstacle !== 'locked' || waited >= USUAL_LOCK)) {
          tell(`${messageOf(error)}: nothing is stored until that passes; trying again for ${seconds(ms)}`)
          pause = { kind: 'paused', detail: messageOf(error), since }
        }
        await clock.sleep(Math.min(wait, ms - waited))
      }
    }
  }
  return {
    write,
    condition: () => {
      const { trouble = null, waiting = 0 } = sink.condition?.() ?? {}
      return { trouble: pause ?? trouble, waiting }
    },
  }
}

function exhausted(cause: unknown, batch: readonly MarketEvent[], waited: number): HkqError {
  const ticks = batch.filter((event) => event.type === 'tick')
  const since = ticks.reduce((first, { timestamp }) => Math.min(first, timestamp), Number.POSITIVE_INFINITY)
  const lost = ticks.length === 0 ? '' : `; ${ticks.length} ticks or more from ${formatClock(since)} on are not stored`
  const message = `${messageOf(cause)}: still so after ${seconds(waited)}${lost}: the next run brings them, or writes the hole down`
  return new HkqError('E_STORAGE', message, { cause })
}

function seconds(ms: number): string {
  return `${Number((ms / 1_000).toFixed(1))} s`
}

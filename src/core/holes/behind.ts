import { missedBy } from '../connection/missed.ts'
import { byTimeAndSeq, type Gap, type GapCause } from '../market/event.ts'
import { openingBefore, type Sessions } from '../market/session.ts'
import { DAY } from '../market/time.ts'
import type { Checkpoint } from '../pipeline/source.ts'
import { Reached } from '../storage/journal/reached.ts'

/** What tells how far it has recorded. */
interface Recorded {
  checkpoints(): Promise<readonly Checkpoint[]>
}

/** How far the stores of one recording reach together, and the holes of those that do not reach so far. */
export interface Levelled<S> {
  readonly reached: readonly Checkpoint[]
  readonly holes: ReadonlyMap<S, readonly Gap[]>
}

/**
 * Looks how far each of the stores of a recording has come. The recording goes on where the furthest one ends: what another
 * lacks until there is a hole of that one alone, one a session and day; of a symbol that is new to it, since the opening of
 * the session that is on.
 * @param now epoch ms
 */
export async function levelled<S extends Recorded>(
  stores: readonly S[],
  symbols: readonly string[],
  sessions: Sessions,
  now: number,
): Promise<Levelled<S>> {
  const together = new Reached()
  const own = new Map<S, readonly Checkpoint[]>()
  for (const store of stores) own.set(store, await store.checkpoints())
  for (const checkpoints of own.values()) together.merge(checkpoints)
  const reached = together.checkpoints
  const ofRun = reached.filter(({ symbol }) => symbols.includes(symbol))
  const holes = new Map<S, readonly Gap[]>()
  for (const [store, checkpoints] of own) {
    const rows = ofRun.flatMap((furthest) => {
      const known = checkpoints.find(({ source, symbol }) => source === furthest.source && symbol === furthest.symbol)
      return rowsOf(known, furthest, sessions, now)
    })
    if (rows.length > 0) holes.set(store, rows)
  }
  return { reached, holes }
}

function rowsOf(known: Checkpoint | undefined, furthest: Checkpoint, sessions: Sessions, now: number): Gap[] {
  const { source, symbol } = furthest
  const row = (cause: GapCause, from: number, to: number): Gap => {
    return { type: 'gap', source, symbol, from, to, cause, volume: null, filled_by: null }
  }
  const to = Math.max(timeOf(furthest, now), coveredOf(furthest))
  if (known === undefined || Math.max(timeOf(known, now), coveredOf(known)) === NEVER) {
    const open = openingBefore(now, sessions)
    return open === null || open >= to ? [] : [row('late_start', open, to)]
  }
  if (!isBehind(known, furthest)) return []
  const reach = { timestamp: timeOf(known, now), covered: coveredOf(known) }
  return missedBy(reach, to, to, sessions).map(({ open, close }) => row('restart', open, close))
}

function isBehind(known: Checkpoint, furthest: Checkpoint): boolean {
  if (coveredOf(known) < coveredOf(furthest)) return true
  if (known.timestamp === null || furthest.timestamp === null) return known.timestamp !== furthest.timestamp
  const [a, b] = [known, furthest].map(({ timestamp, seq }) => ({ timestamp: timestamp!, seq: seq! }))
  return byTimeAndSeq(a!, b!) < 0
}

/** Of the newest trade; what claims to be of a day to come tells nothing. */
function timeOf({ timestamp }: Checkpoint, now: number): number {
  return timestamp === null || timestamp > now + DAY ? NEVER : timestamp
}

function coveredOf({ covered_until }: Checkpoint): number {
  return covered_until ?? NEVER
}

const NEVER = Number.NEGATIVE_INFINITY

import { sleepUntil } from '../core/clock.ts'
import { formatIso } from '../core/market/time.ts'
import type { Source } from '../core/pipeline/source.ts'
import { takeBefore } from '../core/pipeline/take.ts'
import { withEvents } from '../core/pipeline/with-events.ts'
import type { Io } from './_io.ts'
import type { CommonOptions } from './_options.ts'
import { tell } from './_print.ts'
import type { Setup } from './_setup.ts'
import { endOf, nextOpening } from './_until.ts'
import { until } from './_values.ts'

/** When a recording begins and ends. `until` as given: what it means depends on the source's day. */
export interface Schedule extends CommonOptions {
  until?: string
}

/** Waits for the opening. @param idle is told why, in words
 * @returns whether there was anything to wait for
 */
export async function waitForOpening(
  { sessions }: Setup,
  options: Schedule,
  idle: (why: string) => void,
  io: Io,
): Promise<boolean> {
  const opening = nextOpening(io.clock.now(), sessions)
  if (opening <= io.clock.now()) return false
  const why = `waiting for the opening at ${formatIso(opening)}`
  idle(why)
  tell(why, options, io)
  await sleepUntil(opening, io.clock, io.interrupted)
  return true
}

/** `--until` on the source's own day: `10:00` of a simulated day is that day's. */
function untilOf({ until: text }: Schedule, now: number): 'close' | number | undefined {
  return text === undefined ? undefined : until(text, now)
}

/** Whether there is nothing to record any more as of `now`; says why. */
export function isNeedless(options: Schedule, { sessions }: Setup, now: number, io: Io): boolean {
  const end = endOf(untilOf(options, now), now, sessions)
  if (!('needless' in end)) return false
  tell(`nothing to record: ${end.needless}`, options, io)
  return true
}

/** The source until `--until`: a live one by the wall clock, another by its events' own times. */
export function untilEnd(source: Source, options: Schedule, { sessions }: Setup, ended: AbortController): Source {
  const { clock } = source
  const now = clock.now()
  const end = endOf(untilOf(options, now), now, sessions)
  if (!('at' in end) || end.at === undefined) return source
  const { at } = end
  if (source.kind !== 'live') return withEvents(source, (events) => takeBefore(events, at))
  void sleepUntil(at, clock, ended.signal).then(() => ended.abort('until'))
  return source
}

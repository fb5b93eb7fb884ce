import { byDay, type Held } from '../../src/core/holes/held.ts'
import type { Gap } from '../../src/core/market/event.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { MINUTE, parseTime } from '../../src/core/market/time.ts'

export const sessions = new Sessions()

/** Epoch ms of a Hong Kong time, e.g. `2026-11-20T10:00`. */
export function at(text: string): number {
  const time = parseTime(text)
  if (Number.isNaN(time)) throw new Error(`"${text}" is no time`)
  return time
}

/** Starts of minutes, one every `step` minutes, from `from` to before `to`. */
export function minutesOf(from: string, to: string, step = 1): number[] {
  const starts: number[] = []
  for (let start = at(from); start < at(to); start += step * MINUTE) starts.push(start)
  return starts
}

/** Every minute with trades of a full day, the auctions' too; the times of trades on a half day are its morning's. */
export function fullDay(date: string): number[] {
  return [
    ...minutesOf(`${date}T09:22`, `${date}T09:23`),
    ...minutesOf(`${date}T09:30`, `${date}T12:00`),
    ...minutesOf(`${date}T13:00`, `${date}T16:00`),
    ...minutesOf(`${date}T16:08`, `${date}T16:09`),
  ]
}

export function hole(from: string, to: string, parts: Partial<Gap> = {}): Gap {
  const gap = { source: 'alltick', symbol: '00700.HK', cause: 'disconnect', volume: null, filled_by: null } as const
  return { type: 'gap', ...gap, from: at(from), to: at(to), ...parts }
}

/** What a store holds of a symbol with trades in these minutes. */
export function held(minutes: readonly number[], parts: Partial<Held> = {}): Held {
  const [first, last] = [minutes[0], minutes.at(-1)]
  return {
    ...{ symbol: '00700.HK', source: 'alltick', gaps: [], minutes: byDay(minutes), heard: null },
    own: first === undefined || last === undefined ? null : [first, last],
    newest: last === undefined ? null : last + 30_000,
    ...parts,
  }
}

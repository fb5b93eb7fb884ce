import { setImmediate } from 'node:timers/promises'
import { merge, type Summary } from '../bars/summary.ts'
import type { Gap } from '../market/event.ts'
import type { Sessions } from '../market/session.ts'
import { DAY, dayNumber, dayStart, formatDate, MINUTE } from '../market/time.ts'
import type { Span, Store } from '../storage/store.ts'
import { type DayCoverage, sharesOf } from './days.ts'
import type { Held } from './held.ts'
import { type Mismatch, mismatches } from './minutes.ts'
import type { Stretch } from './stretches.ts'
import { spanOf, untoldHoles } from './untold.ts'

/** How often a minute that a recorder may be writing is read again before it counts as wrong. */
const READINGS = 3

/** What was found of one symbol. */
export interface Inspection {
  readonly holes: readonly Gap[]
  readonly mismatches: readonly Mismatch[]
  readonly days: readonly DayCoverage[]
}

/** Holes of a symbol in the stretch asked for, of which trades are missing: those that rows tell, and those that none does. */
export function holesOf(held: Held, asked: Span, sessions: Sessions, now: number): Gap[] {
  const span = spanOf(held, asked, now)
  if (span === null) return []
  const told = held.gaps.filter(({ from, to }) => to >= span.from && from < span.to && sessions.tradesIn(from, to))
  return [...told, ...untoldHoles(held, span, sessions)].sort((a, b) => a.from - b.from)
}

/**
 * Holds what a store has of a symbol against the calendar, and its one-minute summaries against its trades, day by day.
 * @param asked epoch ms; default what the store holds
 * @param now epoch ms: what is not over is not missing
 */
export async function inspect(
  store: Store,
  held: Held,
  asked: Span,
  sessions: Sessions,
  now: number,
): Promise<Inspection> {
  const span = spanOf(held, asked, now)
  if (span === null) return { holes: [], mismatches: [], days: [] }
  const { symbol } = held
  const holes = holesOf(held, asked, sessions, now)
  const checked = await checkMinutes(store, symbol, span)
  const compared = await store.completeness(symbol)
  const days = sharesOf(span, holes, sessions).map(({ date, ...share }): DayCoverage => {
    const { minutes = 0, backfilled = 0, wrong = [] } = checked.get(date) ?? {}
    const newest = compared.filter((row) => row.date === date).toSorted((a, b) => b.timestamp - a.timestamp)[0]
    return {
      ...{ type: 'coverage', symbol, date, ...share, minutes, backfilled_minutes: backfilled },
      differing_minutes: new Set(wrong.map(({ start }) => start)).size,
      completeness: newest?.completeness ?? null,
    }
  })
  return { holes, mismatches: [...checked.values()].flatMap(({ wrong }) => wrong), days }
}

async function all<T>(batches: AsyncIterable<readonly T[]>): Promise<T[]> {
  const found: T[] = []
  for await (const batch of batches) for (const one of batch) found.push(one)
  return found
}

interface Checked {
  readonly minutes: number
  readonly backfilled: number
  readonly wrong: readonly Mismatch[]
}

/** By date; days without a minute or a trade are left out. */
async function checkMinutes(store: Store, symbol: string, { from, to }: Stretch): Promise<Map<string, Checked>> {
  const found = new Map<string, Checked>()
  for (let number = dayNumber(from); dayStart(number) < to; number++) {
    const since = Math.max(Math.floor(from / MINUTE) * MINUTE, dayStart(number))
    const day = { since, until: Math.min(Math.ceil(to / MINUTE) * MINUTE, dayStart(number) + DAY) }
    const minutes = await minutesIn(store, symbol, day)
    const wrong: Mismatch[] = []
    for (const one of await differing(store, symbol, day, minutes)) if (await staysWrong(store, one)) wrong.push(one)
    const backfilled = minutes.filter(({ origin }) => origin === 'backfill').length
    if (minutes.length + wrong.length > 0) found.set(formatDate(since), { minutes: minutes.length, backfilled, wrong })
    await setImmediate()
  }
  return found
}

async function differing(store: Store, symbol: string, span: Span, minutes: readonly Summary[]): Promise<Mismatch[]> {
  return mismatches(symbol, minutes, await all(store.ticks(symbol, span)))
}

/** What a recorder writes between two readings differs in the first one alone. */
async function staysWrong(store: Store, { symbol, start, field }: Mismatch): Promise<boolean> {
  const span = { since: start, until: start + MINUTE }
  for (let reading = 1; reading < READINGS; reading++) {
    const again = await differing(store, symbol, span, await minutesIn(store, symbol, span))
    if (!again.some((one) => one.field === field)) return false
  }
  return true
}

async function minutesIn(store: Store, symbol: string, span: Span): Promise<Summary[]> {
  const minutes: Summary[] = []
  for await (const batch of store.minutes(symbol, span)) {
    for (const minute of batch) {
      const last = minutes.at(-1)
      if (last?.start === minute.start) minutes[minutes.length - 1] = merge(last, minute)
      else minutes.push(minute)
    }
  }
  return minutes
}

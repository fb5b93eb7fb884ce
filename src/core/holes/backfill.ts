import type { Summary } from '../bars/summary.ts'
import type { Gap } from '../market/event.ts'
import type { Sessions } from '../market/session.ts'
import { MINUTE } from '../market/time.ts'
import type { Inquiry } from '../pipeline/inquiry.ts'
import type { Store } from '../storage/store.ts'
import { type Refused, repairOf } from './repair.ts'
import { bucketsIn, vendorMinutes } from './vendor-minutes.ts'

/** Who is asked for what the store lacks. */
export interface Refill {
  readonly store: Pick<Store, 'minutes' | 'fill'>
  readonly inquiry: Pick<Inquiry, 'klines' | 'maxBars'>
  readonly sessions: Sessions
  /** Present of the vendor's market, epoch ms. */
  readonly now: () => number
}

/** What became of the holes of one symbol. */
export interface Refilled {
  readonly filled: readonly Gap[]
  readonly refused: readonly Refused[]
}

/**
 * Fills the holes of one symbol with its vendor's one-minute bars, by one question: the minutes that a filled hole touches
 * are the vendor's afterwards, and its row says so, in one transaction. What cannot be filled as a whole stays.
 * @throws HkqError what the vendor's answer or the store throws
 */
export async function refill(
  symbol: string,
  gaps: readonly Gap[],
  { store, inquiry, sessions, now }: Refill,
): Promise<Refilled> {
  const present = now()
  const klines = await inquiry.klines(symbol, '1m', inquiry.maxBars)
  const minutes = vendorMinutes(symbol, klines, sessions, present)
  const stored = new Map<number, Summary>()
  for (const { from, to } of gaps) {
    const touched = bucketsIn(from, to, sessions)
    if (touched.length === 0) continue
    const span = { since: touched[0]!.from - MINUTE, until: touched.at(-1)!.to }
    for await (const batch of store.minutes(symbol, span)) for (const minute of batch) stored.set(minute.start, minute)
  }
  const repair = repairOf(gaps, { minutes, most: inquiry.maxBars }, [...stored.values()], sessions, present)
  if (repair.filled.length > 0) await store.fill(repair.minutes, repair.filled)
  return { filled: repair.filled, refused: repair.refused }
}

/** Holes in which trades are missing, and that nothing has filled. */
export function openHoles(gaps: readonly Gap[], sessions: Sessions): Gap[] {
  return gaps.filter(({ from, to, filled_by }) => filled_by === null && sessions.tradesIn(from, to))
}

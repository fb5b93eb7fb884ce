import { byTimeAndSeq, type Gap, type Quote, type Tick } from '../market/event.ts'

/** What a store is read of, across symbols. */
export type Stored = Tick | Quote | Gap

/** What comes first in a reading across symbols: the time, then the number; a gap comes behind the ticks of its `from`. */
export function inReadingOrder(a: Stored, b: Stored): number {
  if (a.type === 'gap') return b.type === 'gap' ? a.from - b.from : a.from - b.timestamp || 1
  if (b.type === 'gap') return a.timestamp - b.from || -1
  return byTimeAndSeq(a, b)
}

import { type Gap, isSeq, type MarketEvent, type Quote, type Rejected, type Tick } from '../market/event.ts'
import { cut } from '../validation/admit.ts'

/** The events of a write, by what becomes of them. */
export interface Sorted {
  /** By symbol, in order of arrival. */
  readonly ticks: ReadonlyMap<string, readonly Tick[]>
  /** How many ticks these are. */
  readonly received: number
  readonly others: readonly MarketEvent[]
}

/** Ticks by symbol and everything else; what no store can hold as a tick or a quote turns into a rejected record. */
export function sorted(batch: readonly MarketEvent[]): Sorted {
  const ticks = new Map<string, Tick[]>()
  const others: MarketEvent[] = []
  let received = 0
  for (const event of batch) {
    if (event.type === 'tick' && isStorable(event)) {
      received++
      const list = ticks.get(event.symbol)
      if (list) list.push(event)
      else ticks.set(event.symbol, [event])
    } else if (event.type === 'tick' || (event.type === 'quote' && !isStorableQuote(event))) {
      others.push(unstorable(event))
    } else {
      others.push(event.type === 'gap' ? withoutMinutes(event) : event)
    }
  }
  return { ticks, received, others }
}

/** A gap as an event tells it: the minutes that a vendor filled it with are no events, and come with `fill` alone. */
export function withoutMinutes(gap: Gap): Gap {
  return gap.filled_by === 'backfill' ? { ...gap, filled_by: null } : gap
}

/** What is stored of a record that no store can hold. */
export function unstorable(event: Tick | Quote): Rejected {
  const raw = cut(JSON.stringify(event, (_, value) => (typeof value === 'bigint' ? String(value) : value)))
  const { source, symbol, timestamp, received_at } = event
  return { type: 'rejected', source, symbol, timestamp, reason: 'malformed', raw, received_at }
}

/** Whether a store can hold the tick: every number a whole one of 64 bits, or a double; what cannot be held is no trade but a malformed record. */
function isStorable(tick: Tick): boolean {
  return (
    Number.isSafeInteger(tick.timestamp) &&
    Number.isFinite(tick.last_price) &&
    isWhole(tick.volume) &&
    isWhole(tick.bid_size) &&
    isWhole(tick.ask_size) &&
    isSeq(tick.seq)
  )
}

/** As isStorable, for a quote. */
function isStorableQuote(quote: Quote): boolean {
  return Number.isSafeInteger(quote.timestamp) && isSeq(quote.seq)
}

function isWhole(size: number | null): boolean {
  return size === null || Number.isSafeInteger(size)
}

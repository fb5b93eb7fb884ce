import type { MarketEvent, Rejected, Tick } from '../../market/event.ts'
import { cut } from '../../validation/admit.ts'
import { isStorable, isStorableQuote } from './tick-row.ts'

/** Ticks by symbol, in order of arrival, and everything else; what cannot be stored as a tick turns into a rejected record. */
export function sortEvents(batch: readonly MarketEvent[]): {
  ticks: Map<string, Tick[]>
  received: number
  others: MarketEvent[]
} {
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
      others.push(event)
    }
  }
  return { ticks, received, others }
}

function unstorable(event: Extract<MarketEvent, { type: 'tick' | 'quote' }>): Rejected {
  const raw = cut(JSON.stringify(event, (_, value) => (typeof value === 'bigint' ? String(value) : value)))
  const { source, symbol, timestamp, received_at } = event
  return { type: 'rejected', source, symbol, timestamp, reason: 'malformed', raw, received_at }
}

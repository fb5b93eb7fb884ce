import type { MarketEvent, Rejected, Tick } from '../market/event.ts'

/** What cannot be a trade, though its symbol and time are known. */
export type Scrap = Rejected & { readonly symbol: string; readonly timestamp: number }

/** What two feeds tell of one event at the exchange, and what is to go out once. */
export type Told = Tick | Scrap

export function isScrap(event: MarketEvent): event is Scrap {
  return event.type === 'rejected' && event.symbol !== null && event.timestamp !== null
}

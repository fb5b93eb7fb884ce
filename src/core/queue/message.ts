import type { MarketEvent } from '../market/event.ts'
import { encode } from '../storage/journal/payload.ts'
import type { Message } from './queue.ts'

/** Bytes of one message at most, where it holds several events: NATS takes 1 MiB at most by default. */
const LARGEST = 2 ** 18

/**
 * Events as messages of one symbol each, those of a symbol in their order. What concerns all symbols (coverage, a gap or
 * a state of the whole feed) is a message of its own, behind all that came before it.
 */
export function pack(events: readonly MarketEvent[]): Message[] {
  const messages: Message[] = []
  const bySymbol = new Map<string | null, MarketEvent[]>()
  const flush = (): void => {
    for (const [symbol, batch] of bySymbol) messages.push(...cut(symbol, batch))
    bySymbol.clear()
  }
  for (const event of events) {
    const { symbol } = event
    if (symbol === null && event.type !== 'rejected') {
      flush()
      messages.push({ symbol, payload: encode([event]), isLast: true })
    } else if (bySymbol.has(symbol)) bySymbol.get(symbol)!.push(event)
    else bySymbol.set(symbol, [event])
  }
  flush()
  return messages
}

function cut(symbol: string | null, batch: readonly MarketEvent[]): Message[] {
  const payload = encode(batch)
  if (payload.length <= LARGEST || batch.length === 1) return [{ symbol, payload, isLast: false }]
  const middle = batch.length >> 1
  return [...cut(symbol, batch.slice(0, middle)), ...cut(symbol, batch.slice(middle))]
}

import type { MarketEvent } from '../../market/event.ts'

/** Events as bytes, every field exactly: JSON, in which a sequence number beyond 2^53 is a text. */
export function encode(events: readonly MarketEvent[]): Buffer {
  const isLarge = events.some((event) => 'seq' in event && typeof event.seq === 'bigint')
  return Buffer.from(JSON.stringify(events, isLarge ? largeAsText : undefined))
}

/** The events that `encode` took. */
export function decode(payload: Buffer): MarketEvent[] {
  return (JSON.parse(payload.toString()) as MarketEvent[]).map((event) =>
    'seq' in event && typeof event.seq === 'string' ? { ...event, seq: BigInt(event.seq) } : event,
  )
}

function largeAsText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}

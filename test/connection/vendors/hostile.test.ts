import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { alltick } from '../../../src/core/connection/vendors/alltick.ts'
import { tutorial } from '../../../src/core/connection/vendors/tutorial.ts'
import type { MarketEvent } from '../../../src/core/market/event.ts'
import { toJson } from '../../../src/core/market/json.ts'
import { Sessions } from '../../../src/core/market/session.ts'
import { canonicalSymbol } from '../../../src/core/market/symbol.ts'
import { fuzzRuns } from '../../support/fuzz.ts'
import { HOSTILE_VALUES, polluted } from '../../support/hostile.ts'

const NOW = Date.UTC(2026, 10, 20, 2)
const sessions = new Sessions()

const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  alltick: [
    '?',
    '{"cmd_id":?,"seq_id":1,"trace":"t","data":{}}',
    '{"cmd_id":22998,"data":?}',
    '{"cmd_id":22998,"data":[?]}',
    ...['code', 'seq', 'tick_time', 'price', 'volume', 'turnover', 'trade_direction'].map((field) =>
      push(
        22998,
        field,
        '"code":"700.HK","seq":"1","tick_time":"1795140000000","price":"1","volume":"1","turnover":"1"',
      ),
    ),
    ...['code', 'seq', 'tick_time', 'bids', 'asks'].map((field) =>
      push(22999, field, '"code":"700.HK","seq":"1","tick_time":"1795140000000","bids":[],"asks":[]'),
    ),
    push(
      22999,
      'bids',
      '"code":"700.HK","seq":"1","tick_time":"1795140000000","bids":[{"price":?,"volume":?}],"asks":[]',
    ),
    '{"ret":?,"msg":"no","cmd_id":22005,"seq_id":1,"trace":"t"}',
    '{"ret":600,"msg":?,"cmd_id":22005,"seq_id":1,"trace":"t"}',
    '{"ret":200,"msg":"ok","cmd_id":22005,"seq_id":?,"trace":?}',
  ],
  tutorial: [
    '?',
    '[?,?]',
    '{"action":?}',
    '{"symbol":?}',
    ...['symbol', 'timestamp', 'last_price', 'volume', 'bid_price', 'ask_size'].map(
      (field) =>
        `{"symbol":"00700.HK","timestamp":"2026-11-20 10:00:00","last_price":1,"volume":1,"bid_price":1,"ask_price":2,"${field}":?}`,
    ),
  ],
}

/** A push in which `field` is named a second time: the last one counts. */
function push(command: number, field: string, rest: string): string {
  return `{"cmd_id":${command},"data":{${rest},"${field}":?}}`
}

function decoderOf(vendor: string) {
  return (vendor === 'alltick' ? alltick({ token: 'token' }) : tutorial()).openDecoder({ sessions, depth: 5 })
}

/** What every event of a decoder keeps, whatever the frame was. */
function expectSound(events: readonly MarketEvent[]): void {
  for (const event of events) {
    const line = toJson(event)
    expect(line.length).toBeLessThan(40_000)
    expect(JSON.parse(line).type).toBe(event.type)
    if (event.type === 'tick' || event.type === 'quote') expect(canonicalSymbol(event.symbol)).toBe(event.symbol)
    if (event.type === 'tick') expect(Number.isFinite(event.last_price + event.timestamp)).toBe(true)
  }
  expect(polluted()).toBe(false)
}

describe.each(Object.entries(TEMPLATES))('a frame of %s', (vendor, templates) => {
  it.each(HOSTILE_VALUES)('with %s anywhere is data or quarantined, and the next trade is decoded', (_, value) => {
    const decoder = decoderOf(vendor)
    for (const template of templates) {
      const events: MarketEvent[] = []
      decoder.decode(Buffer.from(template.replaceAll('?', () => value)), NOW, events)
      expectSound(events)
    }
    const good =
      vendor === 'alltick'
        ? '{"cmd_id":22998,"data":{"code":"5.HK","seq":"9","tick_time":"1795140000001","price":"61.1","volume":"400","turnover":"1","trade_direction":1}}'
        : '{"symbol":"00005.HK","timestamp":"2026-11-20 10:00:01","last_price":61.1,"volume":400}'
    const events: MarketEvent[] = []
    decoder.decode(Buffer.from(good), NOW, events)
    expect(events).toMatchObject([{ type: 'tick', symbol: '00005.HK', last_price: 61.1, volume: 400 }])
  })

  it('of any bytes is never an error', () => {
    const decoder = decoderOf(vendor)
    const bytes = fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array))
    fc.assert(
      fc.property(bytes, (frame) => expectSound(decoded(frame))),
      fuzzRuns(),
    )

    function decoded(frame: Buffer): MarketEvent[] {
      const events: MarketEvent[] = []
      decoder.decode(frame, NOW, events)
      return events
    }
  })

  it('with any JSON in its fields is never an error', () => {
    const decoder = decoderOf(vendor)
    const frames = fc.tuple(fc.constantFrom(...templates), fc.json({ maxDepth: 4 }))
    fc.assert(
      fc.property(frames, ([template, json]) => {
        const events: MarketEvent[] = []
        decoder.decode(Buffer.from(template.replaceAll('?', () => json)), NOW, events)
        expectSound(events)
      }),
      fuzzRuns(),
    )
  })
})

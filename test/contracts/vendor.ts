import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Decoder, Reply, Vendor } from '../../src/core/connection/vendor.ts'
import type { MarketEvent } from '../../src/core/market/event.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { traces } from '../support/canary.ts'

/** One variant of a vendor's messages: what came before on the connection, the frame, and all it must yield. */
export interface FixtureRow {
  variant: string
  /** Frames decoded first on the same connection. */
  before?: string[]
  depth?: number
  frame: string
  /** What each event must contain, in order; absent: the frame yields no event. */
  events?: object[]
  reply?: object
  /** Whether the frame counts as an unknown message. */
  unknown?: boolean
}

export interface VendorCase {
  vendor: () => Vendor
  /** The secret given to the vendor; absent where it has none. */
  secret?: string
  fixtures: readonly FixtureRow[]
  /** Symbols and how the vendor spells them. */
  codes: Readonly<Record<string, string>>
  /** Whether a request names its codes in one text, joined by commas. */
  codesInOneText?: boolean
}

const RECEIVED = 1_700_000_000_000
const sessions = new Sessions()

export interface Decoded {
  events: MarketEvent[]
  reply: Reply | undefined
  unknown: number
}

/** What a decoder makes of one frame. */
export function decodeOn(decoder: Decoder, frame: Buffer | string, receivedAt = RECEIVED): Decoded {
  const events: MarketEvent[] = []
  const before = decoder.unknown
  const reply = decoder.decode(Buffer.from(frame as string), receivedAt, events)
  return { events, reply, unknown: decoder.unknown - before }
}

/** What a new connection makes of one frame, after the frames `before`. */
export function decodeFresh(
  vendor: Vendor,
  frame: Buffer | string,
  before: readonly string[] = [],
  depth = 0,
): Decoded {
  const decoder = vendor.openDecoder({ sessions, depth })
  for (const earlier of before) decodeOn(decoder, earlier)
  return decodeOn(decoder, frame)
}

/** Everything that must be true of a vendor, whoever it is (docs/adding-a-vendor.md). */
export function vendorContract(
  name: string,
  { vendor, secret, fixtures, codes, codesInOneText = false }: VendorCase,
): void {
  const symbols = Object.keys(codes)

  describe(`${name} keeps the vendor contract`, () => {
    it.each(fixtures.map((row) => [row.variant, row] as const))('reads: %s', (_, row) => {
      const { events, reply, unknown } = decodeFresh(vendor(), row.frame, row.before, row.depth)
      expect(events).toHaveLength(row.events?.length ?? 0)
      row.events?.forEach((expected, i) => {
        expect(events[i]).toMatchObject(expected)
      })
      if (row.reply) expect(reply).toMatchObject(row.reply)
      else expect(reply).toBeUndefined()
      expect(unknown).toBe(row.unknown ? 1 : 0)
    })

    it('makes the same events of the same frames, and leaves the bytes alone', () => {
      for (const row of fixtures) {
        const frame = Buffer.from(row.frame)
        const first = decodeFresh(vendor(), frame, row.before, row.depth)
        expect(decodeFresh(vendor(), frame, row.before, row.depth)).toEqual(first)
        expect(frame.toString()).toBe(row.frame)
      }
    })

    it('stamps every event with its name and the time of receipt', () => {
      for (const row of fixtures) {
        for (const event of decodeFresh(vendor(), row.frame, row.before, row.depth).events) {
          expect(event).toMatchObject({ source: name, received_at: RECEIVED })
        }
      }
    })

    it('never throws and never loses a message without a trace, whatever the bytes', () => {
      const decoder = vendor().openDecoder({ sessions, depth: 10 })
      fc.assert(
        fc.property(fc.oneof(fc.uint8Array(), fc.string(), fc.json()), (bytes) => {
          const { events, reply, unknown } = decodeOn(decoder, Buffer.from(bytes as string))
          const text = Buffer.from(bytes as string).toString()
          expect(events.length + unknown + (reply ? 1 : 0) > 0 || text.trim() === '[]').toBe(true)
        }),
        { numRuns: 500 },
      )
    })

    it('never throws on a broken message of its own', () => {
      const decoder = vendor().openDecoder({ sessions, depth: 10 })
      fc.assert(
        fc.property(fc.constantFrom(...fixtures), fc.nat(400), fc.nat(255), fc.boolean(), (row, at, byte, cut) => {
          const frame = Buffer.from(row.frame)
          const position = at % Math.max(frame.length, 1)
          if (!cut && frame.length > 0) frame[position] = byte
          decodeOn(decoder, cut ? frame.subarray(0, position) : frame)
        }),
        { numRuns: 2_000 },
      )
    })

    it('subscribes to exactly the symbols asked for, in its own spelling', () => {
      const requests = vendor().subscribe(symbols, { depth: 5 })
      expect(requests.length).toBeGreaterThan(0)
      expect(new Set(requests.map(({ kind }) => kind)).size).toBe(requests.length)
      for (const request of requests) {
        expect(request.symbols).toEqual(symbols)
        const frame = codesInOneText ? request.frame.replaceAll(',', '","') : request.frame
        for (const code of Object.values(codes)) expect(frame).toContain(`"${code}"`)
        expect(frame.match(/"[^"]*\b(?:\d{3,5}\.HK|HSI)\b[^"]*"/g)).toHaveLength(symbols.length)
      }
    })

    it('takes symbols away where its requests add up', () => {
      for (const { symbols: left, frame } of vendor().cancel?.(symbols.slice(1)) ?? []) {
        expect(left).toEqual(symbols.slice(1))
        expect(symbols.map((symbol) => frame.includes(codes[symbol]!))).toEqual(symbols.map((_, i) => i > 0))
      }
    })

    it('gives requests ids that tell their answers apart', () => {
      const made = vendor()
      const ids = [...made.subscribe(symbols, { depth: 0 }), ...made.subscribe(symbols.slice(1), { depth: 0 })]
        .map(({ id }) => id)
        .filter((id) => id !== null)
      expect(new Set(ids).size).toBe(ids.length)
    })

    it('connects to the endpoint it was given, its secret in the connection alone', () => {
      const made = vendor()
      for (const endpoint of made.endpoints) {
        const [shown, used] = [new URL(endpoint), new URL(made.connect(endpoint).url)]
        expect([used.host, used.pathname]).toEqual([shown.host, shown.pathname])
        const { headers = {} } = made.connect(endpoint)
        if (secret) expect([...used.searchParams.values(), ...Object.values(headers)].join()).toContain(secret)
      }
      if (secret === undefined) return
      const open = [
        ...made.endpoints,
        made.heartbeat.frame(),
        ...made.subscribe(symbols, { depth: 10 }).map((r) => r.frame),
      ]
      expect(open.join('\n')).not.toContain(secret)
      expect(traces(open.join('\n'))).toEqual([])
    })

    if (secret !== undefined) {
      it('never repeats its secret when the vendor echoes it', () => {
        for (const row of fixtures) {
          const echo = row.frame.replaceAll(/"(?=[^"]*"[^"]*$)/g, `"${secret} `)
          for (const frame of [echo, `${secret}${row.frame}`]) {
            const told = stringify(decodeFresh(vendor(), frame))
            expect(told).not.toContain(secret)
            expect(traces(told)).toEqual([])
          }
        }
      })
    }

    it('paces, limits and keeps alive with figures that make sense', () => {
      const { frameGapMs, heartbeat, reconnect, maxSymbols } = vendor()
      expect(frameGapMs).toBeGreaterThanOrEqual(0)
      expect(heartbeat.everyMs).toBeGreaterThan(frameGapMs)
      expect(reconnect.capMs).toBeGreaterThanOrEqual(reconnect.floorMs)
      expect(maxSymbols).toBeGreaterThan(0)
    })
  })
}

function stringify(value: unknown): string {
  return JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? String(item) : item))
}

import { HkqError } from '../../errors.ts'
import { toShort } from '../../market/symbol.ts'
import { scrubber, withoutSecret } from '../secret.ts'
import type { Request, Vendor } from '../vendor.ts'
import { AllTickDecoder } from './alltick/decoder.ts'

/** What AllTick sells, as its interface limits have it: symbols a connection, connections a token, pauses between connects, HTTP pace. */
export const PLANS = {
  free: {
    symbols: 5,
    connections: 1,
    reconnect: { floorMs: 10_000, capMs: 30_000 },
    http: { everyMs: 10_000, batchEveryMs: 10_000, batch: 5, codes: 5 },
  },
  basic: {
    symbols: 100,
    connections: 1,
    reconnect: { floorMs: 3_000, capMs: 8_000 },
    http: { everyMs: 1_000, batchEveryMs: 3_000, batch: 100, codes: 50 },
  },
  premium: {
    symbols: 200,
    connections: 3,
    reconnect: { floorMs: 3_000, capMs: 8_000 },
    http: { everyMs: 100, batchEveryMs: 2_000, batch: 200, codes: 50 },
  },
  pro: {
    symbols: 3_000,
    connections: 10,
    reconnect: { floorMs: 3_000, capMs: 8_000 },
    http: { everyMs: 50, batchEveryMs: 1_000, batch: 500, codes: 50 },
  },
} as const

export type Plan = keyof typeof PLANS

export interface AllTickOptions {
  /** Absent for servers that ask for none (a local `hkq serve`). */
  token?: string
  /** Default basic. */
  plan?: Plan
  /** WebSocket addresses in order of preference; default AllTick's own. */
  endpoints?: readonly string[]
}

const ENDPOINT = 'wss://quote.alltick.co/quote-stock-b-ws-api'
const MAX_LEVELS = 10
/** At least a second between any two requests of one connection, and a little for the clocks. */
const FRAME_GAP = 1_050
/** At least three seconds between requests of two connections of one token; one may still wait for its own gap by then. */
const LINE_GAP = 3_000 + FRAME_GAP

/**
 * AllTick's published WebSocket API for Hong Kong stocks and indices.
 * Source: github.com/alltick/alltick-realtime-forex-crypto-stock-tick-finance-websocket-api, websocket_interface/.
 * @throws HkqError E_CONFIG for an unknown plan
 */
export function alltick(options: AllTickOptions = {}): Vendor {
  const { token, endpoints = [ENDPOINT] } = options
  const plan = planNamed(options.plan ?? 'basic')
  const scrub = scrubber([], token ? { token } : {})
  let lastId = 0
  const frame = (command: number, data: object): { frame: string; id: number } => {
    const id = ++lastId
    return { id, frame: JSON.stringify({ cmd_id: command, seq_id: id, trace: `hkq-${command}-${id}`, data }) }
  }
  return {
    name: 'alltick',
    endpoints: endpoints.map(withoutSecret),
    connect: (endpoint) => ({ url: withToken(endpoint, token) }),
    frameGapMs: FRAME_GAP,
    heartbeat: { everyMs: 10_000, frame: () => frame(22000, {}).frame, answerWithinMs: 10_000 },
    reconnect: plan.reconnect,
    maxSymbols: plan.symbols,
    maxConnections: plan.connections,
    lineGapMs: LINE_GAP,
    subscribe: (symbols, { depth }): readonly Request[] => {
      const codes = symbols.map((symbol) => ({ code: toShort(symbol) }))
      const depth_level = Math.min(Math.max(depth, 1), MAX_LEVELS)
      const books = codes.map(({ code }) => ({ code, depth_level }))
      return [
        { kind: 'trades', symbols, ...frame(22004, { symbol_list: codes }) },
        { kind: 'quotes', symbols, ...frame(22002, { symbol_list: books }) },
      ]
    },
    openDecoder: (context) => new AllTickDecoder('alltick', context, scrub),
  }
}

/** The limits of a plan. @throws HkqError E_CONFIG */
export function planNamed(name: string): (typeof PLANS)[Plan] {
  if (Object.hasOwn(PLANS, name)) return PLANS[name as Plan]
  throw new HkqError('E_CONFIG', `unknown AllTick plan "${name}": use ${Object.keys(PLANS).join(', ')}`)
}

function withToken(address: string, token: string | undefined): string {
  if (!URL.canParse(address)) return address
  const url = new URL(address)
  url.searchParams.delete('token')
  if (token) url.searchParams.set('token', token)
  return url.href
}

import { HkqError } from '../../errors.ts'
import { toPadded, toShort } from '../../market/symbol.ts'
import { scrubber, withoutSecret } from '../secret.ts'
import type { Request, Vendor } from '../vendor.ts'
import { InfowayDecoder } from './infoway/decoder.ts'

/** What Infoway sells, as its limitation pages have it where they contradict each other the newer ones: symbols a connection, connections a key, HTTP pace. */
export const PLANS = {
  free: { symbols: 10, connections: 1, reconnect: { floorMs: 3_000, capMs: 30_000 }, http: { everyMs: 500 } },
  basic: { symbols: 200, connections: 1, reconnect: { floorMs: 3_000, capMs: 8_000 }, http: { everyMs: 500 } },
  premium: { symbols: 600, connections: 2, reconnect: { floorMs: 3_000, capMs: 8_000 }, http: { everyMs: 500 } },
  pro: { symbols: 500, connections: 9, reconnect: { floorMs: 3_000, capMs: 8_000 }, http: { everyMs: 50 } },
} as const

export type Plan = keyof typeof PLANS

export interface InfowayOptions {
  /** Absent for servers that ask for none (a local `hkq serve`). */
  key?: string
  /** Default basic. */
  plan?: Plan
  /** WebSocket addresses in order of preference; default Infoway's own. */
  endpoints?: readonly string[]
  /** Whether stock codes have five digits (`00700.HK`, default) or no leading zeros. */
  padded?: boolean
}

const ENDPOINT = 'wss://data.infoway.io/ws'
/** All frames of a connection, heartbeats among them, may be 60 a minute; at this distance they are 57. */
const FRAME_GAP = 1_050
const HEARTBEAT = 10010
const SUBSCRIBE_TRADES = 10000
const SUBSCRIBE_BOOKS = 10003
const CANCEL_TRADES = 11000
const CANCEL_BOOKS = 11001

/**
 * Infoway's WebSocket API for Hong Kong stocks.
 * Source: docs.infoway.io/en-docs/websocket, and what its SDK's tests captured (docs/vendors.md).
 * @throws HkqError E_CONFIG for an unknown plan
 */
export function infoway(options: InfowayOptions = {}): Vendor {
  const { key, endpoints = [ENDPOINT], padded = true } = options
  const plan = planNamed(options.plan ?? 'basic')
  const scrub = scrubber([], key ? { key } : {})
  const codesOf = (symbols: readonly string[]): string => symbols.map(padded ? toPadded : toShort).join(',')
  let lastId = 0
  const frame = (code: number, data?: object): { frame: string; id: number } => {
    const id = ++lastId
    return { id, frame: JSON.stringify({ code, trace: `hkq-${code}-${id}`, ...(data && { data }) }) }
  }
  return {
    name: 'infoway',
    endpoints: endpoints.map(forStocks),
    connect: (endpoint) => ({ url: withKey(endpoint, key) }),
    frameGapMs: FRAME_GAP,
    heartbeat: { everyMs: 30_000, frame: () => frame(HEARTBEAT).frame, answerWithinMs: null },
    reconnect: plan.reconnect,
    maxSymbols: plan.symbols,
    maxConnections: plan.connections,
    lineGapMs: 0,
    subscribe: (symbols): readonly Request[] => {
      const codes = codesOf(symbols)
      return [
        { kind: 'trades', symbols, ...frame(SUBSCRIBE_TRADES, { codes }) },
        { kind: 'quotes', symbols, ...frame(SUBSCRIBE_BOOKS, { codes }) },
      ]
    },
    cancel: (symbols) => {
      const codes = codesOf(symbols)
      return [
        { kind: 'cancel', symbols, ...frame(CANCEL_TRADES, { codes }) },
        { kind: 'cancel', symbols, ...frame(CANCEL_BOOKS, { codes }) },
      ]
    },
    openDecoder: (context) => new InfowayDecoder('infoway', context, scrub),
  }
}

/** The limits of a plan. @throws HkqError E_CONFIG */
export function planNamed(name: string): (typeof PLANS)[Plan] {
  if (Object.hasOwn(PLANS, name)) return PLANS[name as Plan]
  throw new HkqError('E_CONFIG', `unknown Infoway plan "${name}": use ${Object.keys(PLANS).join(', ')}`)
}

/** The address without a key, for the business that has Hong Kong's shares unless it names another. */
function forStocks(address: string): string {
  if (!URL.canParse(address)) return address
  const url = new URL(withoutSecret(address))
  if (!url.searchParams.has('business')) url.searchParams.set('business', 'stock')
  return url.href
}

function withKey(address: string, key: string | undefined): string {
  const url = new URL(address)
  if (key) url.searchParams.set('apikey', key)
  return url.href
}

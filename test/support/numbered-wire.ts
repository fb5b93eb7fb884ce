import { toPadded, toShort } from '../../src/core/market/symbol.ts'
import { trade } from './alltick-wire.ts'
import { type Numbered, priceOf, volumeOf } from './tape.ts'

/** A request as a server of numbered trades reads it. */
export interface Asked {
  readonly command: number
  /** Absent where the vendor leaves it unanswered. */
  readonly answer?: string
  readonly isHeartbeat: boolean
  /** Codes whose trades are asked for. */
  readonly codes?: readonly string[]
}

/** What a vendor's wire and rules are to a server of numbered trades. */
export interface Wire {
  readonly path: string
  /** What whoever connects is told. */
  readonly greeting: readonly string[]
  /** How long a client may be without a heartbeat, ms. */
  readonly silenceMs: number
  read(text: string): Asked
  code(symbol: string): string
  trade(numbered: Numbered): string
  /** Whether a request that comes at the last of these times, ms, is one too many. */
  isTooSoon(times: readonly number[]): boolean
}

/** AllTick: a trade's sequence number is its number; a second between two requests; a heartbeat every 30 s. */
export const ALLTICK_WIRE: Wire = {
  path: '/quote-stock-b-ws-api',
  greeting: [],
  silenceMs: 30_000,
  read: (text) => {
    const { cmd_id: command, seq_id, trace, data } = JSON.parse(text)
    const codes = command === 22004 ? { codes: data.symbol_list.map(({ code }: { code: string }) => code) } : {}
    const answer = JSON.stringify({ ret: 200, msg: 'ok', cmd_id: command + 1, seq_id, trace, data: {} })
    return { command, answer, isHeartbeat: command === 22000, ...codes }
  },
  code: toShort,
  trade: ({ symbol, number, time }) =>
    trade(toShort(symbol), time, number, priceOf(number).toFixed(3), volumeOf(number)),
  isTooSoon: (times) => times.length > 1 && times.at(-1)! - times.at(-2)! < 1_000,
}

/** How far Infoway's clock is ahead of the tape's, ms. */
export const INFOWAY_AHEAD = 350

/**
 * Infoway: no sequence number and a clock of its own; 60 frames a minute; heartbeats once a minute, unanswered. What is no trade
 * has its number where nobody but the audit reads it.
 */
export const INFOWAY_WIRE: Wire = {
  path: '/ws',
  greeting: ['You have permission to subscribe to all market data', '{"code":200,"msg":"ws connect success"}'],
  silenceMs: 60_000,
  read: (text) => {
    const { code: command, trace, data } = JSON.parse(text)
    if (command === 10010) return { command, isHeartbeat: true }
    const codes = command === 10000 ? { codes: data.codes.split(',') } : {}
    return { command, answer: JSON.stringify({ code: command + 1, trace, msg: 'ok' }), isHeartbeat: false, ...codes }
  },
  code: toPadded,
  trade: ({ symbol, number, time }) => {
    const own = priceOf(number) === 0 ? { seq: number } : {}
    const fields = { p: priceOf(number).toFixed(3), s: toPadded(symbol), t: time + INFOWAY_AHEAD, td: 1 }
    return JSON.stringify({ code: 10002, data: { ...fields, v: String(volumeOf(number)), vw: '0', ...own } })
  },
  isTooSoon: (times) => times.length > 60 && times.at(-1)! - times.at(-61)! < 60_000,
}

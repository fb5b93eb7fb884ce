import type { Clock } from '../../../clock.ts'
import { HkqError } from '../../../errors.ts'
import type { Instrument } from '../../../market/instrument.ts'
import type { Kline } from '../../../market/kline.ts'
import { Sessions } from '../../../market/session.ts'
import { toPadded, toShort } from '../../../market/symbol.ts'
import { formatDate } from '../../../market/time.ts'
import type { Inquiry, LatestTrade } from '../../../pipeline/inquiry.ts'
import { type FetchedText, fetchText } from '../../fetch-text.ts'
import { Gate } from '../../gate.ts'
import { previousClose } from '../../previous-close.ts'
import { scrubber } from '../../secret.ts'
import { parseJson, wireNumber, wireObject, wireRows, wireTime } from '../../wire.ts'
import { type Plan, planNamed } from '../infoway.ts'
import { type Fields, instrumentOf, klinesOf, sideOf } from './fields.ts'

const MAX_BARS = 500
/** Most codes of one call. */
const MAX_CODES = 100
const KLINE_TYPES = { '1m': 1, '1d': 8 } as const
/** What the interface answers when it knows none of the codes asked for: a number of its own, or 500 with these words. */
const NO_PRODUCT = 508
const NO_PRODUCT_WORDS = /product not exists/i
const KEY_REFUSED: ReadonlySet<number> = new Set([401, 509, 514])

export interface InfowayHttpOptions {
  /** The WebSocket address; the HTTP interface is on its host and port. */
  endpoint: string
  key?: string
  /** Default basic. */
  plan?: Plan
  /** Whether stock codes have five digits; default true. */
  padded?: boolean
  clock: Clock
  /** Which days trade; default Hong Kong's built-in calendar. */
  sessions?: Sessions
  /** Address of an HTTP proxy, if the calls go through one; never used for loopback. */
  proxy?: string
  /** For one whole call, ms; default 10,000. */
  timeoutMs?: number
  signal?: AbortSignal
}

/**
 * Infoway's HTTP interface, paced by the plan: one call at a time, however many ask.
 * Source: docs.infoway.io/en-docs/getting-started/endpoints.
 */
export class InfowayHttp implements Inquiry {
  readonly maxBars = MAX_BARS
  readonly #options: InfowayHttpOptions
  readonly #base: string
  readonly #gate: Gate
  readonly #scrub: (text: string) => string
  readonly #never = new AbortController().signal
  #before: Promise<unknown> = Promise.resolve()

  constructor(options: InfowayHttpOptions) {
    const { endpoint, key, plan = 'basic', clock, proxy } = options
    this.#options = options
    const { protocol, host } = new URL(endpoint)
    this.#base = `${protocol === 'ws:' ? 'http:' : 'https:'}//${host}`
    this.#gate = new Gate(planNamed(plan).http.everyMs, clock)
    this.#scrub = scrubber(proxy === undefined ? [] : [proxy], key ? { key } : {})
  }

  async klines(symbol: string, every: '1m' | '1d', count: number): Promise<Kline[]> {
    const found = await this.#bars([symbol], every, Math.min(count, MAX_BARS))
    return found.get(symbol) ?? []
  }

  async latestTrades(symbols: readonly string[]): Promise<LatestTrade[]> {
    const rows = await this.#rows('stock/batch_trade', symbols)
    return rows.flatMap(([symbol, row]) => {
      const [time, price] = [wireTime(row.t), wireNumber(row.p)]
      if (!(time > 0) || !(price > 0)) return []
      const [volume, turnover] = [wireNumber(row.v), wireNumber(row.vw)]
      return [{ symbol, seq: 0, time, price, volume, turnover, side: sideOf(row.td) }]
    })
  }

  async staticInfo(symbols: readonly string[]): Promise<Instrument[]> {
    const known = new Map<string, Fields>()
    const closes = new Map<string, number>()
    try {
      for (const [symbol, row] of await this.#products(symbols)) known.set(symbol, row)
      const { clock, sessions = new Sessions() } = this.#options
      for (const [symbol, bars] of await this.#bars(symbols, '1d', 2)) {
        const close = previousClose(bars, clock.now(), sessions)
        if (close !== undefined && close > 0) closes.set(symbol, close)
      }
    } catch {
      // what was learnt before the failure counts
    }
    const date = formatDate(this.#options.clock.now())
    return symbols
      .filter((symbol) => known.has(symbol) || closes.has(symbol))
      .map((symbol) => instrumentOf(symbol, date, known.get(symbol) ?? {}, closes.get(symbol) ?? null))
  }

  /** Of more than one symbol Infoway tells the two newest bars at most. */
  async #bars(symbols: readonly string[], every: '1m' | '1d', count: number): Promise<Map<string, Kline[]>> {
    const rows = await this.#rows(`stock/batch_kline/${KLINE_TYPES[every]}/${count}`, symbols)
    return new Map(rows.map(([symbol, row]) => [symbol, klinesOf(row.respList)]))
  }

  async #products(symbols: readonly string[]): Promise<[string, Fields][]> {
    const found: [string, Fields][] = []
    for (const chunk of chunks(symbols)) {
      const query = new URLSearchParams({ type: 'STOCK_HK', symbols: this.#codes(chunk) })
      found.push(...wireRows(await this.#call(`common/basic/symbols/info?${query}`), 'symbol'))
    }
    return found
  }

  async #rows(path: string, symbols: readonly string[]): Promise<[string, Fields][]> {
    const found: [string, Fields][] = []
    for (const chunk of chunks(symbols)) {
      found.push(...wireRows(await this.#call(`${path}/${encodeURIComponent(this.#codes(chunk))}`), 's'))
    }
    return found
  }

  #codes(symbols: readonly string[]): string {
    return symbols.map(this.#options.padded === false ? toShort : toPadded).join(',')
  }

  /** Waits for the call before and the plan's pace, calls, and returns the `data` of a good answer. */
  #call(path: string): Promise<unknown> {
    const { key, proxy, timeoutMs = 10_000, signal } = this.#options
    const shown = `${this.#base}/${path.split(/[?]/)[0]}`
    const call = this.#before.then(async () => {
      await this.#gate.turn(signal ?? this.#never)
      const headers = key ? { apiKey: key } : {}
      const how = { shown, scrub: this.#scrub, headers, proxy, timeoutMs, signal }
      return this.#dataOf(await fetchText(new URL(`${this.#base}/${path}`), how), shown)
    })
    this.#before = call.catch(() => {})
    return call
  }

  /** A refusal has `ret` or `code`, and `msg` or `message`, by where in the service it comes from. */
  #dataOf({ status, text }: FetchedText, shown: string): unknown {
    const message = wireObject(parseJson(text))
    const told = wireNumber(message?.ret ?? message?.code)
    const code = Number.isNaN(told) && status === 401 ? 401 : told
    if (Number.isNaN(code)) {
      throw new HkqError('E_NETWORK', `"${shown}" answered HTTP ${status} without Infoway's form: check the endpoint`)
    }
    if (code === 200) return message?.data
    const words = this.#scrub(String(message?.msg ?? message?.message ?? '')).slice(0, 200)
    if (code === NO_PRODUCT || NO_PRODUCT_WORDS.test(words)) return []
    if (KEY_REFUSED.has(code)) {
      throw new HkqError('E_TOKEN', `Infoway refused the key (${code} "${words}"): check HKQ_INFOWAY_KEY`)
    }
    throw new HkqError('E_NETWORK', `Infoway refused "${shown}": ${code} "${words}"`)
  }
}

function* chunks(symbols: readonly string[]): Generator<readonly string[]> {
  for (let i = 0; i < symbols.length; i += MAX_CODES) yield symbols.slice(i, i + MAX_CODES)
}

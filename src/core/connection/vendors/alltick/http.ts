import type { Clock } from '../../../clock.ts'
import { HkqError } from '../../../errors.ts'
import type { Level, Seq } from '../../../market/event.ts'
import type { Instrument } from '../../../market/instrument.ts'
import type { Kline } from '../../../market/kline.ts'
import { Sessions } from '../../../market/session.ts'
import { toShort } from '../../../market/symbol.ts'
import { formatDate } from '../../../market/time.ts'
import type { Inquiry, LatestTrade } from '../../../pipeline/inquiry.ts'
import { fetchText } from '../../fetch-text.ts'
import { previousClose } from '../../previous-close.ts'
import { scrubber } from '../../secret.ts'
import { longIntegers, parseExact, wireNumber, wireObject, wireRows, wireSeq, wireTime } from '../../wire.ts'
import { type Plan, planNamed } from '../alltick.ts'
import { asksOf, bidsOf, type Fields, instrumentOf, klinesOf, sideOf } from './fields.ts'
import { verdictOf } from './replies.ts'

/** Most bars that an answer holds; for stocks there is no older history. */
const MAX_BARS = 500
const LONG = longIntegers('seq', 'tick_time')

/** AllTick's kinds of K-line that stocks have. */
export const KLINE_TYPES = { '1m': 1, '5m': 2, '15m': 3, '30m': 4, '1h': 5, '1d': 8, '1w': 9, '1M': 10 } as const
export type KlineType = keyof typeof KLINE_TYPES

/** The latest book of a symbol, best level first. */
export interface LatestBook {
  symbol: string
  seq: Seq
  time: number
  bids: readonly Level[]
  asks: readonly Level[]
}

export interface HttpOptions {
  /** The WebSocket address; the HTTP interface is on its host and port. Read at each call. */
  readonly endpoint: string
  token?: string
  /** Default basic. */
  plan?: Plan
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
 * AllTick's HTTP interface, paced by the plan: one call at a time, however many ask.
 * Source: http_interface/ of AllTick's API repository.
 */
export class AllTickHttp implements Inquiry {
  readonly maxBars = MAX_BARS
  readonly #options: HttpOptions
  readonly #limits: ReturnType<typeof planNamed>['http']
  readonly #scrub: (text: string) => string
  #turn: Promise<void> = Promise.resolve()
  #freeAt = Number.NEGATIVE_INFINITY
  #batchFreeAt = Number.NEGATIVE_INFINITY

  constructor(options: HttpOptions) {
    this.#options = options
    // throws for what is no address, before anything is asked
    httpBase(options.endpoint)
    this.#limits = planNamed(options.plan ?? 'basic').http
    this.#scrub = scrubber(
      options.proxy === undefined ? [] : [options.proxy],
      options.token ? { token: options.token } : {},
    )
  }

  async klines(symbol: string, type: KlineType, count = MAX_BARS): Promise<Kline[]> {
    const data = await this.#get('kline', klineQuery(symbol, type, Math.min(count, MAX_BARS)))
    return klinesOf(data.kline_list)
  }

  /** The one or two newest K-lines of many symbols. */
  async batchKline(symbols: readonly string[], type: KlineType, count: 1 | 2 = 2): Promise<Map<string, Kline[]>> {
    const found = new Map<string, Kline[]>()
    for (const chunk of chunks(symbols, this.#limits.batch)) {
      const data_list = chunk.map((symbol) => klineQuery(symbol, type, count))
      const data = await this.#call('batch-kline', { data_list })
      for (const [symbol, item] of wireRows(data.kline_list, 'code')) found.set(symbol, klinesOf(item.kline_data))
    }
    return found
  }

  async latestTrades(symbols: readonly string[]): Promise<LatestTrade[]> {
    const rows = await this.#list('trade-tick', 'tick_list', symbols)
    return rows.flatMap(([symbol, item]) => {
      const seq = wireSeq(item.seq)
      const [time, price] = [wireTime(item.tick_time), wireNumber(item.price)]
      if (seq === null || !(time > 0) || !(price > 0)) return []
      const [volume, turnover] = [wireNumber(item.volume), wireNumber(item.turnover)]
      return [{ symbol, seq, time, price, volume, turnover, side: sideOf(item.trade_direction) }]
    })
  }

  /** The latest book of each symbol that has one. */
  async depthTick(symbols: readonly string[]): Promise<LatestBook[]> {
    const rows = await this.#list('depth-tick', 'tick_list', symbols)
    return rows.flatMap(([symbol, item]) => {
      const seq = wireSeq(item.seq)
      const time = wireTime(item.tick_time)
      if (seq === null || !(time > 0)) return []
      return [{ symbol, seq, time, bids: bidsOf(item.bids), asks: asksOf(item.asks) }]
    })
  }

  /**
   * Names, currency, lot size and previous close of each symbol as far as the vendor tells them now; a symbol of which
   * nothing is known is left out. Never rejects.
   */
  async staticInfo(symbols: readonly string[]): Promise<Instrument[]> {
    const rows = await this.#list('static_info', 'static_info_list', symbols, 'symbol').catch(() => [])
    const closes = await this.#previousCloses(symbols)
    const known = new Map(rows)
    const date = formatDate(this.#options.clock.now())
    return symbols
      .filter((symbol) => known.has(symbol) || closes.has(symbol))
      .map((symbol) => instrumentOf(symbol, date, known.get(symbol) ?? {}, closes.get(symbol) ?? null))
  }

  /** Asked at once, or one by one where batches are unknown. */
  async #previousCloses(symbols: readonly string[]): Promise<Map<string, number>> {
    const closes = new Map<string, number>()
    const { clock, sessions = new Sessions() } = this.#options
    const take = (symbol: string, bars: readonly Kline[]): void => {
      const close = previousClose(bars, clock.now(), sessions)
      if (close !== undefined && close > 0) closes.set(symbol, close)
    }
    try {
      for (const [symbol, bars] of await this.batchKline(symbols, '1d')) take(symbol, bars)
    } catch {
      try {
        for (const symbol of symbols) take(symbol, await this.klines(symbol, '1d', 2))
      } catch {
        // what was learnt before the failure counts
      }
    }
    return closes
  }

  async #list(path: string, list: string, symbols: readonly string[], key = 'code'): Promise<[string, Fields][]> {
    const rows: [string, Fields][] = []
    for (const chunk of chunks(symbols, this.#limits.codes)) {
      const data = await this.#get(path, { symbol_list: chunk.map((symbol) => ({ code: toShort(symbol) })) })
      rows.push(...wireRows(data[list], key))
    }
    return rows
  }

  #get(path: string, data: object): Promise<Fields> {
    return this.#call(path, data)
  }

  /** Waits for its turn and the plan's pace, calls, and returns the `data` of a good answer. */
  async #call(path: string, data: object): Promise<Fields> {
    const before = this.#turn
    let done = (): void => {}
    this.#turn = new Promise((resolve) => {
      done = resolve
    })
    await before
    try {
      await this.#pace(path === 'batch-kline')
      return await this.#exchange(path, data)
    } finally {
      done()
    }
  }

  async #pace(batch: boolean): Promise<void> {
    const { clock, signal } = this.#options
    const freeAt = batch ? Math.max(this.#freeAt, this.#batchFreeAt) : this.#freeAt
    const wait = freeAt - clock.monotonic()
    if (wait > 0) await clock.sleep(wait, signal)
    const now = clock.monotonic()
    this.#freeAt = now + this.#limits.everyMs
    if (batch) this.#batchFreeAt = now + this.#limits.batchEveryMs
  }

  async #exchange(path: string, data: object): Promise<Fields> {
    const { token, proxy, timeoutMs = 10_000, signal } = this.#options
    const body = JSON.stringify({ trace: `hkq-${path}`, data })
    const shown = `${httpBase(this.#options.endpoint)}/${path}`
    const url = new URL(shown)
    if (token) url.searchParams.set('token', token)
    const post = path === 'batch-kline'
    if (!post) url.searchParams.set('query', body)
    const answer = await fetchText(url, {
      ...{ shown, scrub: this.#scrub, proxy, timeoutMs, signal },
      ...(post && { body }),
    })
    return this.#dataOf(answer, shown)
  }

  #dataOf({ status, text }: { status: number; text: string }, shown: string): Fields {
    const message = wireObject(parseExact(text, LONG))
    const code = wireNumber(message?.ret)
    if (message === null || Number.isNaN(code)) {
      throw new HkqError('E_NETWORK', `"${shown}" answered HTTP ${status} without AllTick's form: check the endpoint`)
    }
    if (code === 200) return wireObject(message.data) ?? {}
    const words = this.#scrub(typeof message.msg === 'string' ? message.msg : '').slice(0, 200)
    if (verdictOf(code) === 'token') {
      throw new HkqError('E_TOKEN', `AllTick refused the token (${code} "${words}"): check HKQ_ALLTICK_TOKEN`)
    }
    throw new HkqError('E_NETWORK', `AllTick refused "${shown}": ${code} "${words}"`)
  }
}

/** `wss://host:port/...` to `https://host:port/quote-stock-b-api`. @throws HkqError E_CONFIG when it is no address */
export function httpBase(endpoint: string): string {
  if (!URL.canParse(endpoint))
    throw new HkqError(
      'E_CONFIG',
      `endpoint "${endpoint.replace(/[?#].*|[^/]*@/gs, '')}" is not an address: use wss://HOST/...`,
    )
  const url = new URL(endpoint)
  const scheme = url.protocol === 'ws:' || url.protocol === 'http:' ? 'http:' : 'https:'
  return `${scheme}//${url.host}/quote-stock-b-api`
}

function klineQuery(symbol: string, type: KlineType, count: number): object {
  const kline_type = KLINE_TYPES[type]
  return { code: toShort(symbol), kline_type, kline_timestamp_end: 0, query_kline_num: count, adjust_type: 0 }
}

function* chunks<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let i = 0; i < items.length; i += size) yield items.slice(i, i + size)
}

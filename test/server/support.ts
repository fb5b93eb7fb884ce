import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { Clock } from '../../src/core/clock.ts'
import type { Quote, Tick } from '../../src/core/market/event.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { openServer, type QuoteServer, type ServerOptions } from '../../src/core/server/server.ts'

export const STOCK = '/quote-stock-b-ws-api?token=t'
export const FOREX = '/quote-b-ws-api?token=t'

/** 2026-11-20 09:30 Hong Kong, a Friday. */
export const OPEN = Date.parse('2026-11-20T09:30:00+08:00')

/** A clock that stands still until told to go on. */
export class ManualClock implements Clock {
  readonly #start: number
  #time = 0
  #sleepers: { at: number; wake: () => void }[] = []

  /** @param start what the wall clock shows first, epoch ms */
  constructor(start = OPEN) {
    this.#start = start
  }

  now(): number {
    return this.#start + this.#time
  }

  monotonic(): number {
    return this.#time
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((wake) => {
      const stop = (): void => {
        this.#sleepers = this.#sleepers.filter((sleeper) => sleeper !== own)
        wake()
      }
      const own = {
        at: this.#time + ms,
        wake: () => {
          signal?.removeEventListener('abort', stop)
          wake()
        },
      }
      this.#sleepers.push(own)
      signal?.addEventListener('abort', stop, { once: true })
      if (signal?.aborted) stop()
    })
  }

  /** Lets time pass, second by second, and everything run that was waiting for it. */
  async pass(ms: number): Promise<void> {
    const end = this.#time + ms
    while (this.#time < end) {
      this.#time = Math.min(end, this.#time + 1_000)
      const due = this.#sleepers.filter(({ at }) => at <= this.#time)
      this.#sleepers = this.#sleepers.filter(({ at }) => at > this.#time)
      for (const { wake } of due) wake()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

export async function serve(options: Partial<ServerOptions> = {}): Promise<QuoteServer> {
  const server = await openServer({ sessions: new Sessions(), settleMs: 0, ...options })
  onTestFinished(() => server.close())
  return server
}

// biome-ignore lint/suspicious/noExplicitAny: the tests name what they expect of a message
export type Message = Record<string, any>

/** A raw client: what it got, in order. */
export class TestClient {
  readonly ws: WebSocket
  /** Every message, pushes and answers. */
  readonly texts: string[] = []
  /** Those among them that answer a request. */
  readonly answers: Message[] = []
  closed: { code: number; reason: string } | null = null
  #wake: () => void = () => {}

  constructor(ws: WebSocket) {
    this.ws = ws
    ws.on('message', (data) => {
      const text = String(data)
      this.texts.push(text)
      if (text.startsWith('{"ret":')) this.answers.push(JSON.parse(text))
      this.#wake()
    })
    ws.on('close', (code, reason) => {
      this.closed = { code, reason: String(reason) }
      this.#wake()
    })
    ws.on('error', () => {})
  }

  get messages(): Message[] {
    return this.texts.map((text) => JSON.parse(text))
  }

  /** Data of the trade pushes so far. */
  get trades(): Message[] {
    return this.messages.filter(({ cmd_id }) => cmd_id === 22998).map(({ data }) => data)
  }

  get books(): Message[] {
    return this.messages.filter(({ cmd_id }) => cmd_id === 22999).map(({ data }) => data)
  }

  send(message: unknown): void {
    this.ws.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message))
  }

  /** Sends a request and resolves with its answer. */
  async ask(message: unknown): Promise<Message> {
    const before = this.answers.length
    this.send(message)
    await this.until(() => this.answers.length > before)
    return this.answers[before]!
  }

  subscribeTrades(...codes: string[]): Promise<Message> {
    return this.ask(request(22004, { symbol_list: codes.map((code) => ({ code })) }))
  }

  subscribeBooks(depth: number, ...codes: string[]): Promise<Message> {
    return this.ask(request(22002, { symbol_list: codes.map((code) => ({ code, depth_level: depth })) }))
  }

  /** Resolves when the condition holds; looks after every message. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.closed) throw new Error(`closed: ${this.closed.code} ${this.closed.reason}`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Resolves when everything the server has sent so far is here: a heartbeat goes round. */
  async settled(): Promise<void> {
    await this.ask(request(22000, {}))
  }

  async end(): Promise<{ code: number; reason: string }> {
    while (this.closed === null) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.closed
  }
}

export async function connect(
  server: QuoteServer,
  path: string = STOCK,
  headers: Record<string, string> = {},
): Promise<TestClient> {
  const ws = new WebSocket(server.url + path, { headers })
  const client = new TestClient(ws)
  onTestFinished(() => ws.terminate())
  await once(ws, 'open')
  return client
}

export function request(cmd_id: number, data: unknown, seq_id = 7, trace = 'trace-7'): Message {
  return { cmd_id, seq_id, trace, data }
}

export function tick(seq: number | bigint, fields: Partial<Tick> = {}): Tick {
  const last_price = fields.last_price ?? 513.5
  return {
    type: 'tick',
    symbol: '00700.HK',
    timestamp: OPEN + Number(seq),
    last_price,
    volume: 100,
    turnover: last_price * 100,
    bid_price: null,
    ask_price: null,
    bid_size: null,
    ask_size: null,
    quote_time: null,
    value: last_price * 100,
    spread: null,
    side: null,
    phase: 'morning',
    trade_type: null,
    flags: [],
    seq,
    source: 'test',
    received_at: null,
    ...fields,
  }
}

export function quote(seq: number, fields: Partial<Quote> = {}): Quote {
  return {
    type: 'quote',
    symbol: '00700.HK',
    timestamp: OPEN + seq,
    bids: [
      [513, 12_300],
      [512.5, 40_100],
      [512, 500],
    ],
    asks: [
      [513.5, 8_800],
      [514, 21_900],
    ],
    phase: 'morning',
    seq,
    source: 'test',
    received_at: null,
    ...fields,
  }
}

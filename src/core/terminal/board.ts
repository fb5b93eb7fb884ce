import { type Gap, LEFT_OUT, type MarketEvent, type Quote, type Status, type Tick } from '../market/event.ts'
import type { Instrument } from '../market/instrument.ts'
import { dayNumber } from '../market/time.ts'
import { PathSample } from './path-sample.ts'
import { sanitise } from './sanitise.ts'

/** What is known of one symbol: the newest figures, and the day's as far as they were seen. Amounts as in Tick. */
export interface Row {
  readonly symbol: string
  name: string | null
  prev_close: number | null
  last: number | null
  /** Sign of the last change of price. */
  direction: number
  /** When the last price changed and when the last trade came, on the clock given to `apply`. */
  changed_at: number
  tick_at: number | null
  bid: number | null
  bid_size: number | null
  ask: number | null
  ask_size: number | null
  high: number | null
  low: number | null
  volume: number | null
  turnover: number | null
  /** sum(price * volume) of the day. */
  value: number | null
  halted: boolean
  readonly path: PathSample
}

/** State of one feed as its last status event told it. */
export interface Feed {
  readonly state: Status['state']
  readonly detail: string
  readonly since: number
}

/** What the live table shows. Filled by `apply`, which costs the same for every event. */
export interface Board {
  readonly rows: ReadonlyMap<string, Row>
  readonly feeds: ReadonlyMap<string, Feed>
  /** Ticks, gaps and rejected records seen, the last gap, exchange time of the first tick. */
  readonly ticks: number
  readonly gaps: number
  readonly lastGap: Gap | null
  readonly rejected: number
  /** Detail of the last warning. */
  readonly warning: string | null
  readonly firstTickAt: number | null
  /** @param now of the clock the source follows, epoch ms */
  apply(events: readonly MarketEvent[], now: number): void
  /** Adds names and previous closes as they become known. */
  learn(instruments: readonly Instrument[]): void
}

const LEFT_OUT_SET: ReadonlySet<string> = new Set(LEFT_OUT)

/** @param symbols canonical, in the order to show; a symbol that was not named gets its row when its first event comes */
export function createBoard(symbols: readonly string[], instruments: readonly Instrument[] = []): Board {
  return new LiveBoard(symbols, instruments)
}

class LiveBoard implements Board {
  readonly rows = new Map<string, Row>()
  readonly feeds = new Map<string, Feed>()
  readonly #days = new Map<string, number>()
  ticks = 0
  gaps = 0
  lastGap: Gap | null = null
  rejected = 0
  warning: string | null = null
  firstTickAt: number | null = null

  constructor(symbols: readonly string[], instruments: readonly Instrument[]) {
    for (const symbol of symbols) this.#row(symbol)
    this.learn(instruments)
  }

  apply(events: readonly MarketEvent[], now: number): void {
    for (const event of events) {
      if (event.type === 'tick') this.#tick(event, now)
      else if (event.type === 'quote') quote(this.#row(event.symbol), event)
      else if (event.type === 'status') this.#status(event)
      else if (event.type === 'rejected') this.rejected++
      else if (event.type === 'gap') {
        this.gaps++
        this.lastGap = event
      }
    }
  }

  learn(instruments: readonly Instrument[]): void {
    for (const { symbol, name_zh, name_en, prev_close } of instruments) {
      const row = this.#row(symbol)
      row.name = sanitise(name_zh ?? name_en ?? '') || row.name
      row.prev_close = prev_close ?? row.prev_close
    }
  }

  #tick(tick: Tick, now: number): void {
    const row = this.#row(tick.symbol)
    this.ticks++
    if (!this.feeds.has(tick.source)) this.feeds.set(tick.source, { state: 'up', detail: '', since: now })
    this.firstTickAt ??= tick.timestamp
    row.tick_at = Math.max(row.tick_at ?? 0, tick.received_at ?? tick.timestamp)
    if (tick.bid_price !== null || tick.ask_price !== null) {
      row.bid = tick.bid_price
      row.bid_size = tick.bid_size
      row.ask = tick.ask_price
      row.ask_size = tick.ask_size
    }
    if (tick.flags.some((flag) => LEFT_OUT_SET.has(flag))) return
    this.#openDay(row, tick)
    if (row.last !== null && tick.last_price !== row.last) {
      row.direction = Math.sign(tick.last_price - row.last)
      row.changed_at = now
    }
    row.last = tick.last_price
    row.high = Math.max(row.high ?? tick.last_price, tick.last_price)
    row.low = Math.min(row.low ?? tick.last_price, tick.last_price)
    row.volume = sum(row.volume, tick.volume)
    row.turnover = sum(row.turnover, tick.turnover)
    row.value = sum(row.value, tick.value)
    row.path.add(tick.timestamp, tick.last_price)
  }

  /** A new day forgets the old one's figures; its last price is the previous close, unless the vendor tells it. */
  #openDay(row: Row, tick: Tick): void {
    const day = dayNumber(tick.timestamp)
    const before = this.#days.get(tick.symbol)
    if (before === day) return
    this.#days.set(tick.symbol, day)
    if (before === undefined) return
    row.prev_close = row.last
    Object.assign(row, { high: null, low: null, volume: null, turnover: null, value: null })
    row.path.clear()
  }

  #status(status: Status): void {
    if (status.state === 'warning') this.warning = sanitise(status.detail)
    else if (status.symbol === null) {
      this.feeds.set(status.source, { state: status.state, detail: sanitise(status.detail), since: status.timestamp })
    } else if (status.state === 'halted' || status.state === 'resumed') {
      this.#row(status.symbol).halted = status.state === 'halted'
    }
  }

  #row(symbol: string): Row {
    let row = this.rows.get(symbol)
    if (!row) {
      row = emptyRow(symbol)
      this.rows.set(symbol, row)
    }
    return row
  }
}

function quote(row: Row, { bids, asks }: Quote): void {
  row.bid = bids[0]?.[0] ?? null
  row.bid_size = bids[0]?.[1] ?? null
  row.ask = asks[0]?.[0] ?? null
  row.ask_size = asks[0]?.[1] ?? null
}

function sum(total: number | null, value: number | null): number | null {
  return value === null ? total : (total ?? 0) + value
}

function emptyRow(symbol: string): Row {
  return {
    symbol,
    name: null,
    prev_close: null,
    last: null,
    direction: 0,
    changed_at: Number.NEGATIVE_INFINITY,
    tick_at: null,
    bid: null,
    bid_size: null,
    ask: null,
    ask_size: null,
    high: null,
    low: null,
    volume: null,
    turnover: null,
    value: null,
    halted: false,
    path: new PathSample(),
  }
}

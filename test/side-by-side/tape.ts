import { GapTracker } from '../../src/core/connection/gaps.ts'
import type { Gap, MarketEvent, Status, Tick } from '../../src/core/market/event.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { parseTime } from '../../src/core/market/time.ts'
import { Pair } from '../../src/core/side-by-side/pair.ts'
import { tick } from '../storage/sample.ts'

/** A Monday, in the morning session. */
export const START = parseTime('2026-11-23T10:00')
const SESSIONS = new Sessions()

/** What happened at the exchange. `number` counts all trades: it is what no vendor tells and every test compares. */
export interface Trade {
  number: number
  symbol: string
  time: number
  price: number
  volume: number | null
}

/** Uniform in [0, 1), the same for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A random walk on the grid, volumes in a few lots as they are: many trades look alike. An index moves freely and has none. */
export function tradesOf(options: {
  random: () => number
  symbols: readonly string[]
  perSecond: number
  seconds: number
  volumes?: number
}): Trade[] {
  const { random, symbols, perSecond, seconds, volumes = 20 } = options
  const prices = new Map(symbols.map((symbol, i) => [symbol, 100 + 50 * i]))
  const times = Array.from({ length: Math.round(perSecond * seconds) }, () => Math.floor(random() * seconds * 1_000))
  return times
    .sort((a, b) => a - b)
    .map((time, number) => {
      const symbol = symbols[Math.floor(random() * symbols.length)]!
      const isIndex = symbol === 'HSI'
      const step = isIndex ? Math.floor(400 * random()) / 100 - 2 : (Math.floor(random() * 3) - 1) / 10
      const price = Math.round((prices.get(symbol)! + step) * 100) / 100
      prices.set(symbol, Math.max(50, price))
      const volume = isIndex ? null : 100 * (1 + Math.floor(random() * volumes))
      return { number, symbol, time: START + time, price, volume }
    })
}

/** A stretch without connection. Until it is noticed nothing is told but silence. Times in ms from the start. */
export interface Outage {
  from: number
  to: number
  noticed?: number
}

export interface Telling {
  name: string
  random: () => number
  /** Share of messages that never come. */
  loss?: number
  /** The vendor's clock. */
  clock?: (time: number) => number
  /** From the exchange to us, ms. */
  lag?: () => number
  outages?: readonly Outage[]
  /** What its server still tells of the time before a connection, ms. */
  history?: number
  /** The vendor's number of a trade; default: its own count of what it sends. */
  seq?: (trade: Trade) => number
  symbols?: readonly string[]
  /** What it tells in place of what happened. */
  told?: readonly Trade[]
}

interface Arrival {
  at: number
  lane: 0 | 1
  event: MarketEvent
}

const statusOf = (source: string, state: Status['state'], at: number): Status => {
  return { type: 'status', source, symbol: null, state, timestamp: START + at, detail: state }
}

/** What a vendor's feed delivers, and when, ms from the start. The trade's number stands in `trade_type`. */
function arrivals(lane: 0 | 1, trades: readonly Trade[], telling: Telling): Arrival[] {
  const { name, random, loss = 0, clock = (time) => time, lag = () => 30, outages = [], seq, symbols } = telling
  const { history = 0 } = telling
  const out: Arrival[] = []
  let [count, last] = [0, 0]
  const awayAt = (at: number): Outage | undefined => outages.find(({ from, to }) => at >= from && at < to)
  for (const trade of telling.told ?? trades) {
    if (symbols && !symbols.includes(trade.symbol)) continue
    const number = seq?.(trade) ?? 1_000 * lane + count++
    const sent = trade.time - START
    const isLost = random() < loss
    // one connection keeps its order
    const due = Math.max(last, sent + lag())
    last = due
    const away = awayAt(due) ?? awayAt(sent)
    const at = away === undefined ? due : Math.max(due, away.to)
    if (isLost || (away !== undefined && (history === 0 || due <= away.to - history))) continue
    const event = tick({
      ...{ symbol: trade.symbol, timestamp: clock(trade.time), last_price: trade.price, volume: trade.volume },
      ...{ trade_type: String(trade.number), seq: number, source: name, received_at: START + at },
    })
    out.push({ at, lane, event })
  }
  if (!outages.some(({ from }) => from === 0)) out.push({ at: 0, lane, event: statusOf(name, 'up', 0) })
  for (const { from, to, noticed = from } of outages) {
    if (from > 0 || noticed > 0) out.push({ at: noticed, lane, event: statusOf(name, 'lost', noticed) })
    if (to !== Number.POSITIVE_INFINITY) out.push({ at: to, lane, event: statusOf(name, 'up', to) })
  }
  return out
}

export interface Played {
  /** What went out, with the time, ms from the start. */
  out: { at: number; event: MarketEvent }[]
  ticks: Tick[]
  gaps: Gap[]
  /** What each feed delivered by itself, trades and the gaps it told. */
  told: [MarketEvent[], MarketEvent[]]
  pair: Pair
  /** Monotonic time of the end. */
  end: number
}

/** Plays two tellings of one tape through the state machine, gaps as the connection's tracker tells them. */
export function play(trades: readonly Trade[], tellings: readonly [Telling, Telling]): Played {
  const pair = new Pair([tellings[0].name, tellings[1].name])
  const trackers = tellings.map(({ name, symbols }) => {
    const tracker = new GapTracker(name, SESSIONS)
    tracker.watch(symbols ?? [...new Set(trades.map(({ symbol }) => symbol))], START)
    return tracker
  })
  const all = [...arrivals(0, trades, tellings[0]), ...arrivals(1, trades, tellings[1])]
  const order = all
    .map((arrival, i) => ({ ...arrival, i }))
    .sort((a, b) => a.at - b.at || rank(a) - rank(b) || a.i - b.i)
  const played: Played = { out: [], ticks: [], gaps: [], told: [[], []], pair, end: 0 }
  const give = (at: number, events: readonly MarketEvent[]): void => {
    for (const event of events) {
      played.out.push({ at, event })
      if (event.type === 'tick') played.ticks.push(event)
      if (event.type === 'gap') played.gaps.push(event)
    }
  }
  for (const { at, lane, event } of order) {
    for (let due = pair.due; due < at; due = pair.due) give(due, pair.look({ now: START + due, at: due }))
    const tracker = trackers[lane]!
    if (event.type === 'status' && event.state === 'up') tracker.up(START + at)
    if (event.type === 'status' && event.state === 'lost') tracker.lost('disconnect', START + at)
    const events = tracker.mark([event])
    played.told[lane].push(...events)
    give(at, pair.push(lane, events, { now: START + at, at }))
    played.end = at
  }
  return played
}

/** An outage is told before what comes at the same time. */
function rank({ event }: Arrival): number {
  return event.type === 'status' ? 0 : 1
}

export const numberOf = (event: MarketEvent): number => Number((event as Tick).trade_type)

/** Numbers that a feed told itself. */
export function numbersOf(events: readonly MarketEvent[]): Set<number> {
  return new Set(events.filter(({ type }) => type === 'tick').map(numberOf))
}

/**
 * Trades in the holes of the first feed, by number: between two trades of a symbol that it told on either side of an outage,
 * in the order of the exchange.
 */
export function numbersInHoles(
  trades: readonly Trade[],
  told: ReadonlySet<number>,
  outages: readonly Outage[],
): Set<number> {
  const holes = new Set<number>()
  for (const symbol of new Set(trades.map((trade) => trade.symbol))) {
    const own = trades.filter((trade) => trade.symbol === symbol)
    for (const { from, to } of outages) {
      const before = own.findLastIndex(({ number, time }) => told.has(number) && time - START < from)
      const after = own.findIndex(({ number, time }) => told.has(number) && time - START >= Math.min(to, 1e12))
      for (const { number } of own.slice(before + 1, after === -1 ? own.length : after)) holes.add(number)
    }
  }
  return holes
}

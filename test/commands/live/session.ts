import type { Tick } from '../../../src/core/market/event.ts'
import { Sessions } from '../../../src/core/market/session.ts'
import { MINUTE, parseTime } from '../../../src/core/market/time.ts'
import { makeTick } from '../../../src/core/market/trade.ts'

export const sessions = new Sessions()
export const SYMBOLS = ['00005.HK', '00700.HK', 'HSI'] as const

/** Longest way of a trade to us, ms: less than a grid point or a bar waits. */
const LATENCY = 900
const PUSH = 900

/** A time when the feed is down or the recorder is not there, and what is sent again afterwards. */
export interface Outage {
  readonly from: number
  readonly to: number
  readonly kind: 'loss' | 'recorder stopped'
  /** Nothing, the newest trade of each symbol, or the last minutes with what was missed. */
  readonly again: 'nothing' | 'newest' | 'minutes'
}

/** What arrives at one moment. */
export interface Push {
  readonly at: number
  readonly trades: readonly Tick[]
}

/** A day of trading as the wire brought it. */
export interface Session {
  readonly start: number
  readonly end: number
  readonly outages: readonly Outage[]
  readonly pushes: readonly Push[]
}

const SPANS = [
  ['2026-11-20T09:21', '2026-11-20T09:50'],
  ['2026-11-20T10:20', '2026-11-20T10:50'],
  ['2026-11-20T11:46', '2026-11-20T13:12'],
  ['2026-11-20T15:48', '2026-11-23T09:46'],
] as const

/** Uniform in [0, 1), the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/**
 * A session made of one number: trades of a busy stock, a quiet one and an index; late within a push and between pushes by
 * less than a bar waits; outages with and without repetition.
 */
export function sessionOf(seed: number): Session {
  const random = randomOf(seed)
  const span = SPANS[Math.floor(random() * SPANS.length)]!
  const [start, end] = span.map((time) => parseTime(time)) as [number, number]
  const outages = outagesOf(random, start, end)
  const trades = SYMBOLS.flatMap((symbol) => tradesOf(random, symbol, start, end, outages))
  return { start, end, outages, pushes: pushesOf(random, trades, start, end, outages) }
}

/** Whether the market is open for trades of any kind, lunch included: an index is sent then. */
function isAlive(time: number): boolean {
  const phase = sessions.phaseAt(time)
  return phase !== 'closed' && phase !== 'pre_opening'
}

function outagesOf(random: () => number, start: number, end: number): Outage[] {
  const outages: Outage[] = []
  for (let i = Math.floor(random() * 4); i > 0; i--) {
    const from = start + Math.floor(random() * (end - start))
    const to = from + 5_000 + Math.floor(random() * 4 * MINUTE)
    const isApart = outages.every((other) => to + MINUTE < other.from || from > other.to + MINUTE)
    // A loss begins well within a minute in which everything traded: see the limit told of gaps.
    const second = Math.floor(from / 1_000) % 60
    if (!sessions.isContinuous(from) || to > end - MINUTE || second < 5 || !isApart) continue
    const kind = random() < 0.3 ? 'recorder stopped' : 'loss'
    outages.push({ from, to, kind, again: (['nothing', 'newest', 'minutes'] as const)[Math.floor(random() * 3)]! })
  }
  return outages.sort((a, b) => a.from - b.from)
}

function tradesOf(
  random: () => number,
  symbol: string,
  start: number,
  end: number,
  outages: readonly Outage[],
): Tick[] {
  const meanWait = symbol === '00700.HK' ? 15_000 : symbol === 'HSI' ? 20_000 : 100_000
  const times = new Set<number>()
  for (let time = start; time < end; time += Math.ceil(-Math.log(1 - random()) * meanWait)) {
    if (isAlive(time)) times.add(random() < 0.3 ? nearMinute(random, time) : time)
  }
  for (const { from } of outages) times.add(from - 1_200 - Math.floor(random() * 500))
  times.add(end - 4_000 - Math.floor(random() * 500))
  let price = symbol === 'HSI' ? 25_000 : 600
  let seq = 0
  const trades: Tick[] = []
  for (const timestamp of [...times].filter((time) => time < end - 3_000).sort((a, b) => a - b)) {
    for (let same = random() < 0.2 ? 2 : 1; same > 0; same--) {
      price = Math.round((price + (random() - 0.5) * (random() < 0.05 ? 20 : 2)) * 100) / 100
      const odd = random() < 0.05 && timestamp < end - 10_000
      trades.push(
        makeTick(
          {
            ...{ symbol, timestamp, last_price: price, volume: Math.ceil(random() * 50) * 100, turnover: null },
            ...{ quote: null, side: null, trade_type: null, source: 'alltick' },
            flags: !sessions.tradesAt(timestamp) ? ['out_of_session'] : odd ? ['odd_lot'] : [],
            seq: seq++,
            received_at: timestamp + 50 + Math.floor(random() * (LATENCY - 50)),
          },
          sessions,
        ),
      )
    }
  }
  return trades
}

/** A time around the next full minute, often the very millisecond: where it matters what came first. */
function nearMinute(random: () => number, time: number): number {
  return Math.ceil(time / MINUTE) * MINUTE + (random() < 0.3 ? 0 : Math.round((random() - 0.5) * 2_000))
}

function pushesOf(
  random: () => number,
  trades: readonly Tick[],
  start: number,
  end: number,
  outages: readonly Outage[],
): Push[] {
  const arrivals = trades.toSorted((a, b) => a.received_at! - b.received_at!)
  const pushes: Push[] = []
  const given: Tick[] = []
  const waiting = [...outages]
  let next = 0
  let at = start
  while (at < end) {
    const arrival = arrivals[next]?.received_at ?? end
    const quiet = isAlive(at) ? 20_000 : 60 * MINUTE
    const wait = arrival - at > quiet ? quiet : Math.max(0, arrival - at) + Math.ceil(random() * PUSH)
    const outage = at === waiting[0]?.from ? waiting.shift() : undefined
    at = outage?.to ?? Math.min(at + wait, waiting[0]?.from ?? end, end)
    const arrived: Tick[] = []
    while (next < arrivals.length && arrivals[next]!.received_at! <= at) arrived.push(arrivals[next++]!)
    const heard = outage === undefined ? arrived : []
    const again = outage === undefined ? [] : repeated(outage, given, arrived)
    const fresh = heard.filter((tick) => !again.includes(tick))
    for (const tick of [...again, ...fresh]) if (!given.includes(tick)) given.push(tick)
    // A vendor repeats in order; what is new comes in any.
    const now = at
    pushes.push({ at, trades: [...again.map((tick) => ({ ...tick, received_at: now })), ...shuffled(random, fresh)] })
  }
  return pushes
}

function repeated({ from, again }: Outage, given: readonly Tick[], missed: readonly Tick[]): Tick[] {
  if (again === 'nothing') return []
  if (again === 'newest') {
    return SYMBOLS.flatMap((symbol) => {
      const own = given.filter((tick) => tick.symbol === symbol)
      const newest = Math.max(...own.map(({ timestamp }) => timestamp))
      return own.filter(({ timestamp }) => timestamp === newest)
    })
  }
  return [...given.filter(({ timestamp }) => timestamp >= from - 2 * MINUTE), ...missed].sort(
    (a, b) => a.timestamp - b.timestamp,
  )
}

function shuffled<T>(random: () => number, list: readonly T[]): T[] {
  const out = [...list]
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[out[i], out[j]] = [out[j]!, out[i]!]
  }
  return out
}

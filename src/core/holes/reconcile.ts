import type { Bar } from '../market/bar.ts'
import type { Completeness } from '../market/completeness.ts'
import type { Flag } from '../market/event.ts'
import type { Kline } from '../market/kline.ts'
import type { Sessions, TradingDay } from '../market/session.ts'
import { isIndex } from '../market/symbol.ts'
import { DAY, dayNumber, MINUTE } from '../market/time.ts'
import type { Inquiry } from '../pipeline/inquiry.ts'
import type { Store } from '../storage/store.ts'
import { storedBars } from '../storage/stored-bars.ts'
import { vendorMinutes } from './vendor-minutes.ts'

/** Trades that count to a day's volume wherever they were made, but to none of its prices. */
const OFF_BOOK: ReadonlySet<Flag> = new Set(['odd_lot', 'off_exchange', 'late'])
/** A volume that is off by more than this share is another one. */
const TOLERANCE = 1e-3

/** A symbol's days to compare, all of them over, and with whom. */
export interface Comparison {
  readonly store: Store
  readonly inquiry: Pick<Inquiry, 'klines' | 'maxBars'>
  readonly vendor: string
  readonly sessions: Sessions
  /** Local time, epoch ms. */
  readonly now: () => number
}

/**
 * What the store holds of each day beside the vendor's day bar, and minute by minute as far as the vendor's bars reach.
 * Days of which the vendor has no bar are left out.
 * @throws HkqError what the vendor's answer or the store throws
 */
export async function reconcile(symbol: string, days: readonly TradingDay[], how: Comparison): Promise<Completeness[]> {
  const { store, inquiry, vendor, sessions, now } = how
  const dayBars = new Map(
    (await inquiry.klines(symbol, '1d', inquiry.maxBars)).map((bar) => [dayNumber(bar.time), bar]),
  )
  const klines = await inquiry.klines(symbol, '1m', inquiry.maxBars)
  const minutes = vendorMinutes(symbol, klines, sessions, now()).map(
    ({ start, open, high, low, close, volume, trades }) => {
      return { start, open, high, low, close, volume, trades }
    },
  )
  const rows: Completeness[] = []
  for (const day of days) {
    const theirs = dayBars.get(day.number)
    // a bar without volume stands for its close alone
    if (theirs === undefined || (theirs.volume === 0 && !isIndex(symbol))) continue
    const bars = (every: number, include?: ReadonlySet<Flag>) => barsOf(store, symbol, day, every, sessions, include)
    const [prices, amounts] = [(await bars(DAY))[0], (await bars(DAY, OFF_BOOK))[0]]
    const reached = minutes.filter(({ start }) => start >= day.phases[0]!.open && start < day.end)
    const differing = differingMinutes(reached, await bars(MINUTE))
    rows.push({
      ...{ type: 'completeness', symbol, date: day.date, vendor, timestamp: now() },
      ...amountsOf(symbol, amounts, theirs),
      ...pricesOf(prices, theirs),
      ...differing,
    })
  }
  return rows
}

/** Whether a day is what the vendor has: volume and turnover within a thousandth, prices alike. */
export function isComplete(row: Completeness): boolean {
  const { turnover, vendor_turnover, completeness } = row
  const shares = [completeness, vendor_turnover && turnover !== null ? turnover / vendor_turnover : null]
  const isShort = shares.some((share) => share !== null && Math.abs(share - 1) > TOLERANCE)
  return !isShort && PRICES.every((name) => isSame(row[name], row[`vendor_${name}`]))
}
const PRICES = ['open', 'high', 'low', 'close'] as const

async function barsOf(
  store: Store,
  symbol: string,
  { phases, end }: TradingDay,
  every: number,
  sessions: Sessions,
  include?: ReadonlySet<Flag>,
): Promise<Bar[]> {
  const bars: Bar[] = []
  const span = { since: phases[0]!.open, until: end }
  for await (const batch of storedBars(store, symbol, span, { every, sessions, ...(include && { include }) })) {
    bars.push(...batch)
  }
  return bars
}

function amountsOf(symbol: string, ours: Bar | undefined, { volume, turnover }: Kline): Amounts {
  if (isIndex(symbol)) {
    return { volume: null, vendor_volume: null, turnover: null, vendor_turnover: null, completeness: null }
  }
  const own = { volume: ours?.volume ?? 0, turnover: ours?.turnover ?? 0 }
  return { ...own, vendor_volume: volume, vendor_turnover: turnover, completeness: own.volume / volume }
}
type Amounts = Pick<Completeness, 'volume' | 'vendor_volume' | 'turnover' | 'vendor_turnover' | 'completeness'>

function pricesOf(ours: Bar | undefined, theirs: Kline): Prices {
  const pairs = PRICES.flatMap((name) => [
    [name, ours?.[name] ?? null],
    [`vendor_${name}`, theirs[name]],
  ])
  return Object.fromEntries(pairs) as Prices
}
type Price = (typeof PRICES)[number]
type Prices = Pick<Completeness, Price | `vendor_${Price}`>

/** A minute as both sides have it. `trades` 0 says that there were none. */
type Minute = Pick<Bar, 'start' | Price | 'volume' | 'trades'>

/** From the first minute of the vendor's on: those that only one side has differ too. */
function differingMinutes(
  theirs: readonly Minute[],
  ours: readonly Minute[],
): Pick<Completeness, 'minutes' | 'differing'> {
  if (theirs.length === 0) return { minutes: null, differing: null }
  const own = new Map(ours.filter(({ start }) => start >= theirs[0]!.start).map((minute) => [minute.start, minute]))
  let [minutes, differing] = [0, 0]
  for (const minute of theirs) {
    const other = own.get(minute.start)
    own.delete(minute.start)
    if (other === undefined && minute.trades === 0) continue
    minutes++
    if (other === undefined || !isAlike(minute, other)) differing++
  }
  return { minutes: minutes + own.size, differing: differing + own.size }
}

function isAlike(a: Minute, b: Minute): boolean {
  return a.volume === b.volume && PRICES.every((name) => isSame(a[name], b[name]))
}

function isSame(a: number | null, b: number | null): boolean {
  if (a === null || b === null) return a === b
  return Math.abs(a - b) <= 1e-9 * Math.abs(b)
}

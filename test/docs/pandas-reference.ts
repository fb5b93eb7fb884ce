import Database from 'better-sqlite3'

/** Figures by name: what the steps of the page compute, on whichever side. Null where undefined. */
export type Figures = Readonly<Record<string, readonly (number | null)[]>>

interface Row {
  time: number
  price: number
  volume: number
  turnover: number
  spread: number | null
}

const HALF_HOUR = 30 * 60_000
const FIVE_MINUTES = 5 * 60_000

/** Every figure of the page computed the plain way from the ticks of a recorded symbol, apart from hkq's own code. */
export function referenceOf(file: string, symbol: string): Figures {
  const ticks = ticksOf(file, symbol)
  const times = ticks.map(({ time }) => time)
  const prices = ticks.map(({ price }) => price)
  const returns = prices.map((price, i) => (i === 0 ? Number.NaN : price / prices[i - 1]! - 1))
  const halfHour = starts(times, HALF_HOUR)
  const byTime = halfHour.map((from, i) => deviation(returns, from, i + 1))
  const byCount = returns.map((_, i) => deviation(returns, Math.max(0, i - 1799), i + 1))
  const threshold = pastQuantiles(byTime, 0.9, 101)
  const turnover = halfHour.map((from, i) => sum(ticks.slice(from, i + 1).map((tick) => tick.turnover)))
  const bars = groups(ticks)
  const means = bars.map((bar) => sum(bar.map(({ price }) => price)) / bar.length)
  const volumes = bars.map((bar) => sum(bar.map(({ volume }) => volume)))
  return {
    value: ticks.map(({ price, volume }) => price * volume),
    spread: ticks.map(({ spread }) => spread),
    mean: means,
    volume: volumes,
    open: bars.map((bar) => bar[0]!.price),
    high: bars.map((bar) => Math.max(...bar.map(({ price }) => price))),
    low: bars.map((bar) => Math.min(...bar.map(({ price }) => price))),
    close: bars.map((bar) => bar.at(-1)!.price),
    vwap: bars.map((bar, i) => sum(bar.map(({ price, volume }) => price * volume)) / volumes[i]!),
    volatility: byTime,
    byCount,
    threshold,
    alerts: crossings(byTime, threshold).map((i) => times[i]!),
    volumeRatio: overPastMean(turnover),
    meanSummary: summaryOf(means),
    volumeSummary: summaryOf(volumes),
  }
}

interface View {
  timestamp: string
  last_price: number
  volume: number
  turnover: number
  bid_price: number | null
  ask_price: number | null
}

function ticksOf(file: string, symbol: string): Row[] {
  const database = new Database(file, { readonly: true })
  const rows = database.prepare('SELECT * FROM ticks WHERE symbol = ?').all(symbol) as View[]
  database.close()
  return rows.map(({ timestamp, last_price, volume, turnover, bid_price, ask_price }) => ({
    time: Date.parse(`${timestamp.replace(' ', 'T')}+08:00`),
    price: last_price,
    volume,
    turnover,
    spread: bid_price === null || ask_price === null ? null : ask_price - bid_price,
  }))
}

/** First index of each window (t - length, t]. */
function starts(times: readonly number[], length: number): number[] {
  let from = 0
  return times.map((time) => {
    while (times[from]! <= time - length) from++
    return from
  })
}

/** Sample deviation of the defined values in [from, to), in two passes. */
function deviation(values: readonly number[], from: number, to: number): number {
  let n = 0
  let total = 0
  for (let i = from; i < to; i++) {
    if (Number.isNaN(values[i]!)) continue
    n++
    total += values[i]!
  }
  let squares = 0
  for (let i = from; i < to; i++) if (!Number.isNaN(values[i]!)) squares += (values[i]! - total / n) ** 2
  return n < 2 ? Number.NaN : Math.sqrt(squares / (n - 1))
}

/** The quantile of the defined values before each one, once there are `least`: by a sorted list. */
function pastQuantiles(values: readonly number[], q: number, least: number): number[] {
  const sorted = new Float64Array(values.length)
  let size = 0
  return values.map((value) => {
    const before = size < least ? Number.NaN : quantileOf(sorted, size, q)
    if (!Number.isNaN(value)) {
      const place = placeOf(value, sorted, size)
      sorted.copyWithin(place + 1, place, size++)
      sorted[place] = value
    }
    return before
  })
}

function placeOf(value: number, sorted: Float64Array, size: number): number {
  let low = 0
  for (let high = size; low < high; ) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}

function quantileOf(sorted: ArrayLike<number>, size: number, q: number): number {
  const h = q * (size - 1)
  const low = sorted[Math.floor(h)]!
  return low + (sorted[Math.ceil(h)]! - low) * (h - Math.floor(h))
}

/** Where values rise above their thresholds, having been below 0.9 of it since the last time. */
function crossings(values: readonly number[], thresholds: readonly number[]): number[] {
  const found: number[] = []
  let above = false
  values.forEach((value, i) => {
    if (above) above = !(value < 0.9 * thresholds[i]!)
    else if (value > thresholds[i]!) {
      above = true
      found.push(i)
    }
  })
  return found
}

/** Each value over the mean of those before it. */
function overPastMean(values: readonly number[]): number[] {
  let total = 0
  return values.map((value, i) => {
    const ratio = value / (total / i)
    total += value
    return ratio
  })
}

function groups(ticks: readonly Row[]): Row[][] {
  const found = new Map<number, Row[]>()
  for (const tick of ticks) {
    const bucket = Math.floor(tick.time / FIVE_MINUTES)
    if (!found.has(bucket)) found.set(bucket, [])
    found.get(bucket)!.push(tick)
  }
  return [...found.values()]
}

/** Count, mean, sample deviation, least, median, greatest. */
function summaryOf(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b)
  const n = values.length
  return [n, sum(values) / n, deviation(values, 0, n), sorted[0]!, quantileOf(sorted, n, 0.5), sorted.at(-1)!]
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

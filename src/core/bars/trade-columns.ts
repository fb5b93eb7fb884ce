import { mills, type Summary, type Trade } from './summary.ts'

/** Trades in columns; NaN where a tick has null. */
export interface TradeColumns {
  readonly length: number
  /** Exchange time, epoch ms. */
  readonly timestamp: Float64Array
  readonly last_price: Float64Array
  /** Shares; indices have none. */
  readonly volume: Float64Array
  /** Traded currency; indices have none. */
  readonly turnover: Float64Array
  /** Whatever bits stand for the flags. */
  readonly flags: Uint16Array
}

/** A trade that knows its symbol. */
export type SymbolTrade = Trade & Pick<Summary, 'symbol'>

/** Trade `i` of columns. @param ordinal seq of trade 0; the others follow */
export function tradeAt(
  columns: TradeColumns,
  i: number,
  { symbol, ordinal }: { symbol: string; ordinal: number },
): SymbolTrade {
  return {
    symbol,
    timestamp: columns.timestamp[i]!,
    last_price: columns.last_price[i]!,
    volume: orNull(columns.volume[i]!),
    turnover: orNull(columns.turnover[i]!),
    seq: ordinal + i,
  }
}

/** Which trades of columns make a run. */
export interface Run {
  /** Index of the first. */
  readonly from: number
  /** All of them lie before it, epoch ms. */
  readonly before: number
  /** Bits of `flags` whose trades are passed over. */
  readonly leftOut: number
  /** The seq of trade 0; the others follow. */
  readonly ordinal: number
}

/**
 * Adds a run of trades to a summary with trades in it, in place, as long as each is at least as late as the one before:
 * `addTick` of each, to the last bit, at half the time.
 * @returns the index of the first trade after the run
 */
export function addRun(into: Summary, columns: TradeColumns, run: Run): number {
  const { length, timestamp, last_price, volume: volumes, turnover: turnovers, flags } = columns
  const { from, before, leftOut, ordinal } = run
  let { high, low } = into
  let volume = orNaN(into.volume)
  let turnover = orNaN(into.turnover_mills)
  let value = orNaN(into.value_mills)
  let sum = orNaN(into.price_mills)
  let [newest, price, inMills] = [into.last_time, Number.NaN, Number.NaN]
  let [last, trades, i] = [-1, 0, from]
  for (; i < length; i++) {
    const time = timestamp[i]!
    if (time < newest || time >= before) break
    if ((flags[i]! & leftOut) !== 0) continue
    if (last_price[i]! !== price) {
      price = last_price[i]!
      inMills = mills(price)
      if (price > high) high = price
      if (price < low) low = price
    }
    newest = time
    last = i
    trades++
    volume += volumes[i]!
    turnover += mills(turnovers[i]!)
    value += inMills * volumes[i]!
    sum += inMills
  }
  if (last < 0) return i
  into.high = high
  into.low = low
  into.close = price
  into.last_time = newest
  into.last_seq = ordinal + last
  into.volume = orNull(volume)
  into.turnover_mills = orNull(turnover)
  into.value_mills = orNull(value)
  into.price_mills = orNull(sum)
  if (into.trades !== null) into.trades += trades
  return i
}

/** A sum with NaN in it is NaN, as one with null is null. */
function orNaN(value: number | null): number {
  return value ?? Number.NaN
}

/** The value of a column, where NaN stands for null. */
function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value
}

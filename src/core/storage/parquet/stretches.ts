import type { DuckDBDataChunk } from '@duckdb/node-api'
import type { Summary } from '../../bars/summary.ts'

type Column = Float64Array

/**
 * What DuckDB sums of stretches, column by column: times and prices; sums, of money in thousandths; ticks, those with a
 * volume, those with a turnover, and those that make a sum inexact. A sum of nothing is anything.
 */
export type Row = readonly [...Extent, ...Sums, volumes: Column, turnovers: Column, unfit: Column]
type Extent = [first: Column, last: Column, open: Column, high: Column, low: Column, close: Column]
type Sums = [volume: Column, turnover: Column, value: Column, price: Column, trades: Column]

/** Some of the stretches of a day: the rows from `from` to before `to`, in memory that belongs to the chunk. */
export interface Stretches {
  readonly chunk: DuckDBDataChunk
  readonly columns: Row
  readonly from: number
  readonly to: number
}

/** Summaries that are made at a time: of a whole day at once, the garbage collector copies each several times. */
const PIECE = 128

/** Whether the sums of a day do not depend on the order of adding: whole thousandths above zero, below 2^53 of them in all. */
export function isExact(parts: readonly Stretches[]): boolean {
  let [volume, turnover, value, price] = [0, 0, 0, 0]
  for (const { columns, from, to } of parts) {
    const [first, , , , low, , sumVolume, sumTurnover, sumValue, sumPrice, trades, volumes, turnovers, unfit] = columns
    for (let i = from; i < to; i++) {
      if (unfit[i] !== 0 || !(low[i]! > 0 && first[i]! >= 0)) return false
      if (volumes[i] === trades[i]) {
        volume += sumVolume[i]!
        value += sumValue[i]!
      }
      if (turnovers[i] === trades[i]) turnover += sumTurnover[i]!
      price += sumPrice[i]!
    }
  }
  return Math.max(volume, turnover, value, price) <= Number.MAX_SAFE_INTEGER
}

/** The summaries of a day's stretches, some at a time. */
export function* piecesOf(parts: readonly Stretches[], symbol: string): Generator<readonly Summary[]> {
  for (const { columns, from, to } of parts) {
    for (let start = from; start < to; start += PIECE) {
      const length = Math.min(PIECE, to - start)
      yield Array.from({ length }, (_, i) => summaryAt(columns, start + i, symbol))
    }
  }
}

function summaryAt(columns: Row, i: number, symbol: string): Summary {
  const [first, last, open, high, low, close, volume, turnover, value, price, trades, volumes, turnovers] = columns
  const hasVolume = volumes[i] === trades[i]
  return {
    symbol,
    start: first[i]!,
    open: open[i]!,
    high: high[i]!,
    low: low[i]!,
    close: close[i]!,
    first_time: first[i]!,
    first_seq: 0,
    last_time: last[i]!,
    last_seq: 0,
    volume: hasVolume ? volume[i]! : null,
    turnover_mills: turnovers[i] === trades[i] ? turnover[i]! : null,
    value_mills: hasVolume ? value[i]! : null,
    price_mills: price[i]!,
    trades: trades[i]!,
    left_out: 0,
    origin: 'ticks',
  }
}

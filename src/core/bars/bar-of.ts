import type { Bar } from '../market/bar.ts'
import { isIndex } from '../market/symbol.ts'
import type { Bucket } from './bucket.ts'
import { mills, type Summary } from './summary.ts'

/** How far a bar has come when it goes out. */
export interface BarState {
  final: boolean
  has_gap: boolean
  /** Changes after it was final; 0 leaves the field out. */
  revision: number
}

/** The bar of a summary. Amounts are exact decimals again; `vwap` and `mean` keep full double precision. */
export function barOf(summary: Summary, bucket: Pick<Bucket, 'start' | 'end'>, state: BarState): Bar {
  const { volume, turnover_mills, value_mills, price_mills, trades } = summary
  return {
    type: 'bar',
    symbol: summary.symbol,
    start: bucket.start,
    end: bucket.end,
    open: summary.open,
    high: summary.high,
    low: summary.low,
    close: summary.close,
    volume,
    turnover: turnover_mills === null ? null : turnover_mills / 1000,
    vwap: volume && value_mills !== null ? value_mills / (volume * 1000) : null,
    mean: trades && price_mills !== null ? price_mills / (trades * 1000) : null,
    trades,
    ...stateOf(state),
  }
}

/** The bar of a bucket without trades: `price` throughout, NaN for none. */
export function filledBar(symbol: string, price: number, { start, end }: Bucket, state: BarState): Bar {
  const nothing = isIndex(symbol) ? null : 0
  const prices = { open: price, high: price, low: price, close: price }
  const amounts = { volume: nothing, turnover: nothing, vwap: null, mean: null, trades: 0 }
  return { type: 'bar', symbol, start, end, ...prices, ...amounts, ...stateOf(state) }
}

function stateOf({ final, has_gap, revision }: BarState): Pick<Bar, 'final' | 'has_gap' | 'revision'> {
  return revision > 0 ? { final, has_gap, revision } : { final, has_gap }
}

/**
 * The summary of a finished bar, for merging into longer ones. A vendor's bar has no mean and no count of trades, but for
 * the quiet minute that repeats the last price; its volume-weighted price is turnover / volume.
 */
export function summaryOfBar(bar: Bar): Summary {
  const { volume, turnover, vwap, mean } = bar
  const trades = bar.trades ?? (isQuiet(bar) ? 0 : null)
  const turnover_mills = turnover === null ? null : mills(turnover)
  const weighted = vwap !== null && volume !== null ? exact(vwap * volume * 1000) : volume === 0 ? 0 : turnover_mills
  return {
    symbol: bar.symbol,
    start: bar.start,
    open: bar.open,
    high: bar.high,
    low: bar.low,
    close: bar.close,
    first_time: bar.start,
    first_seq: 0,
    last_time: Math.max(bar.start, bar.end - 1),
    last_seq: 0,
    volume,
    turnover_mills,
    value_mills: volume === null ? null : weighted,
    price_mills: mean !== null && trades !== null ? exact(mean * trades * 1000) : null,
    trades,
    left_out: 0,
    origin: 'backfill',
  }
}

/** Whether a bar without a count of trades says that there were none: no volume, and one price throughout. */
function isQuiet({ open, high, low, close, volume }: Bar): boolean {
  return volume === 0 && open === high && high === low && low === close
}

/** The integer that a product of rounded factors stands for, where it is one. */
function exact(product: number): number {
  const integer = Math.round(product)
  return Math.abs(integer - product) <= 1e-12 * Math.abs(product) ? integer : product
}

import {
  FLAGS,
  type Flag,
  isSeq,
  NO_FLAGS,
  type Phase,
  type Quote,
  type Seq,
  type Side,
  type Tick,
} from '../../market/event.ts'
import { flagMask } from '../../market/flags.ts'
import { clean } from '../../market/trade.ts'
import { emptyColumns, PHASES, type TickColumns } from '../columns.ts'
import { numberIn, type Row, seqIn, textIn } from './answer.ts'
import { Fields, isTime, restored, series, stamp } from './line.ts'
import type { Kind } from './shelf.ts'

export const TICKS = 'ticks'

/** Columns of a whole tick; value and spread are computed. */
export const TICK_COLUMNS = [
  'symbol',
  'source',
  'seq',
  'last_price',
  'volume',
  'turnover',
  'bid_price',
  'ask_price',
  'bid_size',
  'ask_size',
  'quote_time',
  'side',
  'phase',
  'trade_type',
  'flags',
  'received_at',
] as const

/** A trade is told by number and source; the same number with another price or volume is another trade. */
export const TRADE: Kind = {
  measurement: TICKS,
  columns: ['seq', 'source', 'last_price', 'volume'],
  identity: (row) => identityOf(seqIn(row[1]), restored(textIn(row[2]) ?? '')),
  mark: (row) => `${numberIn(row[3])} ${numberIn(row[4])}`,
}

export function identityOf(seq: Seq, source: string): string {
  return `${seq} ${source}`
}

/** As TRADE marks what is stored. */
export function markOf({ last_price, volume }: Tick): string {
  return `${last_price} ${volume}`
}

/** Whether InfluxDB can hold the tick; what it cannot hold is no trade but a malformed record. */
export function isStorable(tick: Tick): boolean {
  const sizes = [tick.volume, tick.bid_size, tick.ask_size]
  return (
    isStorableKey(tick) &&
    Number.isFinite(tick.last_price) &&
    sizes.every((size) => size === null || Number.isSafeInteger(size))
  )
}

/** Whether a record can have this time and number. */
export function isStorableKey({ timestamp, seq }: Tick | Quote): boolean {
  return isTime(timestamp) && isSeq(seq)
}

/** The point of a tick. @throws TypeError for a type of trade that is no text */
export function tickLine(tick: Tick, seq: Seq, slot: number): string {
  return new Fields()
    .float('last_price', tick.last_price)
    .integer('seq', seq)
    .text('phase', tick.phase)
    .integer('volume', tick.volume)
    .float('turnover', tick.turnover)
    .float('bid_price', tick.bid_price)
    .float('ask_price', tick.ask_price)
    .integer('bid_size', tick.bid_size)
    .integer('ask_size', tick.ask_size)
    .integer('quote_time', tick.quote_time)
    .text('side', tick.side)
    .text('trade_type', tick.trade_type)
    .text('flags', tick.flags.length === 0 ? null : tick.flags.join(','))
    .integer('received_at', tick.received_at)
    .at(series(TICKS, { source: tick.source, symbol: tick.symbol }), stamp(tick.timestamp, slot))
}

/** The tick of a row of TICK_COLUMNS. */
export function tickIn(row: Row): Tick {
  const last_price = Number(row[4])
  const volume = numberIn(row[5])
  const bid_price = numberIn(row[7])
  const ask_price = numberIn(row[8])
  return {
    type: 'tick',
    symbol: restored(textIn(row[1]) ?? ''),
    timestamp: Number(row[0]),
    last_price,
    volume,
    turnover: numberIn(row[6]),
    bid_price,
    ask_price,
    bid_size: numberIn(row[9]),
    ask_size: numberIn(row[10]),
    quote_time: numberIn(row[11]),
    value: volume === null ? null : clean(last_price * volume),
    spread: bid_price === null || ask_price === null ? null : clean(ask_price - bid_price),
    side: textIn(row[12]) as Side,
    phase: textIn(row[13]) as Phase,
    trade_type: textIn(row[14]),
    flags: flagsIn(textIn(row[15])),
    seq: seqIn(row[3]),
    source: restored(textIn(row[2]) ?? ''),
    received_at: numberIn(row[16]),
  }
}

const KNOWN = new Map<string, readonly Flag[]>()

function flagsIn(text: string | null): readonly Flag[] {
  if (text === null) return NO_FLAGS
  let flags = KNOWN.get(text)
  if (!flags) {
    const names = text.split(',')
    flags = Object.freeze(FLAGS.filter((flag) => names.includes(flag)))
    if (KNOWN.size < 2 ** FLAGS.length) KNOWN.set(text, flags)
  }
  return flags
}

/** Columns that `columnsIn` reads; those of the book behind the others. */
export function columnNames(book: boolean): readonly string[] {
  const names = ['seq', 'source', 'last_price', 'volume', 'turnover', 'phase', 'flags']
  return book ? [...names, 'bid_price', 'ask_price'] : names
}

/** Rows of `columnNames`, column by column. */
export function columnsIn(rows: readonly Row[], book: boolean): TickColumns {
  const columns = emptyColumns(rows.length, book)
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    columns.timestamp[i] = row[0] as number
    columns.last_price[i] = Number(row[3])
    columns.volume[i] = numberIn(row[4]) ?? Number.NaN
    columns.turnover[i] = numberIn(row[5]) ?? Number.NaN
    columns.phase[i] = PHASES.indexOf(row[6] as Phase)
    columns.flags[i] = row[7] === null ? 0 : flagMask(flagsIn(textIn(row[7])))
    if (!columns.bid_price || !columns.ask_price) continue
    columns.bid_price[i] = numberIn(row[8]) ?? Number.NaN
    columns.ask_price[i] = numberIn(row[9]) ?? Number.NaN
  }
  return columns
}

/**
 * Rows in order of time, then number, then what stands in the columns `ties` (indices into a row): within a millisecond
 * they lie as they came.
 */
export function inOrder(rows: readonly Row[], seq: number, ties: readonly number[]): readonly Row[] {
  const compare = (a: Row, b: Row): number => {
    if (a[0] !== b[0]) return (a[0] as number) - (b[0] as number)
    const [one, other] = [seqIn(a[seq]), seqIn(b[seq])]
    if (one !== other) return one < other ? -1 : 1
    for (const tie of ties) {
      const [left, right] = [textIn(a[tie]) ?? '', textIn(b[tie]) ?? '']
      if (left !== right) return left < right ? -1 : 1
    }
    return 0
  }
  for (let i = 1; i < rows.length; i++)
    if (rows[i - 1]![0] === rows[i]![0] && compare(rows[i - 1]!, rows[i]!) > 0) return rows.toSorted(compare)
  return rows
}

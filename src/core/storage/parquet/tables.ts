import type { Summary } from '../../bars/summary.ts'
import type { Completeness } from '../../market/completeness.ts'
import {
  type Flag,
  type Gap,
  NO_FLAGS,
  type Phase,
  type Quote,
  type Rejected,
  type Seq,
  type Side,
  type Tick,
} from '../../market/event.ts'
import type { Instrument } from '../../market/instrument.ts'
import { clean } from '../../market/trade.ts'
import type { Checkpoint } from '../../pipeline/source.ts'
import { type Cell, plainTable, type Table } from './table.ts'

/** Ticks of one symbol. What follows from other columns is left out: value and spread. */
export const TICKS: Table<Tick> = {
  columns: {
    timestamp: 'time',
    seq: 'seq',
    source: 'name',
    last_price: 'number',
    volume: 'whole',
    turnover: 'number',
    bid_price: 'number',
    ask_price: 'number',
    bid_size: 'whole',
    ask_size: 'whole',
    quote_time: 'time',
    side: 'name',
    phase: 'name',
    trade_type: 'name',
    flags: 'name',
    received_at: 'time',
  },
  cells: (tick) => [
    tick.timestamp,
    tick.seq,
    tick.source,
    tick.last_price,
    tick.volume,
    tick.turnover,
    tick.bid_price,
    tick.ask_price,
    tick.bid_size,
    tick.ask_size,
    tick.quote_time,
    tick.side,
    tick.phase,
    tick.trade_type,
    tick.flags.length === 0 ? '' : tick.flags.join(','),
    tick.received_at,
  ],
  record: (cells, symbol) => {
    const [timestamp, seq, source, last_price, volume, turnover, bid_price, ask_price] = cells as TickCells
    return {
      type: 'tick',
      symbol,
      timestamp,
      last_price,
      volume,
      turnover,
      bid_price,
      ask_price,
      bid_size: cells[8] as number | null,
      ask_size: cells[9] as number | null,
      quote_time: cells[10] as number | null,
      value: volume === null ? null : clean(last_price * volume),
      spread: bid_price === null || ask_price === null ? null : clean(ask_price - bid_price),
      side: cells[11] as Side,
      phase: cells[12] as Phase,
      trade_type: cells[13] as string | null,
      flags: flagsOf(cells[14] as string),
      seq,
      source,
      received_at: cells[15] as number | null,
    }
  },
}

type TickCells = [number, Seq, string, number, number | null, number | null, number | null, number | null, ...Cell[]]

function flagsOf(text: string): readonly Flag[] {
  return text === '' ? NO_FLAGS : (text.split(',') as Flag[])
}

/** Quotes of one symbol; bids and asks are JSON, `[[price, size], ...]`, best first. */
export const QUOTES: Table<Quote> = {
  columns: {
    timestamp: 'time',
    seq: 'seq',
    source: 'name',
    bids: 'text',
    asks: 'text',
    phase: 'name',
    received_at: 'time',
  },
  cells: ({ timestamp, seq, source, bids, asks, phase, received_at }) => [
    timestamp,
    seq,
    source,
    JSON.stringify(bids),
    JSON.stringify(asks),
    phase,
    received_at,
  ],
  record: ([timestamp, seq, source, bids, asks, phase, received_at], symbol) => ({
    type: 'quote',
    symbol,
    timestamp: timestamp as number,
    bids: JSON.parse(bids as string),
    asks: JSON.parse(asks as string),
    phase: phase as Phase,
    seq: seq as Seq,
    source: source as string,
    received_at: received_at as number | null,
  }),
}

const MINUTE_COLUMNS = {
  start: 'time',
  open: 'number',
  high: 'number',
  low: 'number',
  close: 'number',
  first_time: 'time',
  first_seq: 'seq',
  last_time: 'time',
  last_seq: 'seq',
  volume: 'whole',
  turnover_mills: 'number',
  value_mills: 'number',
  price_mills: 'number',
  trades: 'whole',
  left_out: 'whole',
  origin: 'name',
} as const

const plainMinutes = plainTable<Summary>(MINUTE_COLUMNS)

/** One-minute summaries of one symbol (bars/summary.ts). */
export const MINUTES: Table<Summary> = {
  ...plainMinutes,
  record: (cells, symbol) => ({ ...plainMinutes.record(cells, symbol), symbol }),
}

export const GAPS = plainTable<Gap>(
  { source: 'name', symbol: 'text', from: 'time', to: 'time', cause: 'name', volume: 'number', filled_by: 'name' },
  { type: 'gap' },
)

export const REJECTED = plainTable<Rejected>(
  { source: 'name', symbol: 'text', timestamp: 'time', reason: 'name', raw: 'text', received_at: 'time' },
  { type: 'rejected' },
)

/** As plainTable, but a checkpoint of a symbol that never traded has no number. */
export const CHECKPOINTS: Table<Checkpoint> = (() => {
  const table = plainTable<Checkpoint>({
    source: 'name',
    symbol: 'text',
    timestamp: 'time',
    seq: 'text',
    committed_at: 'time',
    covered_until: 'time',
  })
  const numberOf = (text: string): Seq => (Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text))
  return {
    columns: table.columns,
    cells: (row) => table.cells(row).map((cell, i) => (i === 3 && cell !== null ? String(cell) : cell)),
    record: (cells, symbol) =>
      table.record(
        cells.map((cell, i) => (i === 3 && cell !== null ? numberOf(cell as string) : cell)),
        symbol,
      ),
  }
})()

export const INSTRUMENTS = plainTable<Instrument>({
  symbol: 'text',
  date: 'text',
  name_en: 'text',
  name_zh: 'text',
  currency: 'name',
  lot_size: 'whole',
  kind: 'name',
  prev_close: 'number',
  vendor: 'name',
  vendor_code: 'text',
})

export const COMPLETENESS = plainTable<Completeness>(
  {
    symbol: 'text',
    date: 'text',
    vendor: 'name',
    timestamp: 'time',
    volume: 'number',
    vendor_volume: 'number',
    turnover: 'number',
    vendor_turnover: 'number',
    completeness: 'number',
    open: 'number',
    vendor_open: 'number',
    high: 'number',
    vendor_high: 'number',
    low: 'number',
    vendor_low: 'number',
    close: 'number',
    vendor_close: 'number',
    minutes: 'number',
    differing: 'number',
  },
  { type: 'completeness' },
)

import type { Level, Side } from '../../../market/event.ts'
import type { Instrument, InstrumentKind } from '../../../market/instrument.ts'
import type { Kline } from '../../../market/kline.ts'
import { isIndex, toShort } from '../../../market/symbol.ts'
import { wireNumber, wireObject, wireTime } from '../../wire.ts'

/** An object of AllTick's wire. */
export type Fields = Readonly<Record<string, unknown>>

const SIDES: readonly Side[] = [null, 'buy', 'sell']

/** Who crossed the spread, by AllTick's inference: 1 bought at the ask, 2 sold at the bid, anything else is unknown. */
export function sideOf(direction: unknown): Side {
  return SIDES[wireNumber(direction)] ?? null
}

/** Bids, best (highest) first. An empty side may be absent, null, [] or one level of zeros. */
export function bidsOf(side: unknown): Level[] {
  return highestFirst(levelsOf(side))
}

/** Asks, best (lowest) first. */
export function asksOf(side: unknown): Level[] {
  return lowestFirst(levelsOf(side))
}

/** Sorts in place: the vendor never says that its levels are in order. */
export function highestFirst(levels: Level[]): Level[] {
  return levels.sort((a, b) => b[0] - a[0])
}

/** Sorts in place. */
export function lowestFirst(levels: Level[]): Level[] {
  return levels.sort((a, b) => a[0] - b[0])
}

/** The older documentation has the keys `pric` and `volumn`. */
function levelsOf(side: unknown): Level[] {
  if (!Array.isArray(side)) return []
  const found: Level[] = []
  for (const item of side) {
    const level = wireObject(item)
    const price = wireNumber(level?.price ?? level?.pric)
    const size = wireNumber(level?.volume ?? level?.volumn)
    if (price > 0 && size > 0 && Number.isFinite(price + size)) found.push([price, size])
  }
  return found
}

/** The K-lines of a list, oldest first; what is none is left out. */
export function klinesOf(list: unknown): Kline[] {
  if (!Array.isArray(list)) return []
  const found: Kline[] = []
  for (const item of list) {
    const bar = wireObject(item)
    if (bar === null) continue
    const kline = {
      time: wireTime(bar.timestamp),
      open: wireNumber(bar.open_price),
      high: wireNumber(bar.high_price),
      low: wireNumber(bar.low_price),
      close: wireNumber(bar.close_price),
      volume: wireNumber(bar.volume),
      turnover: wireNumber(bar.turnover),
    }
    if (Object.values(kline).every(Number.isFinite)) found.push(kline)
  }
  return found.sort((a, b) => a.time - b.time)
}

/** What static information and a previous close say of a security. */
export function instrumentOf(symbol: string, date: string, fields: Fields, prev_close: number | null): Instrument {
  const lot = wireNumber(fields.lot_size)
  return {
    symbol,
    date,
    name_en: words(fields.name_en),
    name_zh: words(fields.name_hk) ?? words(fields.name_cn),
    currency: words(fields.currency),
    lot_size: Number.isInteger(lot) && lot > 0 ? lot : null,
    kind: kindOf(symbol, words(fields.board) ?? ''),
    prev_close,
    vendor: 'alltick',
    vendor_code: toShort(symbol),
  }
}

const BOARDS: readonly (readonly [RegExp, InstrumentKind])[] = [
  [/equity/i, 'equity'],
  [/warrant/i, 'warrant'],
  [/cbbc/i, 'cbbc'],
  [/etf/i, 'etf'],
  [/reit/i, 'reit'],
  [/bond|debt/i, 'debt'],
]

function kindOf(symbol: string, board: string): InstrumentKind {
  if (isIndex(symbol)) return 'index'
  return BOARDS.find(([pattern]) => pattern.test(board))?.[1] ?? 'unknown'
}

function words(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null
}

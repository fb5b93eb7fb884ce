import type { Level, Side } from '../../../market/event.ts'
import type { Instrument } from '../../../market/instrument.ts'
import type { Kline } from '../../../market/kline.ts'
import { isIndex, toPadded } from '../../../market/symbol.ts'
import { wireNumber, wireTime } from '../../wire.ts'

/** An object of Infoway's wire. */
export type Fields = Readonly<Record<string, unknown>>

const SIDES: readonly Side[] = [null, 'buy', 'sell']

/** Who crossed the spread, by Infoway's inference: 1 bought, 2 sold, 0 is not told. */
export function sideOf(direction: unknown): Side {
  return SIDES[wireNumber(direction)] ?? null
}

/** Bids, best (highest) first. */
export function bidsOf(columns: unknown): Level[] {
  return levelsOf(columns).sort((a, b) => b[0] - a[0])
}

/** Asks, best (lowest) first. */
export function asksOf(columns: unknown): Level[] {
  return levelsOf(columns).sort((a, b) => a[0] - b[0])
}

/** A side comes as two columns, prices and sizes; an empty one as null, [] or [[],[]]. A price without a size is no level. */
function levelsOf(columns: unknown): Level[] {
  if (!Array.isArray(columns)) return []
  const [prices, sizes] = columns
  if (!Array.isArray(prices) || !Array.isArray(sizes)) return []
  const found: Level[] = []
  for (let i = 0; i < prices.length; i++) {
    const price = wireNumber(prices[i])
    const size = wireNumber(sizes[i])
    if (price > 0 && size > 0 && Number.isFinite(price + size)) found.push([price, size])
  }
  return found
}

/** The K-lines of a list, oldest first (Infoway sends the newest first); what is none is left out. */
export function klinesOf(list: unknown): Kline[] {
  if (!Array.isArray(list)) return []
  const found: Kline[] = []
  for (const bar of list as readonly (Fields | null)[]) {
    const kline = {
      time: wireTime(bar?.t),
      open: wireNumber(bar?.o),
      high: wireNumber(bar?.h),
      low: wireNumber(bar?.l),
      close: wireNumber(bar?.c),
      volume: wireNumber(bar?.v),
      turnover: wireNumber(bar?.vw),
    }
    if (Object.values(kline).every(Number.isFinite)) found.push(kline)
  }
  return found.sort((a, b) => a.time - b.time)
}

/** What the list of products and a previous close say of a security. */
export function instrumentOf(symbol: string, date: string, fields: Fields, prev_close: number | null): Instrument {
  const lot = wireNumber(fields.lot_size)
  return {
    symbol,
    date,
    name_en: words(fields.name_en),
    name_zh: words(fields.name_hk) ?? words(fields.name_cn),
    currency: words(fields.currency),
    lot_size: Number.isInteger(lot) && lot > 0 ? lot : null,
    kind: isIndex(symbol) ? 'index' : 'unknown',
    prev_close,
    vendor: 'infoway',
    vendor_code: toPadded(symbol),
  }
}

function words(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null
}

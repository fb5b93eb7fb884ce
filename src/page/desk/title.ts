import { arrow, price } from '../figures.ts'
import { text } from '../texts/texts.ts'
import type { Desk } from './desk.ts'

/** Unseen alerts, whether it is old, the symbol and its price: `(2) 00700.HK 677.50 ▲ hkq`. */
export function titleOf(desk: Desk, symbol: string, unseen: number, isStale: boolean): string {
  const row = desk.rows.get(symbol)
  const { last_price: last = null, prev_close: before = null } = row ?? {}
  const moved = last === null || before === null ? null : last - before
  const parts = [unseen > 0 ? `(${unseen}!)` : '', isStale ? `[${text('stale')}]` : '', symbol]
  if (last !== null) parts.push(price(last, row?.decimals ?? 2), arrow(moved))
  return [...parts, '· hkq'].filter((part) => part !== '').join(' ')
}

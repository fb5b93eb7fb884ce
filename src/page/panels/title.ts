import type { Desk } from '../desk/desk.ts'
import { arrow, price } from '../figures.ts'
import { text } from '../texts/texts.ts'

/** The page's title: what a hidden tab shows. */
export class Title {
  #shown = ''

  paint(desk: Desk, symbol: string, unseen: number, isStale: boolean): void {
    const title = titleOf(desk, symbol, unseen, isStale)
    if (title === this.#shown) return
    this.#shown = title
    document.title = title
  }
}

/** Unseen alerts, whether it is old, the symbol and its price: `(2) 00700.HK 677.50 ▲ hkq`. */
export function titleOf(desk: Desk, symbol: string, unseen: number, isStale: boolean): string {
  const row = desk.rows.get(symbol)
  const { last_price: last = null, prev_close: before = null } = row ?? {}
  const moved = last === null || before === null ? null : last - before
  const parts = [unseen > 0 ? `(${unseen}!)` : '', isStale ? `[${text('stale')}]` : '', symbol]
  if (last !== null) parts.push(price(last, row?.decimals ?? 2), arrow(moved))
  return [...parts, '· hkq'].filter((part) => part !== '').join(' ')
}

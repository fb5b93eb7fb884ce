import { dayNumber } from '../../core/market/time.ts'
import { clockOn } from '../clock.ts'
import { type Desk, nameOf, type Row } from '../desk/desk.ts'
import { element, Field, make } from '../dom.ts'
import { amount, arrow, change, changePercent, count, NONE, price, tone } from '../figures.ts'
import { isChinese, type Key, text } from '../texts/texts.ts'

const FIGURES = [
  'open',
  'high',
  'low',
  'prev-close',
  'range',
  'volume',
  'turnover',
  'vwap',
  'bid',
  'ask',
  'spread',
  'lot',
  'last-trade',
] as const
type Figure = (typeof FIGURES)[number]

/** The symbol watched in large, and its day. */
export class Headline {
  readonly #symbol = new Field(element('headline-symbol'))
  readonly #name = new Field(element('headline-name'))
  readonly #last = new Field(element('headline-last'))
  readonly #currency = new Field(element('headline-currency'))
  readonly #change = new Field(element('headline-change'))
  readonly #halted = element('headline-halted')
  readonly #list = element('headline-figures')
  readonly #values = new Map<Figure, Field>()
  readonly #names = new Map<Figure, Field>()
  #shown: Row | undefined
  #words = -1
  /** The Hong Kong day of the present. */
  #day = Number.NaN

  constructor() {
    const list = this.#list
    for (const name of FIGURES) {
      const [title, value] = [new Field(make('dt')), new Field(make('dd'))]
      this.#names.set(name, title)
      this.#values.set(name, value)
      list.append(make('div', `figure figure-${name}`, title.element, value.element))
    }
  }

  paint(desk: Desk, symbol: string): void {
    const row = desk.rows.get(symbol)
    const day = dayNumber(desk.now)
    if (row === this.#shown && this.#words === desk.revisions.words && this.#day === day) return
    if (this.#words !== desk.revisions.words) for (const [key, field] of this.#names) field.set(text(key as Key))
    this.#shown = row
    this.#words = desk.revisions.words
    this.#day = day
    if (row) this.#show(row, desk.watched?.symbol === symbol ? desk.watched.decimals : 2, desk.now)
  }

  #show(row: Row, least: number, now: number): void {
    const { last_price: last, prev_close: before, bid_price: bid, ask_price: ask } = row
    const decimals = Math.max(least, row.decimals)
    const moved = last === null || before === null ? null : last - before
    const share = moved === null || before === null || before === 0 ? null : moved / before
    this.#symbol.set(row.symbol)
    this.#name.set(nameOf(row, isChinese()))
    this.#last.set(price(last, decimals), tone(moved))
    this.#currency.set(row.facts.currency ?? '')
    const words = moved === null ? NONE : [arrow(moved), change(moved, decimals), changePercent(share)].join(' ').trim()
    this.#change.set(words, tone(moved))
    this.#halted.hidden = !row.halted
    const against = (value: number | null) => (value === null || before === null ? undefined : tone(value - before))
    for (const name of ['open', 'high', 'low'] as const) this.#set(name, price(row[name], decimals), against(row[name]))
    this.#set('prev-close', price(before, decimals))
    const span = row.high === null || row.low === null || before === null ? null : (row.high - row.low) / before
    this.#set('range', changePercent(span).replace('+', ''))
    this.#set('volume', amount(row.volume))
    this.#set('turnover', amount(row.turnover))
    this.#set('vwap', price(row.vwap, 3))
    this.#set('bid', price(bid, decimals))
    this.#set('ask', price(ask, decimals))
    this.#set('spread', bid === null || ask === null ? NONE : price(ask - bid, decimals))
    this.#set('lot', count(row.facts.lot_size))
    this.#set('last-trade', row.timestamp === null ? NONE : clockOn(row.timestamp, now))
    this.#list.style.setProperty('--longest', String(price(row.high ?? last, decimals).length))
  }

  #set(name: Figure, value: string, colour?: ReturnType<typeof tone>): void {
    this.#values.get(name)!.set(value, colour)
  }
}

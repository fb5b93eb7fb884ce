import { FIRST_TICKS, type TapeTick } from '../../core/dashboard/protocol.ts'
import { dayNumber } from '../../core/market/time.ts'
import { clockMs, dayTime } from '../clock.ts'
import type { Desk } from '../desk/desk.ts'
import type { Watched } from '../desk/watched.ts'
import { element, Field, make } from '../dom.ts'
import { count, price, type Tone } from '../figures.ts'
import { text, textOf } from '../texts/texts.ts'

/** Lines that are kept. */
const MAX_LINES = FIRST_TICKS
const SIDES = { buy: 'up', sell: 'down' } as const satisfies Record<string, Tone>

/** One line on the page, used again and again. */
interface Line {
  readonly element: HTMLTableRowElement
  readonly time: Field
  readonly price: Field
  readonly size: Field
  readonly side: Field
  readonly note: Field
}

/** Time and sales, newest first. */
export class Tape {
  readonly #body = element<HTMLTableSectionElement>('tape-rows')
  readonly #table = this.#body.closest('table')!
  readonly #none = new Field(element('tape-none'))
  /** Newest first, as on the page. */
  #lines: Line[] = []
  #watched: Watched | null = null
  #revision = -1
  #words = -1
  /** The Hong Kong day that trades of bear no date. */
  #day = Number.NaN
  /** Characters of the longest price and size shown. */
  #widest = { price: 0, size: 0 }
  #last = Number.NEGATIVE_INFINITY

  paint({ watched, revisions, now }: Desk): void {
    if (watched === null) return
    const revision = watched.revisions.ticks
    const day = dayNumber(now)
    const isNew = watched !== this.#watched || revisions.words !== this.#words || day !== this.#day
    if (!isNew && revision === this.#revision) return
    this.#watched = watched
    this.#revision = revision
    this.#words = revisions.words
    this.#day = day
    if (isNew) this.#clear()
    for (const tick of watched.ticks.slice(-MAX_LINES)) if (tick.nth > this.#last) this.#add(tick, watched.decimals)
    this.#none.set(this.#lines.length === 0 ? text('tape.none') : '')
  }

  #clear(): void {
    for (const { element } of this.#lines) element.remove()
    this.#lines = []
    this.#widest = { price: 0, size: 0 }
    this.#last = Number.NEGATIVE_INFINITY
  }

  #add({ timestamp, last_price, volume, side, flags, nth }: TapeTick, decimals: number): void {
    const line = this.#lines.length < MAX_LINES ? lineOf() : this.#lines.pop()!
    const leftOut = this.#last === Number.NEGATIVE_INFINITY ? 0 : nth - this.#last - 1
    const [cost, size] = [price(last_price, decimals), count(volume)]
    line.time.set(dayNumber(timestamp) === this.#day ? clockMs(timestamp) : dayTime(timestamp))
    line.price.set(cost, side ? SIDES[side] : 'flat')
    line.size.set(size)
    this.#widen('price', cost)
    this.#widen('size', size)
    line.side.set(text(side ? `side.${side}` : 'side.none'), side ? SIDES[side] : 'flat')
    const notes = flags.map((flag) => textOf('flag', flag))
    if (leftOut > 0) notes.push(text('tape.left-out', { count: leftOut }))
    line.note.set(notes.join(' · '))
    line.element.dataset.leftOut = String(leftOut)
    this.#lines.unshift(line)
    this.#body.prepend(line.element)
    this.#last = nth
  }

  /** Makes room for a figure in its column. */
  #widen(column: 'price' | 'size', { length }: string): void {
    if (length <= this.#widest[column]) return
    this.#widest[column] = length
    this.#table.style.setProperty(`--${column}`, String(length))
  }
}

function lineOf(): Line {
  const field = (name: string): Field => new Field(make('td', `tape-${name}`))
  const [time, cost, size, side, note] = ['time', 'price', 'size', 'side', 'note'].map(field) as [
    Field,
    Field,
    Field,
    Field,
    Field,
  ]
  const row = make('tr', '', ...[time, cost, size, side, note].map(({ element }) => element))
  return { element: row, time, price: cost, size, side, note }
}

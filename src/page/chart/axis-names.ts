import type { Desk } from '../desk/desk.ts'
import { element, Field } from '../dom.ts'
import { text } from '../texts/texts.ts'

/** What the axes of a chart tell: Hong Kong time, and prices in the traded currency where it is known. */
export class AxisNames {
  readonly #price: Field
  readonly #time: Field
  #shown = ''

  /** @param chart begins the ids of the two elements */
  constructor(chart: string) {
    this.#price = new Field(element(`${chart}-axis-price`))
    this.#time = new Field(element(`${chart}-axis-time`))
  }

  paint({ watched, rows, revisions }: Desk): void {
    const currency = rows.get(watched?.symbol ?? '')?.facts.currency ?? ''
    const shown = `${revisions.words} ${currency}`
    if (shown === this.#shown) return
    this.#shown = shown
    this.#time.set(text('axis.time'))
    this.#price.set(currency === '' ? text('price') : text('axis.price', { currency }))
  }
}

import { nameOf, type Row } from '../desk/desk.ts'
import { Field, make } from '../dom.ts'
import { arrow, changePercent, price, ratio, tone } from '../figures.ts'
import { isChinese, text, textOf } from '../texts/texts.ts'
import { Sparkline } from './sparkline.ts'

/** A sparkline is drawn again after so many ms at the soonest. */
const SPARK_MS = 1_000

/** One line of the watch list. */
export class WatchRowView {
  readonly element = make('tr', 'watch-row')
  readonly button = make('button', 'watch-symbol')
  readonly #code = new Field(make('span', 'watch-code'))
  readonly #name = new Field(make('span', 'watch-name'))
  readonly #spark = new Sparkline()
  readonly #last = new Field(make('span', 'watch-last'))
  readonly #change = new Field(make('span', 'watch-change'))
  readonly #ratio = new Field(make('span', 'watch-ratio'))
  readonly #state = new Field(make('span', 'watch-state'))
  #revision = -1
  /** Revision that the sparkline shows. */
  #sparked = -1
  #sparkAt = Number.NEGATIVE_INFINITY

  constructor(symbol: string, onChosen: () => void) {
    this.button.type = 'button'
    this.button.tabIndex = -1
    this.button.append(this.#code.element, this.#name.element)
    this.#code.set(symbol)
    const header = make('th', '', this.button)
    header.scope = 'row'
    const day = make('td', 'watch-day')
    day.append(this.#spark.element)
    const figures = make('td', 'watch-figures', this.#last.element, this.#change.element)
    this.element.append(header, day, figures, make('td', 'watch-unusual', this.#ratio.element, this.#state.element))
    this.element.addEventListener('click', onChosen)
    // The pointer takes no focus into the list: while it is there the list stands still.
    this.element.addEventListener('mousedown', (event) => event.preventDefault())
  }

  forget(): void {
    this.#revision = -1
    this.#sparked = -1
    this.#sparkAt = Number.NEGATIVE_INFINITY
  }

  paint(row: Row, time: number): void {
    if (row.revision !== this.#revision) this.#paintFigures(row)
    if (row.revision !== this.#sparked && time - this.#sparkAt >= SPARK_MS) this.#paintSpark(row, time)
  }

  #paintFigures(row: Row): void {
    this.#revision = row.revision
    const share = shareOf(row)
    this.#name.set(nameOf(row, isChinese()))
    this.#last.set(price(row.last_price, row.decimals))
    this.#change.set([arrow(share), changePercent(share)].join(' ').trim(), tone(share))
    this.#ratio.set(ratio(row.ratio))
    this.#state.set(row.halted ? text('halted') : row.state === 'normal' ? '' : textOf('state', row.state))
    this.element.dataset.state = row.halted ? 'halted' : row.state
  }

  #paintSpark(row: Row, time: number): void {
    this.#sparked = row.revision
    this.#sparkAt = time
    this.#spark.show(row.trend, row.last_price, row.prev_close)
    this.#spark.element.dataset.tone = tone(shareOf(row))
  }
}

/** How far the price lies from the close before, as a fraction. */
function shareOf({ last_price: last, prev_close: before }: Row): number | null {
  return last === null || before === null || before === 0 ? null : last / before - 1
}

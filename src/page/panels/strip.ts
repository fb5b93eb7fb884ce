import { clock, shortDate } from '../clock.ts'
import type { Desk } from '../desk/desk.ts'
import { element, Field } from '../dom.ts'
import { text } from '../texts/texts.ts'

/** The line at the top: what the source is, and its present. */
export class Strip {
  readonly #kind = new Field(element('kind'))
  readonly #source = new Field(element('source'))
  readonly #date = new Field(element('date'))
  readonly #clock = new Field(element('clock'))
  readonly #strategy = new Field(element('help-strategy'))
  #words = -1

  paint({ hello, now, revisions }: Desk): void {
    if (now > 0) {
      this.#clock.set(clock(now))
      this.#date.set(shortDate(now))
    }
    if (hello === null || this.#words === revisions.words) return
    this.#words = revisions.words
    const { kind, source, strategy } = hello
    this.#kind.set(text(kind))
    this.#kind.element.dataset.kind = kind
    this.#kind.element.title = kind === 'live' ? '' : text(`${kind}.long`)
    this.#source.set(source)
    this.#strategy.set(text('help.strategy', { ...strategy }))
    document.documentElement.dataset.kind = kind
  }
}

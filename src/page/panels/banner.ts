import type { Desk } from '../desk/desk.ts'
import { type Line, noticeOf } from '../desk/notice.ts'
import { element, Field } from '../dom.ts'

/** The line over the page that says how old its prices are; while they are, they are grey. */
export class Banner {
  readonly #element = element('banner')
  readonly #words = new Field(element('banner-words'))
  readonly #detail = new Field(element('banner-detail'))

  /** @returns whether the prices are old */
  paint(line: Line, desk: Desk): boolean {
    const notice = noticeOf(line, desk, Date.now())
    this.#words.set(notice?.words ?? '')
    this.#detail.set(notice?.detail ?? '')
    this.#element.hidden = notice === null
    this.#element.dataset.kind = notice?.kind ?? 'none'
    const isStale = notice?.kind === 'stale'
    document.documentElement.dataset.stale = String(isStale)
    return isStale
  }
}

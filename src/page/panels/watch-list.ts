import type { Desk } from '../desk/desk.ts'
import { matches, mostUnusualFirst } from '../desk/watch-order.ts'
import { arrange, element, Field } from '../dom.ts'
import { text } from '../texts/texts.ts'
import { WatchRowView } from './watch-row.ts'

/** The list is sorted again after so many ms at the soonest. */
const SORT_MS = 1_000
/** Lines that are shown at most: the filter finds the others. */
const MOST = 300
/** After a move by keys the list stands still so long. */
const HELD_MS = 4_000

/** The watch list, most unusual first. It stands still while the pointer or the keyboard is in it. */
export class WatchList {
  readonly #panel = element('watch')
  readonly #body = element<HTMLTableSectionElement>('watch-rows')
  readonly #scroll = this.#body.closest<HTMLElement>('.scroll')!
  readonly #filter = element<HTMLInputElement>('watch-filter')
  readonly #none = new Field(element('watch-none'))
  readonly #held = element('watch-held')
  readonly #views = new Map<string, WatchRowView>()
  readonly #onChosen: (symbol: string) => void
  #order: readonly string[] = []
  #sortedAt = Number.NEGATIVE_INFINITY
  #movedAt = Number.NEGATIVE_INFINITY
  #current = ''
  #words = -1

  constructor(onChosen: (symbol: string) => void) {
    this.#onChosen = onChosen
    this.#filter.addEventListener('input', () => {
      this.#sortedAt = Number.NEGATIVE_INFINITY
    })
  }

  paint(desk: Desk, symbol: string): void {
    const time = performance.now()
    if (this.#words !== desk.revisions.words) {
      for (const view of this.#views.values()) view.forget()
      this.#words = desk.revisions.words
    }
    this.#sort(desk, time)
    for (const code of this.#order) {
      const row = desk.rows.get(code)
      if (row) this.#views.get(code)!.paint(row, time)
    }
    if (symbol !== this.#current) this.#mark(symbol)
  }

  /** The symbol so many lines below another, above when negative. */
  neighbour(symbol: string, steps: number): string | undefined {
    this.#movedAt = performance.now()
    const at = this.#order.indexOf(symbol)
    return this.#order[Math.max(0, Math.min(this.#order.length - 1, at + steps))]
  }

  focusFilter(): void {
    this.#filter.focus()
    this.#filter.select()
  }

  clearFilter(): void {
    this.#filter.value = ''
    this.#filter.blur()
    this.#sortedAt = Number.NEGATIVE_INFINITY
  }

  #sort(desk: Desk, time: number): void {
    const isMade = desk.rows.size === this.#views.size && [...desk.rows.keys()].every((code) => this.#views.has(code))
    const isHeld = this.#isHeld(time)
    this.#held.hidden = !isHeld
    if (isMade && (time - this.#sortedAt < SORT_MS || (isHeld && this.#sortedAt > 0))) return
    this.#sortedAt = time
    const shown = mostUnusualFirst(desk.rows.values()).filter((row) => matches(row, this.#filter.value))
    const order = shown.slice(0, MOST).map(({ symbol }) => symbol)
    this.#none.set(noteOf(shown.length, desk.rows.size))
    for (const code of this.#views.keys()) if (!desk.rows.has(code)) this.#views.delete(code)
    if (order.length === this.#order.length && order.every((code, i) => code === this.#order[i])) return
    this.#order = order
    arrange(
      this.#body,
      order.map((code) => this.#viewOf(code).element),
    )
  }

  #viewOf(code: string): WatchRowView {
    let view = this.#views.get(code)
    if (view === undefined) {
      view = new WatchRowView(code, () => this.#onChosen(code))
      this.#views.set(code, view)
      if (code === this.#current) mark(view, true)
    }
    return view
  }

  #mark(symbol: string): void {
    const [before, after] = [this.#views.get(this.#current), this.#views.get(symbol)]
    const hadFocus = before?.button === document.activeElement
    if (before) mark(before, false)
    this.#current = symbol
    if (after === undefined) return
    mark(after, true)
    this.#reveal(after.element)
    if (hadFocus) after.button.focus({ preventScroll: true })
  }

  /** Scrolls the list, and never the page, so that a line can be seen. */
  #reveal(line: HTMLElement): void {
    const [list, row] = [this.#scroll.getBoundingClientRect(), line.getBoundingClientRect()]
    const head = row.height / 2
    if (row.top < list.top + head) this.#scroll.scrollTop -= list.top + head - row.top
    else if (row.bottom > list.bottom) this.#scroll.scrollTop += row.bottom - list.bottom
  }

  #isHeld(time: number): boolean {
    if (time - this.#movedAt < HELD_MS || this.#panel.matches(':hover')) return true
    return (
      document.activeElement !== null &&
      this.#body.contains(document.activeElement) &&
      this.#body.matches(':has(:focus-visible)')
    )
  }
}

/** What stands under the list. */
function noteOf(found: number, all: number): string {
  if (found === 0) return all === 0 ? '' : text('watch.none')
  return found > MOST ? text('watch.more', { count: found - MOST }) : ''
}

function mark({ element, button }: WatchRowView, isCurrent: boolean): void {
  if (isCurrent) element.setAttribute('aria-current', 'true')
  else element.removeAttribute('aria-current')
  button.tabIndex = isCurrent ? 0 : -1
}

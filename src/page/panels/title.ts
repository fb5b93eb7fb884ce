import type { Desk } from '../desk/desk.ts'
import { titleOf } from '../desk/title.ts'

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

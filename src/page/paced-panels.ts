/** A part of the page, and how often it may be painted. */
export interface PacedPanel {
  /** Least time between two paintings, ms. */
  readonly pace: number
  paint(): void
}

/**
 * Paints each part no more often than an eye can follow, so that a flood of ticks leaves the screen its sixty turns a second. One that
 * is not due is owed its painting: it comes in a later turn, with all that changed until then.
 */
export class PacedPanels {
  readonly #panels: readonly { readonly panel: PacedPanel; paintedAt: number; isOwed: boolean }[]

  constructor(panels: readonly PacedPanel[]) {
    this.#panels = panels.map((panel) => ({ panel, paintedAt: Number.NEGATIVE_INFINITY, isOwed: true }))
  }

  /** Lets every part be due: what is shown of one symbol must not stand beside what is left of another. */
  hurry(): void {
    for (const entry of this.#panels) entry.paintedAt = Number.NEGATIVE_INFINITY
  }

  /**
   * @param now ms of a clock that never goes back
   * @param isNews whether something changed since the last call
   * @returns whether some part is owed its painting still
   */
  paint(now: number, isNews: boolean): boolean {
    let isLeft = false
    for (const entry of this.#panels) {
      entry.isOwed ||= isNews
      if (!entry.isOwed) continue
      if (now - entry.paintedAt < entry.panel.pace) {
        isLeft = true
        continue
      }
      entry.panel.paint()
      entry.paintedAt = now
      entry.isOwed = false
    }
    return isLeft
  }
}

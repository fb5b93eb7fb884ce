/** A hidden page wants no frame sooner than so many ms after the one before. */
const HIDDEN_MS = 1_000

/** What is done at each turn. */
export interface Painter {
  /**
   * Shows what changed.
   * @param isNews whether anything did since the last turn
   * @returns whether something is left for the next turn
   */
  paint(isNews: boolean): boolean
  /** Shows what a hidden page can: its title. */
  paintHidden(): void
  /** Frame `n` has been shown: the next may come, after `rest` ms. */
  painted(n: number, rest: number): void
}

/**
 * Paints once a turn of the screen, whatever comes in between, and tells the server when a frame was painted: so the server never
 * sends faster than the page can show. A hidden page has no turns and slow timers: there each frame is answered as it comes, and
 * the server is asked to take its time.
 */
export class PaintLoop {
  readonly #painter: Painter
  #unpainted: number | null = null
  #turn: number | null = null
  #isNews = false

  constructor(painter: Painter) {
    this.#painter = painter
    document.addEventListener('visibilitychange', () => (document.hidden ? this.#hide() : this.wish()))
  }

  /** Frame `n` has come. */
  arrived(n: number): void {
    this.#unpainted = n
    this.wish()
  }

  /** A line has gone: what came over it is answered no more. */
  forget(): void {
    this.#unpainted = null
    this.wish()
  }

  /** Something is to be painted. */
  wish(): void {
    this.#isNews = true
    if (document.hidden) this.#hide()
    else this.#schedule()
  }

  #schedule(): void {
    this.#turn ??= requestAnimationFrame(() => this.#paint())
  }

  #paint(): void {
    this.#turn = null
    const isNews = this.#isNews
    this.#isNews = false
    if (this.#painter.paint(isNews)) this.#schedule()
    this.#answer(0)
  }

  #hide(): void {
    if (this.#turn !== null) cancelAnimationFrame(this.#turn)
    this.#turn = null
    this.#painter.paintHidden()
    this.#answer(HIDDEN_MS)
  }

  #answer(rest: number): void {
    if (this.#unpainted === null) return
    const n = this.#unpainted
    this.#unpainted = null
    this.#painter.painted(n, rest)
  }
}

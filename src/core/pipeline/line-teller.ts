import type { Clock } from '../clock.ts'
import type { LineState } from './source.ts'

/** Keeps how a connection is: since when it is up, or away, and why; attempts that fail belong to one absence. */
export class LineTeller {
  readonly #clock: Pick<Clock, 'now'>
  #state: LineState

  constructor(source: string, clock: Pick<Clock, 'now'>) {
    this.#clock = clock
    this.#state = { source, state: 'connecting', since: clock.now(), detail: null }
  }

  get state(): LineState {
    return this.#state
  }

  up(): void {
    this.#state = { source: this.#state.source, state: 'up', since: this.#clock.now(), detail: null }
  }

  lost(detail: string): void {
    if (this.#state.state === 'up') this.#state = { ...this.#state, state: 'lost', since: this.#clock.now() }
    this.#state = { ...this.#state, detail }
  }
}

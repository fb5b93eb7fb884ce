import type { TickColumns } from './prices.ts'
import type { Series } from './record.ts'

/** Two series of the same events, the first one always fed first. */
export class PairSeries<E> implements Series<E> {
  readonly #both: readonly [Series<E>, Series<E>]

  constructor(first: Series<E>, second: Series<E>) {
    this.#both = [first, second]
  }

  push(event: E): void {
    for (const series of this.#both) series.push(event)
  }

  pushColumns(columns: TickColumns, from: number, to: number, leftOut: number): void {
    for (const series of this.#both) series.pushColumns(columns, from, to, leftOut)
  }

  gap(from: number, to: number): void {
    for (const series of this.#both) series.gap(from, to)
  }

  advance(time: number): void {
    for (const series of this.#both) series.advance(time)
  }
}

/** The latest `ms` of something that is looked at now and then; what happened in it is the difference of its ends. */
export class Window<T> {
  readonly #ms: number
  #looks: { readonly at: number; readonly value: T }[] = []

  /** @param ms how much of it is kept, at least */
  constructor(ms: number) {
    this.#ms = ms
  }

  /** @param at monotonic, ms */
  push(at: number, value: T): void {
    this.#looks.push({ at, value })
    while (this.#looks.length > 1 && this.#looks[1]!.at <= at - this.#ms) this.#looks.shift()
  }

  /** The look that lies `ms` back, or the first one where none is as old; undefined before the first. */
  get first(): { readonly at: number; readonly value: T } | undefined {
    return this.#looks[0]
  }

  get values(): readonly T[] {
    return this.#looks.map(({ value }) => value)
  }
}

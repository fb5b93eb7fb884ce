/**
 * A price path in at most `capacity` points, one per stretch of time, the last price of each; the stretches double when
 * the points run out. Constant time per price, constant memory however long the day.
 */
export class PathSample {
  #points: number[] = []
  #stretch: number
  #start = 0
  readonly #capacity: number

  constructor(capacity = 128, stretch = 1_000) {
    this.#capacity = capacity
    this.#stretch = stretch
  }

  get points(): readonly number[] {
    return this.#points
  }

  /** @param time epoch ms; a time before the newest stretch counts to that one */
  add(time: number, price: number): void {
    if (this.#points.length === 0) this.#start = time
    while (Math.floor((time - this.#start) / this.#stretch) >= this.#capacity) this.#halve()
    const index = Math.floor((time - this.#start) / this.#stretch)
    const newest = this.#points.at(-1) ?? price
    for (let i = this.#points.length; i < index; i++) this.#points.push(newest)
    this.#points[Math.max(index, this.#points.length - 1, 0)] = price
  }

  clear(): void {
    this.#points = []
  }

  #halve(): void {
    this.#points = this.#points.filter((_, i) => i % 2 === 1 || i === this.#points.length - 1)
    this.#stretch *= 2
  }
}

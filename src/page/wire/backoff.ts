const FIRST_MS = 300
const MOST_MS = 5_000

/** Pauses between attempts: 0.3 s at first, twice as long each time, 5 s at most. */
export class Backoff {
  #tried = 0

  next(): number {
    return Math.min(MOST_MS, FIRST_MS * 2 ** this.#tried++)
  }

  reset(): void {
    this.#tried = 0
  }
}

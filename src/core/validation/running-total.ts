const ENOUGH = 50

/**
 * Notices volumes that look like the day's running total: fifty in a row of one symbol that never fall, most of them
 * rising (a run of equal sizes is ordinary trading).
 */
export class RunningTotalWatch {
  #last = 0
  #rises = 0
  #run = 0

  /** True once `volume` completes such a run. */
  observe(volume: number): boolean {
    if (volume < this.#last) this.#run = this.#rises = 0
    else if (volume > this.#last) this.#rises++
    this.#last = volume
    return ++this.#run >= ENOUGH && this.#rises > ENOUGH / 2
  }
}

import { hash, Random } from '../../src/core/simulator/random.ts'

/** One stream of chance of a simulation; each part has its own, so that none disturbs another. */
export class Dice {
  readonly #random: Random

  constructor(seed: number, part: string) {
    this.#random = new Random(hash(part, seed))
  }

  /** In [0, 1). */
  uniform(): number {
    return this.#random.uniform()
  }

  /** True with probability `p`. */
  chance(p: number): boolean {
    return this.#random.uniform() < p
  }

  /** In [from, to). */
  between(from: number, to: number): number {
    return from + this.#random.uniform() * (to - from)
  }

  /** A whole number in [from, to]. */
  whole(from: number, to: number): number {
    return from + this.#random.below(to - from + 1)
  }

  pick<T>(from: readonly T[]): T {
    return from[this.#random.below(from.length)]!
  }

  /** Mean `mean`. */
  exponential(mean: number): number {
    return mean * this.#random.exponential()
  }

  shuffled<T>(list: readonly T[]): T[] {
    const out = [...list]
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.#random.below(i + 1)
      ;[out[i], out[j]] = [out[j]!, out[i]!]
    }
    return out
  }
}

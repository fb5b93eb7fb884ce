/** 32-bit hash of a text and whole numbers (FNV-1a with a final mix): the root of every seeded stream. */
export function hash(text: string, ...numbers: readonly number[]): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  for (const number of numbers) h = mix(h ^ Math.imul(number | 0, 0x9e3779b1))
  return mix(h)
}

/** Spreads the bits of a 32-bit integer (the finaliser of MurmurHash3). */
export function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** A seeded stream of random numbers (sfc32 by Chris Doty-Humphrey): the same seed, the same numbers, on every machine. */
export class Random {
  #a: number
  #b: number
  #c: number
  #d = 1

  constructor(seed: number) {
    this.#a = seed | 0
    this.#b = mix(seed) | 0
    this.#c = mix(seed + 1) | 0
    for (let i = 0; i < 12; i++) this.#next()
  }

  #next(): number {
    const t = (this.#a + this.#b + this.#d) | 0
    this.#d = (this.#d + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t
    return t >>> 0
  }

  /** In [0, 1). */
  uniform(): number {
    return this.#next() / 4_294_967_296
  }

  /** An integer in [0, limit). */
  below(limit: number): number {
    return Math.floor(this.uniform() * limit)
  }

  /** Mean 1. */
  exponential(): number {
    return -Math.log(1 - this.uniform())
  }

  /** Mean 0, variance 1, bounded by 3.5: the sum of four uniforms, near enough to a normal for a price. */
  gaussian(): number {
    return (this.uniform() + this.uniform() + this.uniform() + this.uniform() - 2) * Math.sqrt(3)
  }
}

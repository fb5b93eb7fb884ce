const FIRST_ROWS = 64

/**
 * Rows of numbers in one buffer, in ascending order of their first number: two hours of seconds cost a megabyte, and
 * the garbage collector nothing. Any number may be written as a whole 64-bit integer instead.
 */
export class RowBuffer {
  readonly #width: number
  #numbers = new Float64Array(0)
  #integers = new BigInt64Array(0)
  #length = 0

  /** @param width numbers of a row */
  constructor(width: number) {
    this.#width = width
  }

  get length(): number {
    return this.#length
  }

  /** The rows one after the other; of use until one is inserted. */
  get numbers(): Float64Array {
    return this.#numbers
  }

  /** The same buffer as integers. */
  get integers(): BigInt64Array {
    return this.#integers
  }

  /** The first number of a row. */
  key(row: number): number {
    return this.#numbers[row * this.#width]!
  }

  /** The first row with a key of at least this; `length` where there is none. */
  indexAt(key: number): number {
    let low = 0
    let high = this.#length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.key(middle) < key) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Whether this row has this key. */
  has(row: number, key: number): boolean {
    return row < this.#length && this.key(row) === key
  }

  /** Makes a row of zeros with this key, where `indexAt` says. @param most rows for which there may be room */
  insert(row: number, key: number, most: number): void {
    const room = this.#numbers.length / this.#width
    if (this.#length === room) this.#resize(Math.min(most, Math.max(FIRST_ROWS, this.#length * 2)))
    else if (room > most) this.#resize(most)
    const [from, to, width] = [row * this.#width, this.#length * this.#width, this.#width]
    this.#numbers.copyWithin(from + width, from, to)
    this.#numbers.fill(0, from, from + width)
    this.#numbers[from] = key
    this.#length++
  }

  /** Forgets the first rows. */
  drop(rows: number): void {
    this.#numbers.copyWithin(0, rows * this.#width, this.#length * this.#width)
    this.#length -= rows
  }

  #resize(rows: number): void {
    const numbers = new Float64Array(rows * this.#width)
    numbers.set(this.#numbers.subarray(0, this.#length * this.#width))
    this.#numbers = numbers
    this.#integers = new BigInt64Array(numbers.buffer)
  }
}

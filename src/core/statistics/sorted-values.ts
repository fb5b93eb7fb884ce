import { checkQuantile, interpolate, select } from './quantile.ts'

const BLOCK = 1024
/** Values up to which shifting each into a block is cheaper than sorting the block. */
const FEW = 8

/**
 * A multiset of numbers kept in order: exact quantile and rank of a growing or sliding set. Values lie in blocks of
 * at most 1024, each sorted when it is looked into, and a Fenwick tree counts the blocks: `remove`, `at` and
 * `countAtMost` take O(log n) and a shift within one block, and `add` less where nobody asks for its block.
 */
export class SortedValues {
  size = 0
  #blocks: Float64Array[] = [new Float64Array(BLOCK)]
  #counts: number[] = [0]
  /** How many values at the front of each block are in order. */
  #sorted: number[] = [0]
  /** Upper bound of every block but the last. */
  #tops: number[] = [Number.POSITIVE_INFINITY]
  #tree = new Int32Array(2)
  #finger = 0
  /** Block that held the value asked for last, and how many values lie before it. */
  #cursor = 0
  #before = 0

  add(value: number): void {
    const b = this.#find(value)
    const count = this.#counts[b]!
    this.#blocks[b]![count] = value
    this.#counts[b] = count + 1
    this.size++
    if (count + 1 === BLOCK) this.#split(b)
    else this.#count(b, 1)
  }

  /** Takes one value out; false when it is not there. */
  remove(value: number): boolean {
    for (let b = this.#find(value); b < this.#blocks.length; b++) {
      const block = this.#inOrder(b)
      const count = this.#counts[b]!
      if (count > 0 && block[0]! > value) return false
      const at = upper(block, count, value) - 1
      if (at < 0 || block[at] !== value) continue
      block.copyWithin(at, at + 1, count)
      this.#counts[b] = count - 1
      this.#sorted[b] = count - 1
      this.size--
      if (count === 1 && this.#blocks.length > 1) this.#drop(b)
      else this.#count(b, -1)
      return true
    }
    return false
  }

  clear(): void {
    this.size = 0
    this.#blocks = [new Float64Array(BLOCK)]
    this.#counts = [0]
    this.#sorted = [0]
    this.#tops = [Number.POSITIVE_INFINITY]
    this.#finger = 0
    this.#recount()
  }

  /** The k-th smallest value, from 0; NaN beyond the last. */
  at(k: number): number {
    if (!(k >= 0 && k < this.size)) return Number.NaN
    if (k < this.#before || k >= this.#before + this.#counts[this.#cursor]!) this.#seek(k)
    return this.#inOrder(this.#cursor)[k - this.#before]!
  }

  /** How many values are <= `value`. */
  countAtMost(value: number): number {
    let b = this.#find(value)
    while (b + 1 < this.#blocks.length && this.#tops[b]! <= value) b++
    return this.#upTo(b) + upper(this.#inOrder(b), this.#counts[b]!, value)
  }

  /** Type 7 quantile; NaN without values. */
  quantile(q: number): number {
    checkQuantile(q)
    if (this.size === 0) return Number.NaN
    const h = q * (this.size - 1)
    const k = Math.floor(h)
    const low = this.at(k)
    return k === h ? low : interpolate(low, this.at(k + 1), h - k)
  }

  /** The block with all its values in order: a few new ones shifted into place, many sorted at once. */
  #inOrder(b: number): Float64Array {
    const block = this.#blocks[b]!
    const count = this.#counts[b]!
    const sorted = this.#sorted[b]!
    if (sorted === count) return block
    this.#sorted[b] = count
    if (count - sorted > FEW) {
      block.subarray(0, count).sort()
      return block
    }
    for (let i = sorted; i < count; i++) {
      const value = block[i]!
      const at = upper(block, i, value)
      block.copyWithin(at + 1, at, i)
      block[at] = value
    }
    return block
  }

  /** Values in the blocks before `b`. */
  #upTo(b: number): number {
    let before = 0
    for (let i = b; i > 0; i -= i & -i) before += this.#tree[i]!
    return before
  }

  /** First block whose top reaches `value`; the one found last time is tried first, since series move slowly. */
  #find(value: number): number {
    const finger = this.#finger
    if (value <= this.#tops[finger]! && (finger === 0 || this.#tops[finger - 1]! < value)) return finger
    let low = 0
    let high = this.#tops.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#tops[middle]! < value) low = middle + 1
      else high = middle
    }
    this.#finger = low
    return low
  }

  /** Moves the cursor to the block of the k-th value. */
  #seek(k: number): void {
    let b = 0
    let rest = k
    for (let step = highestBit(this.#blocks.length); step > 0; step >>= 1) {
      const next = b + step
      if (next <= this.#blocks.length && this.#tree[next]! <= rest) {
        b = next
        rest -= this.#tree[next]!
      }
    }
    this.#cursor = b
    this.#before = k - rest
  }

  #split(b: number): void {
    const block = this.#blocks[b]!
    const half = BLOCK >> 1
    const isSorted = BLOCK - this.#sorted[b]! <= FEW
    if (isSorted) this.#inOrder(b)
    else select(block, BLOCK, half - 1)
    const right = new Float64Array(BLOCK)
    right.set(block.subarray(half, BLOCK))
    this.#blocks.splice(b + 1, 0, right)
    this.#counts.splice(b, 1, half, BLOCK - half)
    this.#sorted.splice(b, 1, isSorted ? half : 0, isSorted ? BLOCK - half : 0)
    this.#tops.splice(b, 0, block[half - 1]!)
    this.#recount()
  }

  #drop(b: number): void {
    this.#blocks.splice(b, 1)
    this.#counts.splice(b, 1)
    this.#sorted.splice(b, 1)
    this.#tops.splice(b, 1)
    this.#tops[this.#tops.length - 1] = Number.POSITIVE_INFINITY
    this.#finger = 0
    this.#recount()
  }

  #count(b: number, by: number): void {
    if (b < this.#cursor) this.#before += by
    for (let i = b + 1; i <= this.#blocks.length; i += i & -i) this.#tree[i]! += by
  }

  #recount(): void {
    this.#cursor = 0
    this.#before = 0
    const length = this.#blocks.length
    if (this.#tree.length <= length) this.#tree = new Int32Array(2 * length)
    for (let i = 1; i <= length; i++) this.#tree[i] = this.#counts[i - 1]!
    for (let i = 1; i <= length; i++) {
      const parent = i + (i & -i)
      if (parent <= length) this.#tree[parent]! += this.#tree[i]!
    }
  }
}

/** Index of the first entry of the sorted `block` that is larger than `value`. */
function upper(block: Float64Array, count: number, value: number): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >> 1
    if (block[middle]! <= value) low = middle + 1
    else high = middle
  }
  return low
}

function highestBit(n: number): number {
  return 2 ** Math.floor(Math.log2(n))
}

import { MAX_SEQ, type Seq } from './event.ts'

/**
 * Stores a record under its sequence number, or under the next free one when the number is taken by a different record:
 * two trades that a vendor numbers alike are two trades, and sent again they find their own places again.
 * @param insert tries to store under a number; false when it is taken
 * @param isSame whether the record stored under a number is this one
 * @returns the number it was stored under, null when it was there already
 */
export function place(seq: Seq, insert: (seq: Seq) => boolean, isSame: (seq: Seq) => boolean): Seq | null {
  const step = seq > NEAR_THE_END ? -1n : 1n
  for (let next = seq; ; next = neighbour(next, step)) {
    if (insert(next)) return next
    if (isSame(next)) return null
  }
}

/** Numbers above this have none free after them for certain: there the next free one is looked for downwards. */
const NEAR_THE_END = MAX_SEQ - 2n ** 20n

function neighbour(seq: Seq, step: 1n | -1n): Seq {
  if (typeof seq === 'number') return seq < Number.MAX_SAFE_INTEGER ? seq + 1 : BigInt(seq) + 1n
  const next = seq + step
  return next >= BigInt(Number.MIN_SAFE_INTEGER) && next <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(next) : next
}

const NULL = 0
const MINUS = 45
const ZERO = 48

/**
 * The numbers of a JSONB array of whole numbers below 2^53 and nulls, NaN for null. SQLite makes such an array faster than
 * its text, and no string stands between. Format: sqlite.org/jsonb.html, an element is its type in the low half of a
 * byte, its size in the high half or in the bytes after it, then its digits as text.
 * @param room most elements the array can have
 */
export function wholeNumbers(blob: Uint8Array, room: number): Float64Array<ArrayBuffer> {
  const numbers = new Float64Array(room)
  let n = 0
  for (let at = 1 + sizeBytes(blob[0]! >> 4); at < blob.length; ) {
    const head = blob[at++]!
    let size = head >> 4
    if (size === 12) size = blob[at++]!
    numbers[n++] = (head & 15) === NULL ? Number.NaN : digits(blob, at, at + size)
    at += size
  }
  return numbers.subarray(0, n)
}

/** How many bytes after the first hold the size. */
function sizeBytes(code: number): number {
  return code < 12 ? 0 : 2 ** (code - 12)
}

function digits(blob: Uint8Array, from: number, to: number): number {
  const negative = blob[from] === MINUS
  let value = 0
  for (let i = negative ? from + 1 : from; i < to; i++) value = value * 10 + (blob[i]! - ZERO)
  return negative ? -value : value
}

/**
 * ASCII text that is compared four bytes at a time, which takes a fifth off a book. The last word ends where the text
 * does, so it may overlap the one before; of a text shorter than a word it counts what `mask` leaves.
 */
export interface Literal {
  readonly length: number
  readonly words: Int32Array
  readonly mask: number
}

/** @param text of one byte a character */
export function literal(text: string): Literal {
  const { length } = text
  const bytes = Buffer.from(text.padStart(4, '\0'), 'latin1')
  const words = Array.from({ length: Math.ceil(bytes.length / 4) }, (_, i) =>
    bytes.readInt32LE(Math.min(4 * i, bytes.length - 4)),
  )
  return { length, words: Int32Array.from(words), mask: length < 4 ? -1 << (8 * (4 - length)) : -1 }
}

/**
 * Where `expected` ends when it stands at `at`, else -1.
 * @param at of an `expected` shorter than four bytes, at least as many from the beginning as it is shorter
 */
export function endOf(view: DataView, at: number, expected: Literal): number {
  const { words } = expected
  const end = at + expected.length
  if (end > view.byteLength) return -1
  const last = words.length - 1
  for (let i = 0; i < last; i++) if (view.getInt32(at + 4 * i, true) !== words[i]) return -1
  return (view.getInt32(end - 4, true) & expected.mask) === words[last] ? end : -1
}

import type { Seq } from '../../market/event.ts'

/** The place of a record among those of one symbol. */
export interface Key {
  readonly time: number
  readonly seq: Seq
  readonly source: number
}

/** Whether (time, seq, source) comes after `key` in the order of the primary key. */
export function isBeyond(key: Key, time: number, seq: Seq, source: number): boolean {
  if (time !== key.time) return time > key.time
  return seq > key.seq || (seq === key.seq && source > key.source)
}

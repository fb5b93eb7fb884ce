import { FLAGS, type Flag } from './event.ts'

const BIT: ReadonlyMap<string, number> = new Map(FLAGS.map((flag, i) => [flag, 1 << i]))

/** Flags as bits, FLAGS[i] as bit i: of a tick, or of those to look for. */
export function flagMask(flags: Iterable<Flag>): number {
  let mask = 0
  for (const flag of flags) mask |= BIT.get(flag)!
  return mask
}

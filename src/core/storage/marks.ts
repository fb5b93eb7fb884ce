import { FLAGS, type Flag, NO_FLAGS, type Side } from '../market/event.ts'
import { flagMask } from '../market/flags.ts'
import { PHASES } from './columns.ts'

/** The `marks` column of a tick: phase in bits 0-2, side in 3-4, EXACT in 5, flags from 6. Part of the file format. */
export const SIDE_SHIFT = 3
/** The row holds plain amounts, since one of them is no whole number of thousandths. */
export const EXACT = 32
export const FLAG_SHIFT = 6
export const SIDES: readonly Side[] = [null, 'buy', 'sell']

/** SQL for the name of a phase by its number. Part of the file format. */
export const phaseInSql = (number: string): string =>
  `CASE ${number} ${PHASES.map((name, i) => `WHEN ${i} THEN '${name}'`).join(' ')} END`
/** SQL for the name of the side in `marks`. Part of the file format. */
export const SIDE_IN_SQL = `CASE (marks >> ${SIDE_SHIFT}) & 3 ${SIDES.map((name, i) => (name ? `WHEN ${i} THEN '${name}'` : '')).join(' ')} END`

/** The marks of a tick, without EXACT. */
export function marksOf(tick: { phase: (typeof PHASES)[number]; side: Side; flags: readonly Flag[] }): number {
  const flags = tick.flags.length === 0 ? 0 : flagMask(tick.flags)
  return PHASE_NUMBER[tick.phase] | (SIDE_NUMBER(tick.side) << SIDE_SHIFT) | (flags << FLAG_SHIFT)
}

const PHASE_NUMBER = Object.fromEntries(PHASES.map((phase, i) => [phase, i])) as Record<(typeof PHASES)[number], number>
const SIDE_NUMBER = (side: Side) => (side === null ? 0 : side === 'buy' ? 1 : 2)

/** The flags in `marks`; equal sets are the same frozen array. */
export function flagsIn(marks: number): readonly Flag[] {
  const mask = marks >> FLAG_SHIFT
  if (mask === 0) return NO_FLAGS
  let flags = FLAG_SETS.get(mask)
  if (!flags) {
    flags = Object.freeze(FLAGS.filter((_, i) => mask & (1 << i)))
    FLAG_SETS.set(mask, flags)
  }
  return flags
}
const FLAG_SETS = new Map<number, readonly Flag[]>()

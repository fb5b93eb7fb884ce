import type { TradingDay } from '../../src/core/market/session.ts'
import { MINUTE } from '../../src/core/market/time.ts'
import type { Dice } from './dice.ts'

export const FAULTS = [
  'disconnect',
  'reset',
  'hole',
  'mute',
  'slow',
  'slices',
  'duplicates',
  'refused',
  'silent',
  'http',
  'garbage',
  'restart',
  'clock',
  'sleep',
  'crash',
  'power',
  'sigterm',
  'disk',
  'slowdisk',
] as const

export type FaultKind = (typeof FAULTS)[number]

export interface Fault {
  readonly kind: FaultKind
  readonly at: number
  /** How long it lasts, ms; of a program that died or ended, until it is started again. */
  readonly lasts: number
  /** How hard, in [0, 1). */
  readonly force: number
}

/** Faults end this long before the day does, so that recovery can be seen. */
const CALM = 40 * MINUTE

/** Faults that end a program, or its run. */
const ENDS: readonly FaultKind[] = ['crash', 'power', 'sigterm', 'disk']

/** A seed's faults: some of the kinds, some times a day, short ones mostly. */
export function faultsOf(days: readonly TradingDay[], dice: Dice): Fault[] {
  const kinds = dice.shuffled(FAULTS).slice(0, dice.whole(2, 8))
  const faults: Fault[] = []
  for (const day of days) {
    const from = day.phases[0]!.open - 5 * MINUTE
    const to = day.end - CALM
    for (let n = dice.whole(3, 14); n > 0; n--) {
      const kind = dice.pick(kinds)
      const at = dice.chance(0.25) ? nearTurn(day, dice) : dice.between(from, to)
      const lasts = dice.pick([dice.between(50, 2_000), dice.between(2_000, 40_000), dice.between(MINUTE, 15 * MINUTE)])
      if (at > from && at < to && isFair(kind, at, day, kinds))
        faults.push({ kind, at, lasts: Math.min(lasts, to - at), force: dice.uniform() })
    }
  }
  return faults.sort((a, b) => a.at - b.at)
}

/**
 * Whether anybody could account for it. Silence is no proof before it has lasted as long as the watchdog gives it, in
 * continuous trading: a connection that falls mute and is closed before, by the end of the session and a program that ends
 * at lunch, looks like a quiet one. A program that starts by a wrong clock does not know which session it is in.
 */
function isFair(kind: FaultKind, at: number, day: TradingDay, kinds: readonly FaultKind[]): boolean {
  const isEnded = kinds.some((other) => ENDS.includes(other))
  if (kind === 'clock') return !isEnded
  const session = day.continuous.find(({ open, close }) => at >= open && at < close)
  return kind !== 'mute' || (session === undefined ? !isEnded : at < session.close - 8 * MINUTE)
}

/** Where things go wrong: about an opening or a close. */
function nearTurn(day: TradingDay, dice: Dice): number {
  const { open, close } = dice.pick(day.continuous)
  return dice.pick([open, close]) + dice.between(-20_000, 5_000)
}

import type { BarOptions } from '../../bars/options.ts'
import { LEFT_OUT } from '../../market/event.ts'
import { DAY } from '../../market/time.ts'
import { settingsOf, type VolatilityOptions } from './options.ts'

/**
 * The bars that the estimator of these settings works on, the flagged ticks in them that the settings take in; null for
 * one of ticks or of the grid.
 * @throws HkqError E_USAGE for settings that cannot be
 */
export function barsWanted(options: VolatilityOptions): BarOptions | null {
  const { estimator, period, leftOut, sessions } = settingsOf(options)
  if (estimator.name === 'tick-std' || estimator.name === 'grid-std') return null
  const include = new Set(LEFT_OUT.filter((flag) => !leftOut.has(flag)))
  return { every: period, auctions: period < DAY ? 'separate' : 'join', include, sessions }
}

import { dayStart } from '../../market/time.ts'
import { type AnnualBasis, AnnualPeriods } from './annual.ts'
import { settingsOf, type VolatilityOptions } from './options.ts'

/**
 * From when (epoch ms) events must be read so that the records from `since` on are those of the whole history: the
 * look-back's first day, and one trading day more for windows that reach over midnight. -Infinity: from the beginning.
 * @throws HkqError E_USAGE for settings that cannot be
 */
export function historyStart(options: VolatilityOptions, since: number): number {
  const { lookback, sessions } = settingsOf(options)
  if (lookback === null) return Number.NEGATIVE_INFINITY
  return dayStart(sessions.daysBefore(since, lookback + 1)[0]!.number)
}

/**
 * What `annualized` is scaled by in the year of `time`, for showing beside it; null where the estimator has no periods or
 * the calendar does not reach.
 * @throws HkqError E_USAGE for settings that cannot be
 */
export function annualBasis(options: VolatilityOptions, time: number): AnnualBasis | null {
  const settings = settingsOf(options)
  return settings.estimator.periodic ? new AnnualPeriods(settings).basis(time) : null
}

import type { Sessions } from '../core/market/session.ts'
import { settingsOf, type VolatilityOptions } from '../core/statistics/volatility/options.ts'

/** From when history must be read so that values since `since` know their look-back; undefined: from the beginning. */
export function historyStart(since: number, settings: VolatilityOptions, sessions: Sessions): number | undefined {
  const { lookback } = settingsOf(settings)
  return lookback === null ? undefined : sessions.daysBefore(since, lookback)[0]?.phases[0]?.open
}

import { HkqError } from '../../errors.ts'
import { DAY, HOUR } from '../../market/time.ts'
import { durationMs, type Settings } from './options.ts'

/** Continuous trading of a full day: 09:30 to 12:00 and 13:00 to 16:00. Source: HKEX trading hours. */
const TRADING_DAY = 5.5 * HOUR
/** Grid steps below which a window has no volatility. */
const LEAST_STEPS = 10

/** How far a backtest looks ahead of each point. */
export interface Horizon {
  /** As given: `30m`. */
  text: string
  /** In points of the strategy. */
  steps: number
  /** The strategy's, but for a window that is the horizon. */
  settings: Settings
}

/**
 * The horizon of a backtest as a window of its own.
 * @param text trading time
 * @throws HkqError E_USAGE where points have no time of day, or no volatility can be had of the horizon
 */
export function horizonOf(settings: Settings, text = '30m'): Horizon {
  const { estimator, period } = settings
  if (!estimator.periodic || period >= DAY) {
    const what = estimator.periodic ? 'daily bars' : `estimator "${estimator.name}"`
    throw refused(`a backtest compares with what is usual at the time of day, which ${what} cannot`, '--preset session')
  }
  const length = durationMs(text, 'horizon')
  const steps = length / period
  if (!Number.isInteger(steps)) {
    throw refused(`horizon "${text}" is not a multiple of the step of ${period / 1000} s`, 'one that is')
  }
  if (length > TRADING_DAY) {
    throw refused(`horizon "${text}" is longer than a day's trading of 5 h 30 min`, 'e.g. --horizon 30m')
  }
  if (estimator.name === 'grid-std' && steps < LEAST_STEPS) {
    const remedy = 'a longer --horizon or a finer --grid'
    throw refused(`horizon "${text}" holds fewer than the ${LEAST_STEPS} steps of the grid that a value needs`, remedy)
  }
  if (Math.min(...estimator.samples(steps)) < 2) {
    throw refused(`horizon "${text}" holds too few bars for ${estimator.name}`, 'a longer one')
  }
  return { text, steps, settings: { ...settings, window: { unit: 'ms', length }, windowText: text } }
}

function refused(what: string, remedy: string): HkqError {
  return new HkqError('E_USAGE', `${what}: use ${remedy}`)
}

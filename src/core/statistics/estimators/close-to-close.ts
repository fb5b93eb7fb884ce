import { type Estimator, sampleVariance } from './estimator.ts'
import { logReturn, ofReturn } from './returns.ts'

/**
 * Sample variance (n - 1, mean removed) of the log returns from close to close: right under drift, and the baseline of
 * every efficiency figure. Contains every gap between the bars: on daily bars the night and lunch. Biased up by bid-ask
 * bounce on short bars.
 */
export const closeToClose: Estimator = {
  name: 'close-to-close',
  source: 'sample variance of ln(C / C_prev)',
  periodic: true,
  samples: (n) => [n - 1],
  begin: ofReturn(logReturn),
  variance: sampleVariance,
}

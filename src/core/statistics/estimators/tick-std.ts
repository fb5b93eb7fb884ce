import { type Estimator, sampleVariance } from './estimator.ts'
import { ofReturn, simpleReturn } from './returns.ts'

/**
 * Sample variance of the simple returns from tick to tick, the tutorial's: pandas `pct_change().rolling().std()`. Ticks
 * are no periods, so there is nothing to annualise by; busier minutes have smaller returns, and bid-ask bounce is most of
 * them. On the command line returns span every break unless `--session-breaks exclude`.
 */
export const tickStd: Estimator = {
  name: 'tick-std',
  source: 'sample variance of p / p_prev - 1',
  periodic: false,
  samples: (n) => [n - 1],
  begin: ofReturn(simpleReturn),
  variance: sampleVariance,
}

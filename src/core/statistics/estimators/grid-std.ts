import { type Estimator, sampleVariance } from './estimator.ts'
import { logReturn, ofReturn } from './returns.ts'

/**
 * Sample variance of the log returns of a regular grid (last price at or before each grid time). On bars: of their
 * closes. A step without a trade is a return of 0, so that thin trading needs no correction; bid-ask bounce on fine grids
 * biases it up. On the command line no return crosses a night, lunch, an auction or a gap.
 */
export const gridStd: Estimator = {
  name: 'grid-std',
  source: 'sample variance of ln(P(t) / P(t - grid)), previous-tick sampling',
  periodic: true,
  samples: (n) => [n - 1],
  begin: ofReturn(logReturn),
  variance: sampleVariance,
}

import { type Estimator, meanTerm, ofBar } from './estimator.ts'
import { logReturn } from './returns.ts'

/**
 * From high and low alone; assumes no drift, which makes it high in a trend, and leaves out the gaps between bars: on
 * daily bars the night. Few trades a bar bias it down: a bar of one trade counts as 0.
 */
export const parkinson: Estimator = {
  name: 'parkinson',
  source: 'Parkinson (1980): mean of ln(H/L)^2 / (4 ln 2)',
  periodic: true,
  samples: (n) => [n],
  begin: ofBar(({ high, low }) => logReturn(low, high) ** 2 / (4 * Math.LN2)),
  variance: meanTerm,
}

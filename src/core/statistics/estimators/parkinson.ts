import { type Estimator, meanTerm, ofBar } from './estimator.ts'

/** From high and low alone; no drift, no gaps between bars. Few ticks a bar bias it down. */
export const parkinson: Estimator = {
  name: 'parkinson',
  source: 'Parkinson (1980): mean of ln(H/L)^2 / (4 ln 2)',
  periodic: true,
  samples: (n) => [n],
  begin: ofBar(({ high, low }) => Math.log(high / low) ** 2 / (4 * Math.LN2)),
  variance: meanTerm,
}

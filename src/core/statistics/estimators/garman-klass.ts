import { type Estimator, meanTerm, ofBar } from './estimator.ts'

/** From open, high, low and close; no drift, no gaps between bars. A single bar's contribution can be negative. */
export const garmanKlass: Estimator = {
  name: 'garman-klass',
  source: 'Garman, Klass (1980): mean of ln(H/L)^2 / 2 - (2 ln 2 - 1) ln(C/O)^2',
  periodic: true,
  samples: (n) => [n],
  begin: ofBar(
    ({ open, high, low, close }) => 0.5 * Math.log(high / low) ** 2 - (2 * Math.LN2 - 1) * Math.log(close / open) ** 2,
  ),
  variance: meanTerm,
}

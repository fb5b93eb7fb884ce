import { type Estimator, meanTerm, ofBar, type PriceBar } from './estimator.ts'
import { logReturn } from './returns.ts'

/** One bar's Garman-Klass term: never negative where open and close lie within the range, since 2 ln 2 - 1 < 1/2. */
export function garmanKlassTerm({ open, high, low, close }: PriceBar): number {
  return 0.5 * logReturn(low, high) ** 2 - (2 * Math.LN2 - 1) * logReturn(open, close) ** 2
}

/**
 * From open, high, low and close; assumes no drift, which makes it high in a trend, and leaves out the gaps between bars:
 * on daily bars the night. Few trades a bar bias it down.
 */
export const garmanKlass: Estimator = {
  name: 'garman-klass',
  source: 'Garman, Klass (1980): mean of ln(H/L)^2 / 2 - (2 ln 2 - 1) ln(C/O)^2',
  periodic: true,
  samples: (n) => [n],
  begin: ofBar(garmanKlassTerm),
  variance: meanTerm,
}

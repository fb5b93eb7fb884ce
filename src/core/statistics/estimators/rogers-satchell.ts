import { type Estimator, meanTerm, ofBar, type PriceBar } from './estimator.ts'
import { logReturn } from './returns.ts'

/** One bar's Rogers-Satchell term: never negative where open and close lie within the range. */
export function rogersSatchellTerm({ open, high, low, close }: PriceBar): number {
  return logReturn(close, high) * logReturn(open, high) + logReturn(close, low) * logReturn(open, low)
}

/**
 * From open, high, low and close; right under any drift. Leaves out the gaps between bars: on daily bars the night. Few
 * trades a bar bias it down; a bar that runs straight from its low to its high counts as 0.
 */
export const rogersSatchell: Estimator = {
  name: 'rogers-satchell',
  source: 'Rogers, Satchell (1991): mean of ln(H/C) ln(H/O) + ln(L/C) ln(L/O)',
  periodic: true,
  samples: (n) => [n],
  begin: ofBar(rogersSatchellTerm),
  variance: meanTerm,
}

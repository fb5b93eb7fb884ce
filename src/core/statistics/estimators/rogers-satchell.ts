import { type Estimator, meanTerm, ofBar, type PriceBar } from './estimator.ts'

/** One bar's Rogers-Satchell term. */
export function rogersSatchellTerm({ open, high, low, close }: PriceBar): number {
  return Math.log(high / close) * Math.log(high / open) + Math.log(low / close) * Math.log(low / open)
}

/** Right under any drift; no gaps between bars. */
export const rogersSatchell: Estimator = {
  name: 'rogers-satchell',
  source: 'Rogers, Satchell (1991): mean of ln(H/C) ln(H/O) + ln(L/C) ln(L/O)',
  periodic: true,
  samples: (n) => [n],
  begin: ofBar(rogersSatchellTerm),
  variance: meanTerm,
}

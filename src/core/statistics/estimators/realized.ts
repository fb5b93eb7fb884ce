import { type Estimator, meanTerm } from './estimator.ts'
import { logReturn, ofReturn } from './returns.ts'

/**
 * Realised variance of a stretch of returns: the sum of their squares. Source: Andersen, Bollerslev, Diebold, Labys (2003).
 * @param returns log returns; an overnight one may be among them
 * @returns a variance over the whole stretch, unitless; 0 of none. Its root times sqrt(periods a year) is annual
 */
export function realizedVariance(returns: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < returns.length; i++) sum += returns[i]! ** 2
  return sum
}

/**
 * Realised variance per period: the mean squared log return, no mean removed. Contains the jumps, and the gaps between
 * bars: on daily bars the night. Biased up by bid-ask bounce on short bars.
 */
export const realized: Estimator = {
  name: 'realized',
  source: 'Andersen, Bollerslev, Diebold, Labys (2003): RV = sum r^2; per period RV / M',
  periodic: true,
  samples: (n) => [n - 1],
  begin: ofReturn(logReturn, (r) => r * r),
  variance: meanTerm,
}

import { type Estimator, meanTerm } from './estimator.ts'
import { logReturn, ofReturn } from './returns.ts'

/** Realised variance of a series of returns: the sum of their squares. */
export function realizedVariance(returns: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < returns.length; i++) sum += returns[i]! ** 2
  return sum
}

/** Realised variance per period: the mean squared log return, no mean removed. */
export const realized: Estimator = {
  name: 'realized',
  source: 'Andersen, Bollerslev, Diebold, Labys (2003): RV = sum r^2; per period RV / M',
  periodic: true,
  samples: (n) => [n - 1],
  begin: ofReturn(logReturn, (r) => r * r),
  variance: meanTerm,
}

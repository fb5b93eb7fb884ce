import { type Estimator, meanTerm } from './estimator.ts'
import { realizedVariance } from './realized.ts'
import { logReturn } from './returns.ts'

/**
 * Bipower variation of returns that follow each other without a break: (pi / 2) sum |r_i| |r_i-1|. Estimates the variance
 * without jumps. Halves of a day are summed apart, never across lunch.
 */
export function bipowerVariation(returns: ArrayLike<number>): number {
  let sum = 0
  for (let i = 1; i < returns.length; i++) sum += Math.abs(returns[i]! * returns[i - 1]!)
  return (Math.PI / 2) * sum
}

/** Variance due to jumps: RV - BV, at least 0. */
export function jumpVariation(returns: ArrayLike<number>): number {
  return Math.max(0, realizedVariance(returns) - bipowerVariation(returns))
}

/** Share of the realised variance that is due to jumps, 0 to 1; NaN where nothing moved. */
export function jumpShare(returns: ArrayLike<number>): number {
  return jumpVariation(returns) / realizedVariance(returns)
}

/** Bipower variation per period with its finite-sample factor: M returns make M - 1 products. */
export const bipower: Estimator = {
  name: 'bipower',
  source: 'Barndorff-Nielsen, Shephard (2004), doi 10.1093/jjfinec/nbh001: BV = pi/2 sum |r_i||r_i-1|, factor M/(M-1)',
  periodic: true,
  samples: (n) => [n - 2],
  begin: () => {
    let close = Number.NaN
    let before = Number.NaN
    return (bar, out) => {
      const r = logReturn(close, bar.close)
      out[0] = (Math.PI / 2) * Math.abs(r * before)
      close = bar.close
      before = r
    }
  },
  variance: meanTerm,
}

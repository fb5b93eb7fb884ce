import { type Estimator, meanTerm, type TermMoments } from './estimator.ts'
import { realizedVariance } from './realized.ts'
import { logReturn } from './returns.ts'

/**
 * Bipower variation, (pi / 2) sum |r_i| |r_i-1|: the variance of a stretch of returns without its jumps, of which a single
 * one meets only small neighbours. Source: Barndorff-Nielsen, Shephard (2004), doi 10.1093/jjfinec/nbh001.
 * @param returns log returns that follow each other without a break; sum the halves of a day apart, never across lunch
 * @returns a variance over the whole stretch, unitless; 0 below two returns
 */
export function bipowerVariation(returns: ArrayLike<number>): number {
  let sum = 0
  for (let i = 1; i < returns.length; i++) sum += Math.abs(returns[i]! * returns[i - 1]!)
  return (Math.PI / 2) * sum
}

/**
 * Variance due to jumps: realised variance less bipower variation, at least 0. Source: Barndorff-Nielsen, Shephard (2004).
 * @param returns log returns that follow each other without a break
 * @returns a variance over the whole stretch, unitless
 */
export function jumpVariation(returns: ArrayLike<number>): number {
  return Math.max(0, realizedVariance(returns) - bipowerVariation(returns))
}

/**
 * Share of the realised variance that is due to jumps: jumpVariation / realizedVariance. M returns make only M - 1
 * products, so that a stretch without any jump shows about 1 / M. Source: the relative jump of Huang, Tauchen (2005),
 * without their factor M / (M - 1).
 * @param returns log returns that follow each other without a break
 * @returns 0 to 1; NaN where nothing moved
 */
export function jumpShare(returns: ArrayLike<number>): number {
  return jumpVariation(returns) / realizedVariance(returns)
}

/**
 * Bipower variation per period, with its finite-sample factor: M returns make M - 1 products. Leaves jumps out. Bars
 * without a move make it low (each kills two products), bid-ask bounce makes it high. Neither a product nor a return
 * crosses a break.
 */
export const bipower: Estimator = {
  name: 'bipower',
  source: 'Barndorff-Nielsen, Shephard (2004), doi 10.1093/jjfinec/nbh001: BV = pi/2 sum |r_i||r_i-1|, factor M/(M-1)',
  periodic: true,
  samples: (n) => [n - 2, n - 1],
  begin: () => {
    let close = Number.NaN
    let before = Number.NaN
    return (bar, out) => {
      const r = logReturn(close, bar.close)
      out[0] = (Math.PI / 2) * Math.abs(r * before)
      out[1] = r * r
      close = bar.close
      before = r
    }
  },
  variance: meanTerm,
  jumpShare: ([products, squares]) => {
    const realized = sumOf(squares!)
    return Math.max(0, realized - sumOf(products!)) / realized
  },
}

function sumOf({ n, mean }: TermMoments): number {
  return n * mean
}

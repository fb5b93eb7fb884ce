import type { Estimator } from './estimator.ts'

/**
 * ln(price / before): symmetric, additive over time. Right to the last digits however small the move: the difference of
 * near prices is exact, while their quotient is rounded next to 1.
 */
export function logReturn(before: number, price: number): number {
  const change = (price - before) / before
  return Math.abs(change) < 0.5 ? Math.log1p(change) : Math.log(price / before)
}

/** price / before - 1: pandas' `pct_change`. */
export function simpleReturn(before: number, price: number): number {
  return price / before - 1
}

/** A series of one term made of the return from the close before to this one. */
export function ofReturn(
  returnOf: (before: number, price: number) => number,
  term: (r: number) => number = (r) => r,
): Estimator['begin'] {
  return () => {
    let close = Number.NaN
    return (bar, out) => {
      out[0] = term(returnOf(close, bar.close))
      close = bar.close
    }
  }
}

/** What an estimator needs of a bar. A tick is a bar of one price. */
export interface PriceBar {
  open: number
  high: number
  low: number
  close: number
}

/** Count, mean and sample variance of one term over the window. */
export interface TermMoments {
  /** Samples: values of the term that are defined. */
  readonly n: number
  readonly mean: number
  readonly sampleVariance: number
}

/**
 * An estimator of volatility from bars. Each bar contributes one number per term; the variance per period follows from
 * mean and sample variance of the terms over the window, so that every estimator slides in constant time.
 */
export interface Estimator {
  /** The name on the command line. */
  readonly name: string
  /** Paper and formula of the variance per period. */
  readonly source: string
  /** Whether its samples are evenly spaced periods, without which there is nothing to annualise by. */
  readonly periodic: boolean
  /** Samples of each term in a window of `n` bars: n - 1 where a term joins two bars of the window. */
  samples(n: number): readonly number[]
  /**
   * A fresh series: the returned function takes bar after bar and writes its terms into `out`, NaN where a term needs an
   * earlier bar. Call `begin` again where no return may cross (night, lunch, gap).
   */
  begin(): (bar: PriceBar, out: Float64Array) => void
  /** Variance per period of a window of `n` bars; negative only by rounding, or by a bar whose close is out of its range. */
  variance(terms: readonly TermMoments[], n: number): number
  /** Share of the window's variance that is due to jumps, 0 to 1, NaN where nothing moved; where the estimator tells it. */
  jumpShare?(terms: readonly TermMoments[]): number
}

/** A series of one term that needs nothing but the bar. */
export function ofBar(term: (bar: PriceBar) => number): Estimator['begin'] {
  return () => (bar, out) => {
    out[0] = term(bar)
  }
}

/** The sample variance of the first term. */
export function sampleVariance(terms: readonly TermMoments[]): number {
  return terms[0]!.sampleVariance
}

/** The mean of the first term. */
export function meanTerm(terms: readonly TermMoments[]): number {
  return terms[0]!.mean
}

import { HkqError } from '../errors.ts'
import type { Estimator, PriceBar } from './estimators/estimator.ts'
import { estimatorNamed } from './estimators/index.ts'
import { SlidingMoments } from './sliding-moments.ts'

/** The window of one estimator as it slides over bars. */
export class EstimatorWindow {
  readonly #estimator: Estimator
  readonly #n: number
  readonly #samples: readonly number[]
  readonly #terms: readonly SlidingMoments[]
  readonly #out: Float64Array
  #next: ReturnType<Estimator['begin']>

  /** @param n bars in a window, at least 2 */
  constructor(estimator: Estimator, n: number) {
    this.#estimator = estimator
    this.#n = n
    this.#samples = estimator.samples(n)
    this.#terms = this.#samples.map((count) => new SlidingMoments(Math.min(count, 4096) + 1))
    this.#out = new Float64Array(this.#samples.length)
    this.#next = estimator.begin()
  }

  push(bar: PriceBar): void {
    this.#next(bar, this.#out)
    for (let i = 0; i < this.#terms.length; i++) {
      const term = this.#terms[i]!
      if (term.length >= this.#samples[i]!) term.shift()
      term.push(this.#out[i]!)
    }
  }

  /** No return joins the bar before to the next one. */
  break(): void {
    this.#next = this.#estimator.begin()
  }

  /** The window starts empty, as on a new day. */
  clear(): void {
    this.break()
    for (const term of this.#terms) term.clear()
  }

  /** Samples of the term that has the fewest. */
  get samples(): number {
    return Math.min(...this.#terms.map((term) => term.n))
  }

  /** Whether every term has all the samples of a whole window. */
  get full(): boolean {
    return this.#terms.every((term, i) => term.n >= this.#samples[i]!)
  }

  /** Standard deviation per period; NaN where the variance is undefined, 0 where it came out negative. */
  get volatility(): number {
    return Math.sqrt(Math.max(0, this.#estimator.variance(this.#terms, this.#n)))
  }

  /** 0 to 1, NaN where nothing moved; undefined of an estimator that does not tell it. */
  get jumpShare(): number | undefined {
    return this.#estimator.jumpShare?.(this.#terms)
  }
}

/**
 * Rolling annualised volatility of a series of bars, each joined to the one before, by definition and warm-up of R's TTR
 * `volatility`: close-to-close over n bars uses n - 1 returns, those with the gap before a bar need one bar more than n.
 * @param estimator name as on the command line
 * @param bars open, high, low, close, in order
 * @param options `window` in bars (2 or more; bipower 3); `periodsPerYear` e.g. 247 for daily bars
 * @returns aligned with the bars, fraction per year (0.25 = 25 %), NaN until defined
 * @throws HkqError E_USAGE for a name or window that cannot be, and for tick-std, whose ticks are no periods
 */
export function rollingVolatility(
  estimator: string,
  bars: readonly PriceBar[],
  options: { window: number; periodsPerYear: number },
): Float64Array {
  const { window, periodsPerYear } = options
  const chosen = estimatorNamed(estimator)
  if (!chosen.periodic) {
    throw new HkqError(
      'E_USAGE',
      `estimator "${estimator}" has no periods to annualise by: use grid-std or close-to-close`,
    )
  }
  if (!Number.isInteger(window) || Math.min(...chosen.samples(window)) < 1) {
    throw new HkqError('E_USAGE', `window "${window}" is not a number of bars that ${estimator} can use: use 3 or more`)
  }
  if (!(periodsPerYear > 0)) {
    throw new HkqError('E_USAGE', `periodsPerYear "${periodsPerYear}" is not positive: use e.g. 247 for daily bars`)
  }
  const scale = Math.sqrt(periodsPerYear)
  const sliding = new EstimatorWindow(chosen, window)
  return Float64Array.from(bars, (bar) => {
    sliding.push(bar)
    return sliding.full ? scale * sliding.volatility : Number.NaN
  })
}

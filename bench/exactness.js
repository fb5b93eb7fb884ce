import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { rollingStandardDeviationByCount } from '../dist/core/statistics/rolling.js'
import { compensated, sums, welford } from './peers/moving-deviation.js'
import { exactDeviations } from './support/exact.js'
import { median } from './support/run.js'

const METHODS = { hkq: rollingStandardDeviationByCount, sums, welford, 'compensated, as pandas': compensated }
const LENGTH = 20_000
const WINDOW = 500
/** Values that a timing takes at least, in three turns. */
const TIMED = 1_000_000
const TICKS = new URL('../test/fixtures/references/ticks.csv.gz', import.meta.url)

/**
 * What moving deviations are worth on data made to hurt: the largest relative error against exact arithmetic, what is
 * given where the deviation is 0, and nanoseconds a value. One record for each set.
 */
export function exactness() {
  return Object.entries(sets()).map(([set, { values, window }]) => {
    const exact = exactDeviations(values, window)
    const figures = { set, values: values.length, window }
    for (const [name, deviations] of Object.entries(METHODS)) {
      const result = deviations(values, window)
      figures[`${name}: error`] = shown(worstError(result, exact))
      if (exact.includes(0)) figures[`${name}: where 0`] = shown(largestAtZero(result, exact))
      figures[`${name}: ns`] = Math.round(nanoseconds(() => deviations(values, window), values.length))
    }
    return figures
  })
}

function sets() {
  const uniform = noise(LENGTH)
  const of = (value, window = WINDOW) => ({ values: uniform.map(value), window })
  const outlier = (i) => (i % 4_000 === 1_000 ? 1e12 : null)
  return {
    'prices near 1e2': of((x) => 100 + x),
    'spread 1e-3 at 1e9': of((x) => 1e9 + x * 1e-3),
    'values of 1e-3, an outlier of 1e12 now and then': of((x, i) => outlier(i) ?? x * 1e-3),
    'spread 1e-3 at 1e9, an outlier of 1e12 now and then': of((x, i) => outlier(i) ?? 1e9 + x * 1e-3),
    'a constant after movement': of((x, i) => (i % 4_000 < 2_000 ? x * 1e6 : 0.1)),
    'deviations that shrink by 30 orders': of((x, i) => x * 10 ** ((-30 * i) / LENGTH)),
    'a level that falls by nine orders': of((x, i) => (i < LENGTH / 2 ? 1e9 + x : x * 1e-3)),
    'returns of real ticks': { values: realReturns(), window: 1_800 },
    ...nist(),
  }
}

/** Univariate summary statistics of NIST's Statistical Reference Datasets, the whole set in one window. */
function nist() {
  const around = (base) => Float64Array.from({ length: 1_001 }, (_, i) => base + (i === 0 ? 0.2 : i % 2 ? 0.1 : 0.3))
  const values = {
    'NIST NumAcc1': Float64Array.of(10_000_001, 10_000_003, 10_000_002),
    'NIST NumAcc2': around(1),
    'NIST NumAcc3': around(1_000_000),
    'NIST NumAcc4': around(10_000_000),
  }
  return Object.fromEntries(Object.entries(values).map(([name, all]) => [name, { values: all, window: all.length }]))
}

function realReturns() {
  const [, ...lines] = gunzipSync(readFileSync(TICKS)).toString().trim().split('\n')
  const prices = Float64Array.from(lines, (line) => Number(line.split(',')[3]))
  return prices.map((price, i) => price / prices[i - 1] - 1).subarray(1)
}

/** Repeatable uniform numbers in [-0.5, 0.5). */
function noise(length) {
  let state = 1
  return Float64Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32 - 0.5
  })
}

/** Largest relative error where there is a deviation. */
function worstError(values, exact) {
  return largest(values, (value, i) => (exact[i] > 0 ? Math.abs(value - exact[i]) / exact[i] : 0))
}

/** What is given where the deviation is 0. */
function largestAtZero(values, exact) {
  return largest(values, (value, i) => (exact[i] === 0 ? value : 0))
}

/** NaN where one is. */
function largest(values, of) {
  return values.reduce((most, value, i) => Math.max(most, of(value, i)), 0)
}

/** NaN has no place in JSON. */
function shown(error) {
  return Number.isNaN(error) ? 'NaN' : Number(error.toPrecision(2))
}

function nanoseconds(run, length) {
  const times = Math.ceil(TIMED / length)
  return median(
    [0, 1, 2].map(() => {
      const started = performance.now()
      for (let i = 0; i < times; i++) run()
      return ((performance.now() - started) * 1e6) / (times * length)
    }),
  )
}

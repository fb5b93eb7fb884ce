import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { quantile, rollingStandardDeviation } from '../dist/index.js'
import { folder, medianOf, peer, pythonWith } from './support/run.js'
import { ticksOf } from './support/ticks.js'

const ROUNDS = 3
const WINDOW = 30 * 60_000

/** Rolling 30-minute deviation of returns and its 0.9 quantile, in memory; in turn with pandas on the same numbers. */
export async function rolling({ count = 5_000_000 } = {}) {
  const { times, returns } = series(count)
  const python = pythonWith('pandas')
  const path = join(folder(), 'series.bin')
  if (python) writeFileSync(path, Buffer.concat([times, returns].map(({ buffer }) => Buffer.from(buffer))))
  const rounds = []
  for (let round = 0; round < ROUNDS; round++) {
    const ours = measured(times, returns)
    if (!python) rounds.push({ ours })
    else
      rounds.push({ ours, pandas: JSON.parse((await peer(python, 'rolling_peer.py', [path, String(WINDOW)])).stdout) })
  }
  const figures = {
    values: count,
    'deviation ms': medianOf(rounds, ({ ours }) => ours.deviation, 0),
    'quantile ms': medianOf(rounds, ({ ours }) => ours.quantile, 0),
  }
  if (!python) return { ...figures, pandas: 'not installed' }
  const whole = (figure) => figure.deviation + figure.quantile
  return {
    ...figures,
    'pandas deviation ms': medianOf(rounds, ({ pandas }) => pandas.deviation, 0),
    'pandas quantile ms': medianOf(rounds, ({ pandas }) => pandas.quantile, 0),
    'of pandas': medianOf(rounds, ({ ours, pandas }) => whole(ours) / whole(pandas)),
  }
}

function measured(times, returns) {
  const start = performance.now()
  const deviations = rollingStandardDeviation(times, returns, WINDOW)
  const middle = performance.now()
  quantile(deviations, 0.9)
  return { deviation: middle - start, quantile: performance.now() - middle }
}

function series(count) {
  const times = new Float64Array(count)
  const returns = new Float64Array(count)
  let [i, before] = [0, Number.NaN]
  for (const batch of ticksOf(count)) {
    for (const { timestamp, last_price } of batch) {
      times[i] = timestamp
      returns[i++] = last_price / before - 1
      before = last_price
    }
  }
  return { times, returns }
}

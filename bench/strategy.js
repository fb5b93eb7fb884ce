import { VolatilityMonitor } from '../dist/core/statistics/volatility/monitor.js'
import { median } from './support/run.js'
import { ticksOf } from './support/ticks.js'

const ROUNDS = 5
const DAY_TICKS = 50_000
const HISTORY = { days: 21, ticks: 105_000 }

/**
 * The strategy live: nanoseconds for each tick of a busy day that is pushed alone, its record (or the minute it completes)
 * included. `tutorial` keeps the exact quantile of all values of the day; `session` judges by twenty days before.
 */
export function strategy() {
  const day = [...ticksOf(DAY_TICKS, 1)].flat()
  const before = [...ticksOf(HISTORY.ticks, HISTORY.days)]
    .flat()
    .filter(({ timestamp }) => timestamp < day[0].timestamp)
  const figures = { ticks: day.length, 'ticks of history': before.length }
  for (const [name, history, options] of [
    ['tutorial, the day alone', [], { preset: 'tutorial' }],
    ['tutorial, volume confirmed', [], { preset: 'tutorial', confirmVolume: 1.5 }],
    ['session', before, { preset: 'session' }],
  ]) {
    const rounds = Array.from({ length: ROUNDS }, () => timed(day, history, options))
    figures[`${name}: records`] = rounds[0].records
    figures[`${name}: ns a tick`] = Math.round(median(rounds.map(({ ns }) => ns)))
  }
  return figures
}

function timed(day, history, options) {
  const monitor = new VolatilityMonitor(options)
  monitor.push(history)
  let records = 0
  const started = performance.now()
  for (const tick of day) records += monitor.push([tick]).length
  return { records, ns: ((performance.now() - started) * 1e6) / day.length }
}

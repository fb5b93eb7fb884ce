import { mergeBars } from '../../bars/merge-bars.ts'
import type { BarOptions } from '../../bars/options.ts'
import { resample } from '../../bars/resample.ts'
import type { Clock } from '../../clock.ts'
import type { Bar } from '../../market/bar.ts'
import { type Batches, LEFT_OUT, type MarketEvent } from '../../market/event.ts'
import { DAY } from '../../market/time.ts'
import { settingsOf, type VolatilityOptions } from './options.ts'

/**
 * The bars that the estimator of these settings works on, the flagged ticks in them that the settings take in; null for
 * one of ticks or of the grid.
 * @throws HkqError E_USAGE for settings that cannot be
 */
export function barsWanted(options: VolatilityOptions): BarOptions | null {
  const { estimator, period, leftOut, sessions } = settingsOf(options)
  if (estimator.name === 'tick-std' || estimator.name === 'grid-std') return null
  const include = new Set(LEFT_OUT.filter((flag) => !leftOut.has(flag)))
  return { every: period, auctions: period < DAY ? 'separate' : 'join', include, sessions }
}

/** The events themselves, or the bars that an estimator of bars works on: by a clock only once they are whole. */
export function foodOf(events: Batches, options: VolatilityOptions, clock?: Clock): Batches<MarketEvent | Bar> {
  const bars = barsWanted(options)
  return bars === null ? events : resample(events, { ...bars, ...(clock && { clock, heard: true }) })
}

/** As `foodOf` for what was recorded. @param asOf bars that can still change at this time (epoch ms) are none */
export function foodOfRecorded(events: Batches, options: VolatilityOptions, asOf: number): Batches<MarketEvent | Bar> {
  const bars = barsWanted(options)
  return bars === null ? events : resample(events, { ...bars, asOf })
}

/** Bars at hand as they are, or merged to the length that an estimator of bars works on. @param asOf as above */
export function foodOfBars(given: Batches<Bar>, options: VolatilityOptions, asOf: number): Batches<Bar> {
  const bars = barsWanted(options)
  return bars === null ? given : mergeBars(given, { ...bars, asOf })
}

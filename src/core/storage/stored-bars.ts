import { setImmediate } from 'node:timers/promises'
import { refined } from '../bars/minutes.ts'
import { type BarOptions, minutesSuffice } from '../bars/options.ts'
import { barsFromSummaries } from '../bars/resample.ts'
import { Resampler } from '../bars/resampler.ts'
import type { Bar } from '../market/bar.ts'
import { type Gap, LEFT_OUT } from '../market/event.ts'
import { flagMask } from '../market/flags.ts'
import type { Span, Store } from './store.ts'

/** What the bars of a store were made of, for `-v`. */
export type MadeOf = 'minutes' | 'ticks'

/** Whether bars of this length come from the stored one-minute summaries, without reading ticks. */
export function madeOf(options: Pick<BarOptions, 'every'>): MadeOf {
  return minutesSuffice(options) ? 'minutes' : 'ticks'
}

/**
 * Bars of one stored symbol, in order: from the one-minute summaries where they suffice (with the ticks of single minutes
 * where left-out ticks are asked for), else from the ticks. Both give the same bars.
 */
export async function* storedBars(
  store: Store,
  symbol: string,
  span: Span,
  options: BarOptions,
): AsyncGenerator<readonly Bar[]> {
  const gaps = await store.gaps({ ...span, symbols: [symbol] })
  if (madeOf(options) === 'ticks') {
    yield* barsFromTicks(store, symbol, span, options, gaps)
    return
  }
  const ticksOf = (since: number, until: number) => store.ticks(symbol, { since, until })
  for await (const bars of barsFromSummaries(refined(store.minutes(symbol, span), options, ticksOf), {
    ...options,
    gaps,
  })) {
    yield bars
    await setImmediate()
  }
}

async function* barsFromTicks(
  store: Store,
  symbol: string,
  span: Span,
  options: BarOptions,
  gaps: readonly Gap[],
): AsyncGenerator<readonly Bar[]> {
  const resampler = new Resampler(options)
  const leftOut = options.align === 'clock' ? 0 : flagMask(LEFT_OUT.filter((flag) => !options.include?.has(flag)))
  for (const gap of gaps) resampler.addGap(gap)
  for await (const columns of store.columns(symbol, span)) {
    resampler.addColumns(symbol, columns, leftOut)
    const bars = resampler.take()
    if (bars.length > 0) yield bars
  }
  resampler.end()
  const bars = resampler.take()
  if (bars.length > 0) yield bars
}

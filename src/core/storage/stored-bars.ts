import { setImmediate } from 'node:timers/promises'
import { refined } from '../bars/minutes.ts'
import { type BarOptions, minutesSuffice } from '../bars/options.ts'
import { barsFromSummaries } from '../bars/resample.ts'
import { Resampler } from '../bars/resampler.ts'
import type { Bar } from '../market/bar.ts'
import { type Gap, LEFT_OUT } from '../market/event.ts'
import { flagMask } from '../market/flags.ts'
import { MINUTE } from '../market/time.ts'
import { minutesWithin } from './minutes-within.ts'
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
  const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = span
  const ticksOf = (from: number, to: number) =>
    store.ticks(symbol, { since: Math.max(from, since), until: Math.min(to, until) })
  const minutes = refined(minutesWithin(store, symbol, span), options, ticksOf)
  for await (const bars of barsFromSummaries(minutes, { ...options, gaps })) {
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
  const resampler = new Resampler(options, { inOrder: true })
  const leftOut = options.align === 'clock' ? 0 : flagMask(LEFT_OUT.filter((flag) => !options.include?.has(flag)))
  for (const gap of gaps) resampler.addGap(gap)
  const { every } = options
  const condensed = MINUTE % every === 0 ? store.condensed?.(symbol, span, { every, leftOut }) : undefined
  for await (const part of condensed ?? store.columns(symbol, span)) {
    if ('timestamp' in part) resampler.addColumns(symbol, part, leftOut)
    else resampler.addSummaries(part)
    const bars = resampler.take()
    if (bars.length > 0) yield bars
  }
  resampler.end()
  const bars = resampler.take()
  if (bars.length > 0) yield bars
}

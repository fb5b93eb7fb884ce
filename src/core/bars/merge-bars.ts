import { HkqError } from '../errors.ts'
import type { Bar } from '../market/bar.ts'
import type { Batches, Gap } from '../market/event.ts'
import { Sessions } from '../market/session.ts'
import { summaryOfBar } from './bar-of.ts'
import type { BarOptions } from './options.ts'
import { Resampler } from './resampler.ts'

/**
 * Longer bars of bars: a file of one-minute bars, backfilled K-lines, another hkq's output. Of a bar that comes again
 * at once (a provisional one, a revision, a repeated row) the last word counts.
 * @param bars batches of bars, of any number of symbols, each in order of time
 * @param options `every` in ms, and how bars are aligned
 * @returns batches of bars; `mean` and `trades` are null where the given ones do not tell them
 * @throws HkqError E_INPUT when an input bar is longer than the bars asked for and is not one of an auction alone
 */
export async function* mergeBars(bars: Batches<Bar>, options: BarOptions): AsyncGenerator<readonly Bar[]> {
  const { sessions = new Sessions() } = options
  const resampler = new Resampler({ ...options, sessions })
  const newest = new Map<string, Bar>()
  const add = (bar: Bar): void => {
    if (bar.has_gap) resampler.addGap(gapOf(bar))
    resampler.addSummaries([summaryOfBar(bar)])
  }
  for await (const batch of bars) {
    for (const bar of batch) {
      if (bar.end - bar.start > options.every && !isOfAuction(bar, sessions)) throw tooLong(bar)
      const before = newest.get(bar.symbol)
      if (before !== undefined && before.start !== bar.start) add(before)
      newest.set(bar.symbol, bar)
    }
    const merged = resampler.take()
    if (merged.length > 0) yield merged
  }
  for (const bar of newest.values()) add(bar)
  resampler.end()
  const merged = resampler.take()
  if (merged.length > 0) yield merged
}

/** Whether the bar lies within an auction: one that stands apart is as long as the auction, whatever was asked for. */
function isOfAuction({ start, end }: Bar, sessions: Sessions): boolean {
  const phase = sessions.phaseAt(start)
  return (phase === 'opening_auction' || phase === 'closing_auction') && sessions.phaseAt(end - 1) === phase
}

function gapOf({ symbol, start, end }: Bar): Gap {
  return { type: 'gap', source: '', symbol, from: start, to: end - 1, cause: 'vendor', volume: null, filled_by: null }
}

function tooLong({ symbol, start, end }: Bar): HkqError {
  const seconds = `"${(end - start) / 1000} s"`
  return new HkqError('E_INPUT', `the input's bars of "${symbol}" span ${seconds}: ask for bars at least as long`)
}

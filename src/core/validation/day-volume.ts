import type { Batches, Flag, Gap, MarketEvent } from '../market/event.ts'
import { dayNumber } from '../market/time.ts'
import { clean } from '../market/trade.ts'

/**
 * Ticks whose volume is the day's running total, turned into the size of each trade: the difference to the total before,
 * per symbol and Hong Kong day, the first of a day counted from 0. A fall starts anew from 0 and is flagged
 * `suspect_time`: the record is out of its order or the counter began again. What the first total after a gap adds belongs
 * to the gap's `volume` (known when gap and tick arrive together, as they do from a feed), so that tick has volume 0.
 * Turnover becomes last_price * volume.
 */
export async function* differenceDayVolume(events: Batches): AsyncGenerator<readonly MarketEvent[]> {
  const totals = new RunningTotals()
  for await (const batch of events) {
    const out: MarketEvent[] = []
    /** Where the newest gap of each symbol stands in `out`. */
    const gaps = new Map<string, number>()
    for (const event of batch) {
      if (event.type === 'gap') {
        totals.interrupt(event.symbol)
        if (event.symbol !== null) gaps.set(event.symbol, out.length)
      }
      if (event.type !== 'tick' || event.volume === null) {
        out.push(event)
        continue
      }
      const { size, missed, fell } = totals.next(event.symbol, dayNumber(event.timestamp), event.volume)
      const at = gaps.get(event.symbol)
      if (missed > 0 && at !== undefined) out[at] = { ...(out[at] as Gap), volume: missed }
      const value = clean(event.last_price * size)
      const flags: readonly Flag[] = fell ? [...event.flags, 'suspect_time'] : event.flags
      out.push({ ...event, volume: size, value, turnover: value, flags })
    }
    yield out
  }
}

/** The last total of every symbol, and which of them were interrupted since. */
class RunningTotals {
  readonly #last = new Map<string, { day: number; total: number }>()
  readonly #interrupted = new Set<string>()
  #allInterrupted = false

  /** A gap of `symbol`, or of all symbols, those not seen yet included. */
  interrupt(symbol: string | null): void {
    if (symbol !== null) this.#interrupted.add(symbol)
    else {
      this.#allInterrupted = true
      for (const known of this.#last.keys()) this.#interrupted.add(known)
    }
  }

  /** What the new total adds: to this trade, or to what was missed; and whether it fell below the one before. */
  next(symbol: string, day: number, total: number): { size: number; missed: number; fell: boolean } {
    const last = this.#last.get(symbol)
    const interrupted = this.#interrupted.delete(symbol) || (last === undefined && this.#allInterrupted)
    const before = last?.day === day ? last.total : 0
    this.#last.set(symbol, { day, total })
    const fell = total < before
    const added = fell ? total : total - before
    return interrupted ? { size: 0, missed: added, fell } : { size: added, missed: 0, fell }
  }
}

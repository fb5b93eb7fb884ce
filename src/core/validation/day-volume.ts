import type { Batches, Gap, MarketEvent, Tick } from '../market/event.ts'
import { dayNumber } from '../market/time.ts'
import { clean } from '../market/trade.ts'

interface Total {
  day: number
  volume: number
  afterGap: boolean
}

/**
 * Ticks whose volume is the day's running total, turned into the size of each trade: the difference to the total before,
 * per symbol and Hong Kong day, the first of a day counted from 0. A fall starts anew from 0 and is flagged
 * `suspect_time`: the record is out of its order or the counter began again. The first difference after a gap belongs to
 * the gap's `volume`, so the tick that ends it has volume 0. Turnover becomes last_price * volume.
 */
export async function* differenceDayVolume(events: Batches): AsyncGenerator<readonly MarketEvent[]> {
  const totals = new Map<string, Total>()
  for await (const batch of events) {
    const out: MarketEvent[] = []
    let open: { at: number; gap: Gap }[] = []
    for (const event of batch) {
      if (event.type === 'gap') {
        for (const [symbol, total] of totals)
          if (event.symbol === null || event.symbol === symbol) total.afterGap = true
        open.push({ at: out.length, gap: event })
      }
      if (event.type !== 'tick' || event.volume === null) {
        out.push(event)
        continue
      }
      const missed = missedIn(totals, event)
      if (missed !== null) {
        for (const { at, gap } of open) if (gap.symbol === event.symbol) out[at] = { ...gap, volume: missed }
        open = open.filter(({ gap }) => gap.symbol !== event.symbol)
      }
      out.push(difference(totals, event, event.volume))
    }
    yield out
  }
}

/** Shares traded in the gap that this tick ends, null when it ends none or the totals do not tell. */
function missedIn(totals: ReadonlyMap<string, Total>, tick: Tick): number | null {
  const total = totals.get(tick.symbol)
  if (!total?.afterGap || total.day !== dayNumber(tick.timestamp) || tick.volume! < total.volume) return null
  return tick.volume! - total.volume
}

function difference(totals: Map<string, Total>, tick: Tick, running: number): Tick {
  const day = dayNumber(tick.timestamp)
  const before = totals.get(tick.symbol)
  totals.set(tick.symbol, { day, volume: running, afterGap: false })
  if (before?.afterGap) return withVolume(tick, 0)
  if (before === undefined || before.day !== day) return withVolume(tick, running)
  if (running >= before.volume) return withVolume(tick, running - before.volume)
  return { ...withVolume(tick, running), flags: [...tick.flags, 'suspect_time'] }
}

function withVolume(tick: Tick, volume: number): Tick {
  const value = clean(tick.last_price * volume)
  return { ...tick, volume, value, turnover: value }
}

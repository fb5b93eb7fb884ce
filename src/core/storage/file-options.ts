import type { Batches, MarketEvent } from '../market/event.ts'
import type { Sessions } from '../market/session.ts'
import type { Query } from '../pipeline/source.ts'
import { onlySymbols, within } from '../pipeline/take.ts'
import { differenceDayVolume } from '../validation/day-volume.ts'

/** How a file of records is read. */
export interface FileOptions {
  readonly sessions: Sessions
  /** Which events to read; absent: all. */
  readonly query?: Query
  /** `day`: volumes are the day's running total and are differenced. */
  readonly volume?: 'day'
  /** Whether one-minute bars are named by their start or their end; absent: seen from the day. */
  readonly label?: 'start' | 'end'
  /** hkq's field name to the file's, e.g. `timestamp` to `t`. */
  readonly columns?: ReadonlyMap<string, string>
  /** Told of each record among bars that can be none and is left out. */
  readonly onBadBar?: () => void
  /** Ends the reading quietly. */
  readonly signal?: AbortSignal
}

/** The events as the options want them: differenced, chosen, ended by the signal. */
export function asWanted(events: Batches, options: FileOptions): Batches<MarketEvent> {
  const { query = {}, volume, signal } = options
  let wanted: Batches = signal ? untilAborted(events, signal) : events
  if (volume === 'day') wanted = differenceDayVolume(wanted)
  if (query.symbols && query.symbols.length > 0) wanted = onlySymbols(wanted, query.symbols)
  if (query.since !== undefined || query.until !== undefined) wanted = within(wanted, query.since, query.until)
  return wanted
}

async function* untilAborted(events: Batches, signal: AbortSignal): Batches {
  for await (const batch of events) {
    if (signal.aborted) return
    yield batch
  }
}

/**
 * `timestamp:t,last_price:p` as a map from hkq's name to the file's.
 * @returns null when the text is not of that form, or gives two columns for one name
 */
export function parseColumns(text: string): Map<string, string> | null {
  const pairs = text.split(',').map((pair) => /^\s*([a-z_]+)\s*:\s*(.+?)\s*$/i.exec(pair))
  if (pairs.some((pair) => pair === null)) return null
  const columns = new Map(pairs.map((pair) => [pair![1]!.toLowerCase(), pair![2]!]))
  return columns.size === pairs.length ? columns : null
}

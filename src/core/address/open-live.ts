import { Capture } from '../connection/capture.ts'
import { type Feed, type FeedOptions, openFeed } from '../connection/feed.ts'
import { type Line, pooled } from '../connection/pool.ts'
import type { Vendor } from '../connection/vendor.ts'
import type { Inquiry } from '../pipeline/inquiry.ts'
import type { Source } from '../pipeline/source.ts'
import { withEvents } from '../pipeline/with-events.ts'
import type { Settled } from './source-options.ts'

/**
 * A live feed of a vendor, its frames captured where that is asked for; over several connections where one does not carry
 * the symbols.
 * @param vendors the vendor once for each secret the user has of it, the one to use first in front
 * @param inquiry answers what the stream does not tell
 */
export function openLive(vendors: readonly Vendor[], options: Settled, inquiry?: Inquiry): Source {
  const lines = vendors.flatMap((vendor, i) => Array<Line>(vendor.maxConnections).fill({ vendor, token: i + 1 }))
  const how = feedOptions(options, inquiry)
  const feed =
    lines.length === 1
      ? captured(lines[0]!.vendor, options, 0, how)
      : pooled(lines, how, ({ vendor }, { which, ...own }) => captured(vendor, options, which, { ...how, ...own }))
  if (inquiry === undefined) return feed
  return { ...withEvents(feed, (events) => events), inquiry, instruments: () => inquiry.staticInfo(options.symbols) }
}

function feedOptions(options: Settled, inquiry: Inquiry | undefined): FeedOptions {
  const { symbols, sessions, clock, random, signal, depth = 0, maxRetries, checkpoints, onBytes, proxyFor } = options
  return {
    ...{ symbols, sessions, clock, random, signal, depth, maxRetries, inquiry },
    ...(checkpoints && { checkpoints }),
    ...(onBytes && { onBytes }),
    ...(proxyFor && { proxyFor }),
  }
}

/** @param which of the vendor's connections it is, 0 where there is one */
function captured(vendor: Vendor, options: Settled, which: number, how: FeedOptions): Feed {
  if (options.capture === undefined) return openFeed(vendor, how)
  const { dir, id, onFailure } = options.capture
  const capture = new Capture(dir, vendor, { clock: options.clock, id: which === 0 ? id : 100 * id + which, onFailure })
  const feed = openFeed(capture.vendor, how)
  const events = withEvents(feed, async function* (batches) {
    try {
      yield* batches
    } finally {
      capture.close()
    }
  })
  return { ...events, subscribe: (symbols) => feed.subscribe(symbols) }
}

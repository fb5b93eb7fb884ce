import { Capture } from '../connection/capture.ts'
import { openFeed } from '../connection/feed.ts'
import type { Vendor } from '../connection/vendor.ts'
import type { Inquiry } from '../pipeline/inquiry.ts'
import type { Source } from '../pipeline/source.ts'
import { withEvents } from '../pipeline/with-events.ts'
import type { Settled } from './source-options.ts'

/** A live feed of a vendor, its frames captured where that is asked for; `inquiry` answers what its stream does not tell. */
export function openLive(vendor: Vendor, options: Settled, inquiry?: Inquiry): Source {
  const feed = options.capture === undefined ? feedOf(vendor, options, inquiry) : captured(vendor, options, inquiry)
  if (inquiry === undefined) return feed
  return { ...withEvents(feed, (events) => events), inquiry, instruments: () => inquiry.staticInfo(options.symbols) }
}

function feedOf(vendor: Vendor, options: Settled, inquiry: Inquiry | undefined): Source {
  const { symbols, sessions, clock, random, signal, depth = 0, maxRetries, checkpoints, onBytes, proxyFor } = options
  return openFeed(vendor, {
    ...{ symbols, sessions, clock, random, signal, depth, maxRetries, inquiry },
    ...(checkpoints && { checkpoints }),
    ...(onBytes && { onBytes }),
    ...(proxyFor && { proxyFor }),
  })
}

function captured(vendor: Vendor, options: Settled, inquiry: Inquiry | undefined): Source {
  const { dir, ...how } = options.capture!
  const capture = new Capture(dir, vendor, { clock: options.clock, ...how })
  return withEvents(feedOf(capture.vendor, options, inquiry), async function* (events) {
    try {
      yield* events
    } finally {
      capture.close()
    }
  })
}

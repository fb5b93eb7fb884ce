import type { MarketEvent } from '../market/event.ts'
import type { Channel } from '../pipeline/channel.ts'

/**
 * What the loop `running` puts into the channel, for one reader. Leaving takes effect at once, even while `next` is
 * pending, which a generator's own `return` would wait for.
 * @param stop aborted when the reader leaves; the loop ends then
 */
export function untilLeft(
  channel: Channel<MarketEvent>,
  running: Promise<void>,
  stop: AbortController,
): AsyncIterator<readonly MarketEvent[]> {
  const events = channel[Symbol.asyncIterator]()
  return {
    next: () => events.next(),
    return: async () => {
      stop.abort()
      channel.close()
      await running
      return events.return(undefined)
    },
  }
}

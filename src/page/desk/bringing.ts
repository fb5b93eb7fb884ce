import type { FeedState } from '../../core/dashboard/protocol.ts'

/** The feeds that bring prices: not what others come through, but where there is nothing else yet. */
export function bringing(feeds: readonly FeedState[]): readonly FeedState[] {
  const own = feeds.filter(({ carries }) => !carries)
  return own.length > 0 ? own : feeds
}

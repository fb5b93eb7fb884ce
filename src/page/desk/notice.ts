import type { FeedState } from '../../core/dashboard/protocol.ts'
import { clockOn } from '../clock.ts'
import { text } from '../texts/texts.ts'
import { bringing } from './bringing.ts'
import type { Desk } from './desk.ts'

/** Without a frame for so long, what stands on the page is old. */
const SILENT_MS = 3_000

/** What the line over the page says, and whether the prices are old. */
export interface Notice {
  readonly words: string
  /** What is known of why, which may change with each attempt to connect. */
  readonly detail?: string
  readonly kind: 'stale' | 'note'
}

/** What the page knows of its line to the server. */
export interface Line {
  /** Wall clock of the last frame, epoch ms; null before the first. */
  readonly heardAt: number | null
  readonly isOpen: boolean
  /** What the server said no to, or what keeps the page from asking. */
  readonly refusal: string | null
}

/**
 * What has to be said about the age of the prices; null while they are the present.
 * @param wall the wall clock, epoch ms
 */
export function noticeOf(line: Line, desk: Pick<Desk, 'feeds' | 'hello' | 'now'>, wall: number): Notice | null {
  const feeds = bringing(desk.feeds)
  const { heardAt, refusal } = line
  if (heardAt === null) return { words: refusal ?? text('connecting'), kind: 'note' }
  if (!line.isOpen || wall - heardAt > SILENT_MS)
    return { words: text('stale.server', { time: clockOn(heardAt, wall) }), kind: 'stale' }
  if (feeds.length > 0 && feeds.every(({ state }) => state !== 'up')) return feedNotice(feeds, desk)
  return refusal === null ? null : { words: refusal, kind: 'note' }
}

function feedNotice(feeds: readonly FeedState[], { hello, now }: Pick<Desk, 'hello' | 'now'>): Notice | null {
  const words = (key: Parameters<typeof text>[0], { source, since, detail }: FeedState) => {
    return { words: text(key, { source, time: clockOn(since, now) }), ...(detail !== '' && { detail }) }
  }
  const lost = newest(feeds, 'lost')
  if (lost) return { ...words('stale.feed', lost), kind: 'stale' }
  const connecting = feeds.find(({ state }) => state === 'connecting')
  if (connecting) return { ...words('stale.connecting', connecting), kind: 'stale' }
  const waiting = feeds.find(({ state }) => state === 'waiting')
  if (waiting) return { ...words('stale.waiting', waiting), kind: 'note' }
  if (!feeds.every(({ state }) => state === 'ended')) return null
  // What is simulated or recorded has an end; what is live has none but a failure.
  return { ...words('stale.ended', newest(feeds, 'ended')!), kind: hello?.kind === 'live' ? 'stale' : 'note' }
}

/** The one that came into this state last: up to then there were prices. */
function newest(feeds: readonly FeedState[], state: FeedState['state']): FeedState | undefined {
  return feeds.filter((feed) => feed.state === state).sort((a, b) => b.since - a.since)[0]
}

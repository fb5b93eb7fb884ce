import type { FeedState } from '../../core/dashboard/protocol.ts'
import { clock } from '../clock.ts'
import { text } from '../texts/texts.ts'

/** Without a frame for so long, what stands on the page is old. */
const SILENT_MS = 3_000

/** What the line over the page says, and whether the prices are old. */
export interface Notice {
  readonly words: string
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
export function noticeOf(line: Line, feeds: readonly FeedState[], wall: number): Notice | null {
  const { heardAt, refusal } = line
  if (heardAt === null) return { words: refusal ?? text('connecting'), kind: 'note' }
  if (!line.isOpen || wall - heardAt > SILENT_MS)
    return { words: text('stale.server', { time: clock(heardAt) }), kind: 'stale' }
  if (feeds.length > 0 && feeds.every(({ state }) => state !== 'up')) return feedNotice(feeds)
  return refusal === null ? null : { words: refusal, kind: 'note' }
}

function feedNotice(feeds: readonly FeedState[]): Notice | null {
  const lost = feeds.find(({ state }) => state === 'lost')
  if (lost) return { words: text('stale.feed', wordsOf(lost)), kind: 'stale' }
  const connecting = feeds.find(({ state }) => state === 'connecting')
  if (connecting) return { words: text('stale.connecting', wordsOf(connecting)), kind: 'stale' }
  const waiting = feeds.find(({ state }) => state === 'waiting')
  if (waiting) return { words: text('stale.waiting', wordsOf(waiting)), kind: 'note' }
  return feeds.every(({ state }) => state === 'ended') ? { words: text('stale.ended'), kind: 'note' } : null
}

function wordsOf({ source, since, detail }: FeedState): Record<string, string> {
  return { source, time: clock(since), detail }
}

import { expect, it } from 'vitest'
import type { FeedReport } from '../../src/core/pipeline/feed-report.ts'
import { feedLine } from '../../src/core/terminal/summary.ts'

const FEED: FeedReport = {
  ...{ source: 'alltick\u001b[31m', received: 49_830, given: 49_830, lag_p50: 35, lag_p99: 80 },
  ...{ coverage: 0.9904, missed: 480, gaps: 2, reconnects: 1, price_disagreements: 0, largest_disagreement: null },
}

it('a feed is one line of what is known of it, without what is not and without escapes', () => {
  expect(feedLine(FEED)).toMatch(
    /^alltick.*: 49,830 received, 49,830 given, lag 35 ms p50, 80 ms p99, coverage 99\.0%, missed 480, gaps 2, reconnects 1$/,
  )
  expect(feedLine(FEED)).not.toContain('\u001b')
  const other = {
    ...FEED,
    lag_p50: null,
    lag_p99: null,
    coverage: null,
    price_disagreements: 3,
    largest_disagreement: 0.6,
  }
  expect(feedLine(other)).toMatch(/given, gaps 2, reconnects 1, prices apart in 3 minutes, by 0\.600 at most$/)
})

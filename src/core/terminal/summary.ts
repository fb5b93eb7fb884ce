import type { FeedReport } from '../pipeline/feed-report.ts'
import { bytes, count, finePrice, milliseconds, percent } from './figures.ts'
import type { Palette } from './palette.ts'
import type { RunSummary } from './records.ts'
import { sanitise } from './sanitise.ts'

/** What a run did, as a block of lines: counts first, what was doubtful by reason, then the line itself. */
export function renderSummary(summary: RunSummary, palette: Palette): string {
  const rejected = total(summary.rejected)
  const flagged = total(summary.flagged)
  const rows: [string, string, boolean][] = [
    ['received', count(summary.received), false],
    ['stored', count(summary.stored), false],
    ['duplicates', count(summary.duplicates), false],
    ['rejected', count(rejected) + byReason(summary.rejected), rejected > 0],
    ['flagged', count(flagged) + byReason(summary.flagged), flagged > 0],
    ['gaps', count(summary.gaps), summary.gaps > 0],
    ['reconnects', count(summary.reconnects), summary.reconnects > 0],
    ['latency', percentiles(summary.latency_p50, summary.latency_p99), false],
    ['commit', percentiles(summary.commit_p50, summary.commit_p99), false],
    ['durability', summary.durability ?? '', false],
    ['bytes', summary.bytes > 0 ? bytes(summary.bytes) : '', false],
  ]
  const shown = rows.filter(([, text]) => text !== '')
  const figures = shown.map(([name, text, notable]) => {
    return `  ${palette.faint(name.padEnd(10))}  ${notable ? palette.warning(text) : text}`
  })
  const feeds = summary.feeds?.map((feed) => `  ${palette.faint('feed'.padEnd(10))}  ${feedLine(feed)}`) ?? []
  return [palette.heading(`summary of ${sanitise(summary.source)}`), ...figures, ...feeds].join('\n')
}

/** What one of two feeds side by side was worth: `alltick: 49,830 received, 49,830 given, lag 35 ms p50, 80 ms p99, ...`. */
export function feedLine(feed: FeedReport): string {
  const { lag_p50, lag_p99, coverage, missed, price_disagreements, largest_disagreement } = feed
  const parts = [
    `${count(feed.received)} received`,
    `${count(feed.given)} given`,
    ...(lag_p50 === null ? [] : [`lag ${lag_p50} ms p50, ${lag_p99} ms p99`]),
    ...(coverage === null ? [] : [`coverage ${percent(coverage)}`, `missed ${count(missed)}`]),
    `gaps ${count(feed.gaps)}`,
    `reconnects ${count(feed.reconnects)}`,
    ...(price_disagreements > 0
      ? [`prices apart in ${count(price_disagreements)} minutes, by ${finePrice(largest_disagreement)} at most`]
      : []),
  ]
  return `${sanitise(feed.source)}: ${parts.join(', ')}`
}

function total(counts: RunSummary['flagged']): number {
  return entries(counts).reduce((sum, [, value]) => sum + value, 0)
}

function byReason(counts: RunSummary['flagged']): string {
  const parts = entries(counts).sort(([, a], [, b]) => b - a)
  return parts.length === 0 ? '' : ` (${parts.map(([reason, value]) => `${reason} ${count(value)}`).join(', ')})`
}

function entries(counts: RunSummary['flagged']): [string, number][] {
  return Object.entries(counts).flatMap(([reason, value]) =>
    value ? [[reason, value] satisfies [string, number]] : [],
  )
}

function percentiles(p50: number | null, p99: number | null): string {
  return p50 === null ? '' : `${milliseconds(p50)} p50, ${milliseconds(p99)} p99`
}

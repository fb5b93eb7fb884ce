import type { Writable } from 'node:stream'
import { amount, count } from './figures.ts'
import { truncate } from './width.ts'

/** How far a long job is. `total` null where it is not known. */
export interface Progress {
  readonly done: number
  readonly total: number | null
  readonly elapsedMs: number
  /** What is counted, e.g. `ticks`. */
  readonly unit: string
}

/** One line: `██████░░░░  62%  31,000 ticks  12.4K/s  2s left`, cut to `width` cells. */
export function renderProgress({ done, total, elapsedMs, unit }: Progress, width: number): string {
  const perSecond = elapsedMs > 0 ? (done / elapsedMs) * 1_000 : 0
  const parts = [`${count(done)} ${unit}`, `${amount(Math.round(perSecond))}/s`]
  if (total !== null && total > 0) {
    const share = Math.min(1, done / total)
    const filled = Math.floor(share * 20)
    parts.unshift(`${'█'.repeat(filled)}${'░'.repeat(20 - filled)}`, `${String(Math.floor(share * 100)).padStart(3)}%`)
    if (perSecond > 0 && share < 1) parts.push(`${Math.ceil((total - done) / perSecond)}s left`)
  }
  return truncate(parts.join('  '), width)
}

/** A turning sign with a text, for someone who waits. */
export interface Spinner {
  update(text: string): void
  /** Removes the line. */
  stop(): void
}

const SILENT: Spinner = { update: () => {}, stop: () => {} }

/**
 * Starts a spinner on `stream` (stderr), or nothing at all where nobody watches: a piped stream sees not one byte.
 */
export async function startSpinner(text: string, stream: Writable, isTTY: boolean): Promise<Spinner> {
  if (!isTTY) return SILENT
  const { default: ora } = await import('ora')
  const spinner = ora({ text, stream: stream as NodeJS.WriteStream, isEnabled: true, discardStdin: false }).start()
  return {
    update: (next) => {
      spinner.text = next
    },
    stop: () => {
      spinner.stop()
    },
  }
}

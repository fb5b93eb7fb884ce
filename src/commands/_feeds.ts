import { MINUTE } from '../core/market/time.ts'
import type { Source } from '../core/pipeline/source.ts'
import { feedLine } from '../core/terminal/summary.ts'
import { type Io, say } from './_io.ts'
import type { CommonOptions } from './_options.ts'

/** With `-v`, what each of two feeds side by side was worth so far, every minute until `signal` aborts. */
export async function tellFeeds({ feeds }: Source, options: CommonOptions, signal: AbortSignal, io: Io): Promise<void> {
  if (feeds === undefined || !options.verbose || options.quiet) return
  for (;;) {
    await io.clock.sleep(MINUTE, signal)
    if (signal.aborted) return
    for (const feed of feeds()) say(io, feedLine(feed))
  }
}

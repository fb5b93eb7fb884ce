import type { Clock } from '../clock.ts'
import type { Sink, Trouble } from '../pipeline/source.ts'

/** A write that lasts longer has stalled, ms. */
const LONG = 5_000

/**
 * A sink that somebody else takes from, as a pipe: where it takes nothing, all that is recorded waits for it, which is told, as
 * is its end.
 * @param name what people call it
 */
export function tellingStalls(
  sink: Sink,
  { name, clock, tell }: { name: string; clock: Clock; tell: (line: string) => void },
): Sink {
  let trouble: Trouble | null = null
  const watch = async (ended: AbortSignal): Promise<void> => {
    const since = clock.now()
    await clock.sleep(LONG, ended)
    if (ended.aborted) return
    trouble = { kind: 'paused', detail: `${name} has taken nothing for ${LONG / 1_000} s`, since }
    tell(`${trouble.detail}: nothing is stored until it does`)
  }
  return {
    async write(batch) {
      const [began, ended] = [clock.monotonic(), new AbortController()]
      void watch(ended.signal)
      try {
        return await sink.write(batch)
      } finally {
        ended.abort()
        if (trouble !== null) tell(`${name} stood still for ${Math.round((clock.monotonic() - began) / 1_000)} s`)
        trouble = null
      }
    },
    condition: () => {
      const { trouble: own = null, waiting = 0 } = sink.condition?.() ?? {}
      return { trouble: trouble ?? own, waiting }
    },
    close: () => sink.close(),
  }
}

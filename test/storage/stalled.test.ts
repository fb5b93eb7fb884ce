import { describe, expect, it } from 'vitest'
import type { Sink, Written } from '../../src/core/pipeline/source.ts'
import { tellingStalls } from '../../src/core/storage/stalled.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { at, tick } from './sample.ts'

/** A sink that takes each write when it is told to, or fails it. */
function held() {
  const clock = new ManualClock(at('10:00:00.000'))
  const lines: string[] = []
  let settle: { take: (written: Written) => void; fail: (error: Error) => void }
  const sink: Sink = {
    write: () =>
      new Promise((take, fail) => {
        settle = { take, fail }
      }),
    close: async () => {},
  }
  const watched = tellingStalls(sink, { name: 'standard output', clock, tell: (line) => lines.push(line) })
  return {
    clock,
    lines,
    sink: watched,
    take: () => settle.take({ stored: 1, duplicates: 0 }),
    fail: () => settle.fail(new Error('EIO')),
  }
}

describe('a sink that somebody takes from', () => {
  it('says nothing while it is taken from', async () => {
    const { clock, lines, sink, take } = held()
    for (let i = 0; i < 10; i++) {
      const written = sink.write([tick()])
      await clock.advance(4_000)
      take()
      expect(await written).toEqual({ stored: 1, duplicates: 0 })
    }
    await clock.advance(60_000)
    expect(lines).toEqual([])
    expect(sink.condition!()).toEqual({ trouble: null, waiting: 0 })
  })

  it('that stands still says so after five seconds, and how long it was', async () => {
    const { clock, lines, sink, take } = held()
    const written = sink.write([tick()])
    await clock.advance(5_000)
    const detail = 'standard output has taken nothing for 5 s'
    expect(lines).toEqual([`${detail}: nothing is stored until it does`])
    expect(sink.condition!().trouble).toEqual({ kind: 'paused', detail, since: at('10:00:00.000') })
    await clock.advance(37_000)
    take()
    await written
    expect(lines.slice(1)).toEqual(['standard output stood still for 42 s'])
    expect(sink.condition!().trouble).toBeNull()
  })

  it('that fails after it stood still fails the write', async () => {
    const { clock, lines, sink, fail } = held()
    const written = sink.write([tick()])
    await clock.advance(6_000)
    fail()
    await expect(written).rejects.toThrow('EIO')
    expect(lines).toHaveLength(2)
    expect(sink.condition!().trouble).toBeNull()
  })
})

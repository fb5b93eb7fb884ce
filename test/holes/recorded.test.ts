import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import type { Gap, MarketEvent } from '../../src/core/market/event.ts'
import { startRecording } from '../../src/core/recorder.ts'
import { createValidator } from '../../src/core/validation/validator.ts'
import { hole, sessions } from './held.ts'

/** Records these events; `filled` is told of what a commit made safe, as a filling beside it would be. */
async function holesAfter(events: readonly MarketEvent[], filled: (gaps: readonly Gap[]) => readonly Gap[]) {
  const recording = startRecording({
    source: {
      ...{ name: 'alltick', kind: 'recorded', clock: systemClock },
      async *[Symbol.asyncIterator]() {
        yield events
      },
    },
    validator: createValidator({ sessions }),
    sink: { write: async () => ({ stored: 0, duplicates: 0 }), close: async () => {} },
    ...{ symbols: ['00700.HK'], quotes: false, sessions, clock: systemClock, durability: null },
    onCommit: (committed) => {
      for (const gap of filled(committed.filter((event) => event.type === 'gap'))) recording.filled(gap)
    },
  })
  await recording.done
  return recording.tally.holes
}

describe('the holes that a recording ends with', () => {
  const gaps = [hole('2026-11-20T10:00', '2026-11-20T10:05'), hole('2026-11-20T11:00', '2026-11-20T11:05')]

  it('are its unfilled gaps in which something is traded', async () => {
    const none = [
      hole('2026-11-20T12:10', '2026-11-20T12:20'),
      hole('2026-11-20T14:00', '2026-11-20T14:05', { filled_by: 'second feed' }),
    ]
    expect(await holesAfter([...gaps, ...none], () => [])).toBe(2)
  })

  it('are fewer by each that was filled meanwhile, once, and not by those of earlier runs', async () => {
    expect(await holesAfter(gaps, (committed) => [committed[0]!, committed[0]!])).toBe(1)
    expect(await holesAfter(gaps, (committed) => committed)).toBe(0)
    expect(await holesAfter(gaps, () => [hole('2026-11-19T10:00', '2026-11-19T10:05')])).toBe(2)
  })
})

import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { Io } from '../../src/commands/_io.ts'
import { untilEnd, waitForOpening } from '../../src/commands/_schedule.ts'
import type { Setup } from '../../src/commands/_setup.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { HOUR, MINUTE, parseTime } from '../../src/core/market/time.ts'
import { withClock } from '../../src/core/pipeline/with-clock.ts'
import { ManualClock, turn } from '../support/manual-clock.ts'

const setup = { sessions: new Sessions() } as Setup
const at = parseTime

/** A wait for the opening that began at `now`, and whether it is over. */
function waiting(now: string) {
  const clock = new ManualClock(at(now))
  const io = { clock, interrupted: new AbortController().signal, stderr: new PassThrough() } as unknown as Io
  const state = { isOver: false }
  void waitForOpening(setup, { quiet: true } as never, () => {}, io).then(() => {
    state.isOver = true
  })
  return { clock, state }
}

/** A live recording until the close that began at `now`; its signal. */
function recording(now: string) {
  const clock = new ManualClock(at(now))
  const ended = new AbortController()
  const source = { name: 'fake', kind: 'live', clock } as never
  untilEnd(source, { until: 'close' } as never, setup, ended)
  return { clock, signal: ended.signal }
}

describe('--wait-open', () => {
  it('ends at the opening, to the millisecond', async () => {
    const { clock, state } = waiting('2026-11-23T07:00')
    await clock.advance(2 * HOUR - 1)
    expect(state.isOver).toBe(false)
    await clock.advance(1)
    expect(state.isOver).toBe(true)
  })

  it.each([
    ['a machine that slept over it', 3 * HOUR, 1_000],
    ['a clock that is set forward', 2 * HOUR, 1_000],
    ['a clock that is set back', -HOUR, 3 * HOUR],
  ])('ends within a second of the wall time with %s', async (_, jump, left) => {
    const { clock, state } = waiting('2026-11-23T07:00')
    await clock.advance(500)
    clock.jump(jump - 500)
    await clock.advance(left - 1_000)
    await turn()
    expect(state.isOver).toBe(false)
    await clock.advance(1_000)
    expect(state.isOver).toBe(true)
  })
})

describe('--until close', () => {
  it.each([
    ['a machine that slept over it', 9 * HOUR, 1_000],
    ['a clock that is set back', -HOUR, 7.25 * HOUR],
  ])('ends within a second of the wall time with %s', async (_, jump, left) => {
    const { clock, signal } = recording('2026-11-23T10:00')
    clock.jump(jump)
    await clock.advance(left - 1_000)
    expect(signal.aborted).toBe(false)
    await clock.advance(1_000)
    expect(signal.aborted).toBe(true)
  })
})

describe('what falls due by the clock', () => {
  it('is done within 10 s after the machine slept over it', async () => {
    const clock = new ManualClock(at('2026-11-23T10:00'))
    const due = clock.now() + HOUR
    const done: number[] = []
    const silent = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }
    void (async () => {
      for await (const _ of withClock(silent, clock, () => due))
        if (clock.now() >= due) return void done.push(clock.now())
    })()
    await clock.advance(MINUTE)
    clock.jump(2 * HOUR)
    expect(done).toEqual([])
    await clock.advance(10_000)
    expect(done).toHaveLength(1)
  })
})

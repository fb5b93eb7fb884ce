import { describe, expect, it, onTestFinished } from 'vitest'
import type { Tick } from '../../src/core/market/event.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { parseTime } from '../../src/core/market/time.ts'
import { RecorderWatch, type StoreSize, type Watched } from '../../src/core/monitor/recorder-watch.ts'
import type { Condition, LineState } from '../../src/core/pipeline/source.ts'
import { Histogram } from '../../src/core/statistics/histogram.ts'
import { tick } from '../storage/sample.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { MINUTE, QUIET_MACHINE, SECOND } from './facts.ts'

/** A recording that does what a test says, watched on a clock of its own. */
async function watching(start: string, more: Partial<Watched> = {}) {
  const clock = new ManualClock(parseTime(start))
  const recording = {
    ...{ received: 0, stored: 0, duplicates: 0, gaps: 0, holes: 0, reconnects: 0, bytes: 0 },
    rejected: {} as Record<string, number>,
    flagged: {} as Record<string, number>,
    ...{ latency: new Histogram(), commit: new Histogram(), waitingSince: null as number | null },
    lines: [{ source: 'alltick', state: 'up', since: clock.now(), detail: null }] as LineState[],
    sinks: [{ trouble: null, waiting: 0 }] as Condition[],
    size: { store: 1_000, log: 10, logLimit: 100 } as StoreSize | null,
    last: [] as Tick[],
    cpu: 0,
    loopDelays: new Histogram(),
  }
  const watched: Watched = {
    ...{ pid: 42, store: 'sqlite:hk.db', symbols: ['00700.HK', 'HSI'], gapsBefore: 2, clock },
    source: { name: 'alltick', kind: 'live', clock, lines: () => recording.lines },
    sessions: new Sessions(),
    machine: { loopDelays: recording.loopDelays, sample: async () => ({ ...QUIET_MACHINE, timestamp: clock.now() }) },
    vitals: () => recording,
    last: () => recording.last,
    sinks: () => recording.sinks,
    size: () => recording.size,
    skew: () => 0,
    usage: () => ({ cpu: recording.cpu, memory: 9e7 }),
    ...more,
  }
  const watch = await RecorderWatch.open(watched)
  const over = new AbortController()
  onTestFinished(() => over.abort())
  void watch.run(over.signal)
  return { clock, recording, watch }
}

describe('a watched recorder', () => {
  it('tells what it counted, where from and into, and since when', async () => {
    const { clock, recording, watch } = await watching('2026-11-20T10:00')
    Object.assign(recording, {
      received: 600,
      stored: 590,
      duplicates: 10,
      bytes: 5e4,
      rejected: { price: 1 },
      cpu: 500,
    })
    await clock.advance(10 * SECOND)
    expect(watch.record()).toMatchObject({
      ...{
        type: 'health',
        state: 'degraded',
        reasons: ['rejected'],
        pid: 42,
        source: 'alltick',
        store: 'sqlite:hk.db',
      },
      ...{ timestamp: parseTime('2026-11-20T10:00:10'), start: parseTime('2026-11-20T10:00') },
      ...{ received: 600, stored: 590, duplicates: 10, rejected: { price: 1 }, flagged: {}, bytes: 5e4 },
      ...{ store_bytes: 1_000, wal_bytes: 10, waiting_bytes: 0, process_cpu: 0.05, process_memory: 9e7 },
      ...{ cpu: 0.1, memory_used: 1e9, network_in: 5_000 },
    })
  })

  it('tells figures of the last minute, not of its whole run', async () => {
    const { clock, recording, watch } = await watching('2026-11-20T10:00')
    for (let i = 0; i < 1_000; i++) recording.commit.add(900)
    recording.received = 90_000
    await clock.advance(5 * MINUTE)
    for (let i = 0; i < 100; i++) recording.commit.add(2)
    recording.received += 120
    await clock.advance(MINUTE)
    const { ticks_per_second, commit_p50, commit_p99, queue_seconds, latency_p50 } = watch.record()
    expect(ticks_per_second).toBeCloseTo(2, 1)
    for (const ms of [commit_p50!, commit_p99!, queue_seconds! * 1_000]) expect(Math.abs(ms - 2)).toBeLessThan(0.2)
    expect(latency_p50).toBeNull()
  })

  it('is late by what 99 of 100 looks of the last minute did not exceed: one long pause is none', async () => {
    const { clock, recording, watch } = await watching('2026-11-20T10:00')
    recording.received = 1
    recording.loopDelays.add(900)
    expect(watch.record(), 'it has just begun').toMatchObject({ state: 'ok', loop_delay_p99: null })
    for (let i = 0; i < 200; i++) recording.loopDelays.add(i === 7 ? 3_000 : 2)
    await clock.advance(20 * SECOND)
    expect(watch.record().loop_delay_p99).toBeLessThan(3)
    expect(watch.record().state).toBe('ok')
    for (let i = 0; i < 10; i++) recording.loopDelays.add(700)
    expect(watch.record()).toMatchObject({ state: 'degraded', reasons: ['event_loop'] })
  })

  it('counts what still waits for its commit into the queue, and says that the store is slow, then that it fails', async () => {
    const { clock, recording, watch } = await watching('2026-11-20T10:00')
    recording.waitingSince = clock.now()
    await clock.advance(7 * SECOND)
    expect(watch.record()).toMatchObject({ queue_seconds: 7, state: 'degraded', reasons: ['store_slow'] })
    await clock.advance(23 * SECOND)
    expect(watch.record()).toMatchObject({ queue_seconds: 30, state: 'failing', reasons: ['store_slow'] })
  })

  it('tells since when it is in its state, and why in words', async () => {
    const { clock, recording, watch } = await watching('2026-11-20T10:00')
    await clock.advance(31 * SECOND)
    recording.received++
    await clock.advance(30 * SECOND)
    recording.lines = [{ source: 'alltick', state: 'lost', since: clock.now(), detail: 'reset' }]
    await clock.advance(20 * SECOND)
    const lost = watch.record()
    expect(lost).toMatchObject({ state: 'degraded', since: parseTime('2026-11-20T10:01:05') })
    expect(lost.detail).toBe('alltick lost for 20 s: reset')
    await clock.advance(MINUTE)
    expect(watch.record()).toMatchObject({ state: 'failing', since: parseTime('2026-11-20T10:01:35') })
    recording.lines = [{ source: 'alltick', state: 'up', since: clock.now(), detail: null }]
    recording.received++
    await clock.advance(5 * SECOND)
    expect(watch.record()).toMatchObject({ state: 'ok', reasons: [], detail: null })
  })

  it('finds a feed mute in a session, and leaves it alone at lunch', async () => {
    const { clock, recording, watch } = await watching('2026-11-20T11:57')
    recording.received = 10
    await clock.advance(2 * MINUTE)
    expect(watch.record()).toMatchObject({ state: 'degraded', reasons: ['silent'] })
    await clock.advance(2 * MINUTE)
    expect(watch.record()).toMatchObject({ state: 'closed', reasons: [] })
    await clock.advance(59 * MINUTE + 30 * SECOND)
    expect(watch.record(), 'the afternoon has just begun').toMatchObject({ state: 'ok' })
    await clock.advance(5 * MINUTE)
    expect(watch.record()).toMatchObject({ state: 'failing', reasons: ['silent'] })
  })

  it('counts the gaps of a day in Hong Kong, those that were there before it began too', async () => {
    const { clock, recording, watch } = await watching('2026-11-20T23:00')
    recording.gaps = 3
    expect(watch.record()).toMatchObject({ gaps: 3, gaps_today: 5 })
    await clock.advance(2 * 60 * MINUTE)
    expect(watch.record()).toMatchObject({ gaps: 3, gaps_today: 0 })
    recording.gaps = 4
    expect(watch.record()).toMatchObject({ gaps: 4, gaps_today: 1 })
  })

  it('tells how long ago each of its symbols was heard, the longest first, those of others not at all', async () => {
    const { clock, recording, watch } = await watching('2026-11-20T10:00', { symbols: ['00005.HK', '00700.HK', 'HSI'] })
    const heard = (symbol: string, ago: number) => tick({ symbol, received_at: clock.now() - ago })
    recording.last = [heard('00700.HK', 300), heard('HSI', 2_000), heard('09988.HK', 9_000)]
    expect(watch.record().symbols).toEqual([
      { symbol: 'HSI', age: 2 },
      { symbol: '00700.HK', age: 0.3 },
      { symbol: '00005.HK', age: null },
    ])
  })

  it('that names no symbols tells of all that came', async () => {
    const { clock, recording, watch } = await watching('2026-11-20T10:00', { symbols: [] })
    recording.last = [tick({ symbol: '09988.HK', received_at: clock.now() })]
    expect(watch.record().symbols).toEqual([{ symbol: '09988.HK', age: 0 }])
  })

  it('of a market of the past takes ages by that market', async () => {
    const past = new ManualClock(parseTime('2026-11-19T10:00'))
    const source = { name: 'sim', kind: 'simulated', clock: past } as const
    const { recording, watch } = await watching('2026-11-20T22:00', { source })
    recording.last = [tick({ symbol: 'HSI', timestamp: past.now() - 4_000, received_at: null })]
    expect(watch.record()).toMatchObject({ state: 'ok', symbols: [{ symbol: 'HSI', age: 4 }, { age: null }] })
  })
})

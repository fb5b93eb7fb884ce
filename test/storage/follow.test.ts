import { getEventListeners } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { resample } from '../../src/core/bars/resample.ts'
import type { Bar } from '../../src/core/market/bar.ts'
import type { Tick } from '../../src/core/market/event.ts'
import { MINUTE } from '../../src/core/market/time.ts'
import { follow } from '../../src/core/storage/follow.ts'
import { Present } from '../../src/core/storage/present.ts'
import { openSqlite } from '../../src/core/storage/sqlite.ts'
import type { Store } from '../../src/core/storage/store.ts'
import { ManualClock, until } from '../support/manual-clock.ts'
import { at, tick } from './sample.ts'

let folder: string
let writer: Store
let reader: Store

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hkq-follow-'))
  writer = await openSqlite(join(folder, 'a.db'), { mode: 'record' })
  reader = await openSqlite(join(folder, 'a.db'), { mode: 'read' })
})

afterEach(async () => {
  await Promise.all([writer.close(), reader.close()])
  rmSync(folder, { recursive: true })
})

/** A trade that came live, `delay` ms after it happened. */
const live = (time: string, seq: number, price = 612.5, delay = 50): Tick =>
  tick({ timestamp: at(time), seq, last_price: price, received_at: at(time) + delay })

describe('following a store', () => {
  it('gives what is there, then what is added, each event once, late ones of the last minute too', async () => {
    const clock = new ManualClock(at('10:05:00.000'))
    const stop = new AbortController()
    await writer.write([live('09:40:00.000', 1), live('10:04:50.000', 2), live('10:04:58.000', 3)])
    const seen: (number | bigint)[] = []
    const following = (async () => {
      for await (const batch of follow(reader, {}, clock, stop.signal)) {
        for (const event of batch) if (event.type === 'tick') seen.push(event.seq)
      }
    })()
    await until(() => seen.length === 3)
    await writer.write([live('10:05:00.000', 5), live('10:04:55.000', 4)])
    await clock.advance(300)
    await until(() => seen.length === 5)
    await clock.advance(1_000)
    stop.abort()
    await following
    expect(seen.toSorted()).toEqual([1, 2, 3, 4, 5])
  })
})

describe('a tick that claims to be of the future', () => {
  it.each([
    ['two hours', at('12:00:00.000')],
    ['many years', at('10:00:00.000') * 2],
  ])('by %s is given, and stops nothing', async (_, timestamp) => {
    const clock = new ManualClock(at('10:05:00.000'))
    const stop = new AbortController()
    const astray = { ...live('10:04:00.000', 9), timestamp, flags: ['suspect_time'] as const }
    await writer.write([live('10:04:50.000', 1), astray])
    expect(await writer.checkpoints()).toMatchObject([{ timestamp: at('10:04:50.000') }])
    const seen: (number | bigint)[] = []
    const present = new Present(clock, false)
    const following = (async () => {
      for await (const batch of present.of(follow(reader, {}, clock, stop.signal)))
        for (const event of batch) if (event.type === 'tick') seen.push(event.seq)
    })()
    await until(() => seen.length === 2)
    await writer.write([live('10:05:00.000', 2)])
    await clock.advance(300)
    await until(() => seen.length === 3)
    expect(present.now()).toBe(clock.now())
    stop.abort()
    await clock.advance(250)
    await following
  })
})

describe('the present of a followed store', () => {
  it('leaves nothing behind when a sleep ends', async () => {
    const wall = new ManualClock()
    const present = new Present(wall, true)
    const stop = new AbortController()
    const asleep = present.sleep(1_000, stop.signal)
    present.caughtUp()
    await asleep
    expect(getEventListeners(stop.signal, 'abort')).toEqual([])
    expect(wall.sleeping).toEqual([])
    const cut = present.sleep(1_000, stop.signal)
    stop.abort()
    await cut
    expect(wall.sleeping).toEqual([])
  })

  async function bars(
    recorded: readonly Tick[],
    added: readonly Tick[],
    clock: ManualClock,
    enough: number,
  ): Promise<Bar[]> {
    const stop = new AbortController()
    await writer.write(recorded)
    const present = new Present(clock, true)
    const events = follow(reader, {}, clock, stop.signal, () => present.caughtUp())
    const out: Bar[] = []
    const running = (async () => {
      for await (const batch of resample(present.of(events), { every: MINUTE, clock: present })) out.push(...batch)
    })()
    await until(() => clock.sleeping.length > 0)
    await writer.write(added)
    for (let i = 0; i < 40 && out.length < enough; i++) await clock.advance(250)
    stop.abort()
    await clock.advance(250)
    await running
    return out
  }

  it('is event time while history is read: its bars come once, as in batch', async () => {
    const history = Array.from({ length: 300 }, (_, i) => live('09:40:00.000', i, 600 + (i % 7)))
    const spread = history.map((one, i) => ({
      ...one,
      timestamp: one.timestamp + i * 1_000,
      received_at: one.received_at! + i * 1_000,
    }))
    const out = await bars(spread, [], new ManualClock(at('10:30:00.000')), 5)
    expect(out.map(({ trades, final, revision }) => [trades, final, revision])).toEqual(
      Array.from({ length: 5 }, () => [60, true, undefined]),
    )
  })

  it('is the wall clock once ticks come live: a quiet stock’s bar is final seconds after its end', async () => {
    const clock = new ManualClock(at('10:00:58.000'))
    const out = await bars([live('10:00:57.000', 1)], [], clock, 1)
    expect(out).toMatchObject([{ start: at('10:00:00.000'), trades: 1, final: true }])
    expect(clock.now() - at('10:01:00.000')).toBeLessThanOrEqual(3_000)
  })

  it('is not told by a trade that comes minutes late', async () => {
    const clock = new ManualClock(at('10:05:00.000'))
    const present = new Present(clock, false)
    const events = [live('10:04:59.000', 1), live('10:01:00.000', 2, 612.5, 240_000)]
    for await (const _ of present.of(
      (async function* () {
        yield events
      })(),
    )) {
      expect(present.now()).toBe(clock.now())
    }
  })

  it('stays event time for a replay of another day: no bar is closed by today’s clock', async () => {
    const clock = new ManualClock(at('10:00:00.000') + 3 * 86_400_000)
    const replayed = (time: string, seq: number): Tick => tick({ timestamp: at(time), seq, received_at: null })
    const out = await bars(
      [replayed('10:00:01.000', 1)],
      [replayed('10:00:30.000', 2), replayed('10:01:30.000', 3)],
      clock,
      2,
    )
    expect(out[0]).toMatchObject({ trades: 2, final: true })
    expect(out[0]!.revision).toBeUndefined()
  })
})

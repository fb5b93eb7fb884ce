import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Gap, MarketEvent, Tick } from '../../src/core/market/event.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { formatClock } from '../../src/core/market/time.ts'
import { begun } from '../../src/core/pipeline/begun.ts'
import { Channel } from '../../src/core/pipeline/channel.ts'
import { openSqlite } from '../../src/core/storage/sqlite.ts'
import type { Store } from '../../src/core/storage/store.ts'
import { joined } from '../../src/core/warm-up/joined.ts'
import { workdir } from '../e2e/hkq.ts'
import { at, gap, tick } from '../storage/sample.ts'
import { turn, until } from '../support/manual-clock.ts'

const SYMBOL = '00700.HK'
let path: string
let recorder: Store
let channel: Channel<MarketEvent>
let given: MarketEvent[]

beforeEach(async () => {
  path = join(workdir(), 'a.db')
  recorder = await openSqlite(path, { mode: 'record' })
  channel = new Channel()
  given = []
})

const live = (time: string, seq: number, symbol = SYMBOL): Tick =>
  tick({ symbol, timestamp: at(time), seq, received_at: at(time) + 50 })
const up = (time: string): MarketEvent => ({
  ...{ type: 'status', source: 'alltick', symbol: null, state: 'up', timestamp: at(time), detail: '' },
})
const covered = (time: string, ...symbols: string[]): MarketEvent => ({
  ...{ type: 'coverage', source: 'alltick', symbol: null, symbols, timestamp: at(time) },
})
const seqs = () => given.flatMap((event) => (event.type === 'tick' ? [event.seq] : []))
const holes = () =>
  given
    .filter((event): event is Gap => event.type === 'gap')
    .map(({ symbol, cause, from, to }) => [symbol, cause, formatClock(from), formatClock(to)])

/** Warms up from the store and collects until `stop` is called. */
async function begin(now: string, since = Number.NEGATIVE_INFINITY) {
  let caughtUp = false
  const events = joined({
    ...{ store: await openSqlite(path, { mode: 'read' }), source: 'alltick', live: begun(channel) },
    ...{ symbols: [SYMBOL, 'HSI'], since, sessions: new Sessions(), now: () => at(now) },
    onCaughtUp: () => {
      caughtUp = true
    },
  })
  const done = (async () => {
    for await (const batch of events) given.push(...batch)
  })()
  await until(() => caughtUp)
  return async () => {
    channel.close()
    await done
    await recorder.close()
  }
}

describe('a live source after its history', () => {
  it('counts what store and feed both have once, and reads what the recorder stored while the feed connected', async () => {
    await recorder.write([live('10:00:00', 1), live('10:04:00', 2)])
    const stop = await begin('10:04:05')
    await recorder.write([live('10:04:06', 3), live('10:04:07', 4)])
    channel.pushAll([up('10:04:06'), live('10:04:00', 2), live('10:04:07', 4), live('10:04:08', 5)])
    await until(() => seqs().length >= 5)
    await stop()
    expect(seqs().toSorted()).toEqual([1, 2, 3, 4, 5])
    expect(holes()).toEqual([])
  })

  it('has the hole between them as a gap before the first live trade, in place of the late start the feed saw', async () => {
    await recorder.write([live('10:00:00', 1), live('10:02:00', 2, 'HSI')])
    const stop = await begin('10:10:00')
    channel.pushAll([
      up('10:10:01'),
      gap({ cause: 'late_start', from: at('09:20:00'), to: at('10:10:05') }),
      live('10:10:05', 3),
    ])
    await until(() => seqs().length === 3)
    channel.pushAll([live('10:15:00', 4, 'HSI')])
    await stop()
    expect(holes()).toEqual([
      [SYMBOL, 'restart', '10:00:00', '10:10:05'],
      ['HSI', 'restart', '10:02:00', '10:15:00'],
    ])
    expect(given.findIndex(({ type }) => type === 'gap')).toBe(
      given.findIndex((event) => event.type === 'tick' && event.seq === 3) - 1,
    )
  })

  it('counts once what a relay gives again of the minutes before', async () => {
    await recorder.write([live('09:55:00', 1), live('09:57:00', 2), live('10:00:00', 3)])
    const stop = await begin('10:00:05')
    channel.pushAll([
      up('10:00:06'),
      live('09:55:00', 1),
      live('09:57:00', 2),
      live('10:00:00', 3),
      live('10:00:07', 4),
    ])
    await until(() => seqs().includes(4))
    await stop()
    expect(seqs()).toEqual([1, 2, 3, 4])
  })

  it('counts a quiet symbol’s last trade once, however long before the newest of all it was read', async () => {
    await recorder.write([live('09:40:00', 1, 'HSI'), live('10:04:00', 2)])
    const stop = await begin('10:04:05', at('09:54:00'))
    channel.pushAll([up('10:04:06'), live('09:40:00', 1, 'HSI'), live('10:04:07', 3, 'HSI')])
    await until(() => seqs().includes(3))
    await stop()
    expect(seqs()).toEqual([2, 3])
  })

  it('has none where the feed repeats what was stored, nor over night', async () => {
    await recorder.write([live('10:00:00', 1), live('16:08:30', 2, 'HSI')])
    const stop = await begin('10:00:30')
    channel.pushAll([up('10:00:30'), live('10:00:00', 1), live('10:00:31', 3)])
    const monday = at('09:20:00') + 3 * 86_400_000
    channel.pushAll([{ ...live('10:00:00', 4, 'HSI'), timestamp: monday, received_at: monday }])
    await stop()
    expect(holes()).toEqual([])
  })

  it('has none for a quiet stock that a recorder heard until the feed was up', async () => {
    await recorder.write([live('10:00:00', 1), covered('10:09:00', SYMBOL)])
    const stop = await begin('10:10:00')
    channel.pushAll([up('10:10:00'), live('10:10:01', 2, 'HSI')])
    await until(() => seqs().length === 2)
    await recorder.write([covered('10:10:20', SYMBOL)])
    channel.push(live('10:20:00', 3))
    await stop()
    expect(holes()).toEqual([['HSI', 'late_start', '09:20:00', '10:10:01']])
  })

  it('takes the feed’s word of a symbol only once its hole is known: by its first trade, or by a recorder', async () => {
    await recorder.write([live('10:00:00', 1), live('10:00:00', 2, 'HSI')])
    const stop = await begin('10:10:00')
    channel.pushAll([up('10:10:00'), live('10:10:01', 3, 'HSI'), covered('10:10:02', SYMBOL, 'HSI')])
    await until(() => seqs().length === 3)
    await recorder.write([live('10:09:00', 4), covered('10:10:02', SYMBOL)])
    channel.push(covered('10:10:04', SYMBOL, 'HSI'))
    await stop()
    const told = given.slice(2).flatMap((event) => (event.type === 'coverage' ? [event.symbols] : []))
    expect(told).toEqual([['HSI'], [SYMBOL, 'HSI']])
    expect(seqs()).toEqual([1, 2, 3, 4])
  })

  it('keeps what came live while history was read, and begins history where it is asked to', async () => {
    await recorder.write([live('09:40:00', 1), live('10:00:00', 2)])
    channel.pushAll([up('10:00:01'), live('10:00:02', 3)])
    const stop = await begin('10:00:02', at('09:50:00'))
    await stop()
    expect(seqs()).toEqual([2, 3])
  })

  it('tells before all else how far each symbol was heard', async () => {
    await recorder.write([live('10:00:00', 1), live('10:02:00', 2, 'HSI'), covered('10:05:00', 'HSI')])
    const stop = await begin('10:10:00')
    await turn()
    await stop()
    const told = given.slice(0, 2).map((event) => event.type === 'coverage' && [event.symbols[0], event.timestamp])
    expect(told).toEqual([
      [SYMBOL, at('10:00:00')],
      ['HSI', at('10:05:00')],
    ])
  })

  it('works on an empty store: everything before the first trade of a session is missing', async () => {
    await recorder.write([live('10:00:00', 9, '00005.HK')])
    const stop = await begin('10:10:00')
    channel.pushAll([up('10:10:00'), live('10:10:01', 1)])
    await stop()
    expect(holes()).toEqual([[SYMBOL, 'late_start', '09:20:00', '10:10:01']])
  })
})

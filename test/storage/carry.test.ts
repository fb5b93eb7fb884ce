import { describe, expect, it } from 'vitest'
import type { Summary } from '../../src/core/bars/summary.ts'
import type { Instrument } from '../../src/core/market/instrument.ts'
import { carry, type Recipient } from '../../src/core/storage/carry.ts'
import { MemoryStore } from '../support/memory-store.ts'
import { at, collect, comparison, gap, rejected, tick, vendorMinute } from './sample.ts'

const FACTS: Instrument = {
  ...{ symbol: '00700.HK', date: '2026-11-20', name_en: 'TENCENT', name_zh: null, currency: 'HKD', lot_size: 100 },
  ...{ kind: 'equity', prev_close: 600, vendor: 'alltick', vendor_code: '700.HK' },
}
const HOLE = gap({ from: at('10:01:30.000'), to: at('10:03:30.000') })
const MINUTES = ['10:01', '10:02', '10:03'].map((minute) => vendorMinute({ start: at(`${minute}:00.000`) }))

/** A store with a hole of three minutes that a vendor filled, and all else that is no event to be read. */
async function recorded(): Promise<MemoryStore> {
  const store = new MemoryStore()
  const other = { symbol: '00005.HK' }
  await store.write([
    tick({ timestamp: at('10:01:10.000'), seq: 1 }),
    tick({ ...other, timestamp: at('10:01:20.000'), seq: 1 }),
    HOLE,
    gap({ from: at('11:00:00.000'), to: at('11:00:09.000') }),
    tick({ timestamp: at('10:04:00.000'), seq: 9 }),
    rejected(),
    rejected({ ...other, timestamp: null, received_at: at('10:02:00.000') }),
    rejected({ symbol: null, timestamp: null, raw: 'ping' }),
  ])
  await store.fill(MINUTES, [HOLE])
  await store.putInstruments([FACTS, { ...FACTS, ...other }])
  await store.putCompleteness([comparison(), comparison({ date: '2026-11-19' }), comparison(other)])
  return store
}

/** Everything of a store. */
async function whole(store: MemoryStore) {
  const symbols = await store.symbols()
  const minutes: Summary[] = []
  for (const symbol of symbols) minutes.push(...(await collect(store.minutes(symbol, {}))))
  const compared = await Promise.all(symbols.map((symbol) => store.completeness(symbol)))
  return {
    ...{ events: await collect(store.read({})), minutes, compared },
    ...{ rejected: await collect(store.rejected()), facts: await store.instruments() },
  }
}

async function copy(from: MemoryStore, to: Recipient, query: Parameters<MemoryStore['read']>[0] = {}): Promise<void> {
  for await (const events of from.read(query)) await to.write(events)
  await carry(from, to, query)
}

describe('a history that is copied from store to store', () => {
  it('is the same there: filled minutes, holes, facts, comparisons and rejected records', async () => {
    const [from, to] = [await recorded(), new MemoryStore()]
    await copy(from, to)
    expect(await whole(to)).toEqual(await whole(from))
    await copy(from, to)
    expect(await whole(to)).toEqual(await whole(from))
  })

  it('of some symbols takes nothing of others, and no record without a symbol', async () => {
    const [from, to] = [await recorded(), new MemoryStore()]
    await copy(from, to, { symbols: ['00005.HK'] })
    const { events, rejected, facts, compared } = await whole(to)
    for (const { symbol } of [...events, ...rejected, ...facts, ...compared.flat()]) expect(symbol).toBe('00005.HK')
    expect([rejected.length, facts.length, compared.flat().length]).toEqual([1, 1, 1])
  })

  it.each([
    ['since within its first minute', { since: at('10:01:15.000') }],
    ['until its last minute', { until: at('10:03:30.000') }],
  ])('has a hole as open where some of its minutes are not asked for: %s', async (_, span) => {
    const [from, to] = [await recorded(), new MemoryStore()]
    await copy(from, to, span)
    expect((await to.gaps({})).find(({ from: start }) => start === HOLE.from)).toEqual(HOLE)
  })

  it('takes comparisons of whole days alone, and rejected records by their time', async () => {
    const [from, to] = [await recorded(), new MemoryStore()]
    await copy(from, to, { since: at('10:01:00.000') - 600_000 })
    expect((await to.completeness('00700.HK')).map(({ date }) => date)).toEqual([])
    expect((await collect(to.rejected())).map(({ timestamp }) => timestamp)).toEqual([at('10:00:00.000'), null, null])
    await copy(from, to, { since: Date.parse('2026-11-20T00:00+08:00'), until: Date.parse('2026-11-21T00:00+08:00') })
    expect((await to.completeness('00700.HK')).map(({ date }) => date)).toEqual(['2026-11-20'])
  })

  it('that is ended between two symbols has no hole as filled', async () => {
    const [from, to, ended] = [await recorded(), new MemoryStore(), new AbortController()]
    const fill: Recipient['fill'] = async (...parts) => {
      await to.fill(...parts)
      ended.abort()
    }
    for await (const events of from.read({})) await to.write(events)
    await from.write([tick({ symbol: '09988.HK', seq: 1 })])
    const { write, putInstruments, putCompleteness } = bound(to)
    await carry(from, { write, fill, putInstruments, putCompleteness }, {}, ended.signal)
    expect((await to.gaps({})).map(({ filled_by }) => filled_by)).toEqual([null, null])
  })

  it('broken off anywhere has no hole as filled whose minutes are not all there, and goes on', async () => {
    const from = await recorded()
    for (let most = 0; most <= 12; most++) {
      const to = new MemoryStore()
      await copy(from, failingAfter(to, most)).catch(() => {})
      const minutes = await collect(to.minutes('00700.HK', {}))
      const filled = (await to.gaps({})).filter(({ filled_by }) => filled_by === 'backfill')
      if (filled.length > 0) expect(minutes, `${most} calls`).toEqual(expect.arrayContaining(MINUTES))
      await copy(from, to)
      expect(await whole(to), `${most} calls`).toEqual(await whole(from))
    }
  })
})

function bound(store: MemoryStore): Recipient {
  return failingAfter(store, Number.POSITIVE_INFINITY)
}

/** The store, which refuses whatever comes after so many calls. */
function failingAfter(store: MemoryStore, most: number): Recipient {
  let calls = 0
  const counted = <A extends unknown[], R>(call: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      if (++calls > most) throw new Error('the disk is gone')
      return call.apply(store, args)
    }
  }
  return {
    write: counted(store.write),
    fill: counted(store.fill),
    putInstruments: counted(store.putInstruments),
    putCompleteness: counted(store.putCompleteness),
  }
}

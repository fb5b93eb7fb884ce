import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mergeSorted } from '../../../src/core/storage/merge.ts'
import { openSqlite } from '../../../src/core/storage/sqlite.ts'
import type { Store } from '../../../src/core/storage/store.ts'
import { collect, gap, pieces, tick } from '../sample.ts'

describe('a history longer than one chunk', () => {
  const COUNT = 50_001
  /** All in one millisecond of numbers beyond 2^53, where only the exact key tells where a chunk ended. */
  const crowd = Array.from({ length: COUNT }, (_, i) =>
    tick({ seq: 2n ** 60n + BigInt(i), last_price: (i + 1) / 1000 }),
  )
  const spread = Array.from({ length: COUNT }, (_, i) =>
    tick({ symbol: '09988.HK', timestamp: tick().timestamp + (i >> 2), seq: i & 3, last_price: (i + 1) / 1000 }),
  )
  let directory: string
  let store: Store

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hkq-reading-'))
    store = await openSqlite(join(directory, 'market.db'), { mode: 'record' })
    await store.write([...crowd, ...spread])
  })
  afterAll(async () => {
    await store.close()
    await rm(directory, { recursive: true })
  })

  it.each([
    ['00700.HK', crowd],
    ['09988.HK', spread],
  ])('comes whole, once and in order: %s', async (symbol, ticks) => {
    const prices = ticks.map(({ last_price }) => last_price)
    const chunks = await collect(store.ticks(symbol, {}))
    expect(chunks.length).toBeGreaterThan(1)
    expect(chunks.flat().map(({ last_price }) => last_price)).toEqual(prices)
    const columns = await pieces(store.columns(symbol, {}))
    expect(columns.flatMap(({ last_price }) => [...last_price])).toEqual(prices)
  })

  it('comes whole, once and in order as minutes too', async () => {
    const first = tick().timestamp
    const quiet = Array.from({ length: 4_500 }, (_, i) =>
      tick({ symbol: '00005.HK', timestamp: first + i * 60_000, seq: 2n ** 60n + BigInt(i), last_price: i + 1 }),
    )
    const own = await openSqlite(join(directory, 'minutes.db'), { mode: 'record' })
    await own.write(quiet)
    const chunks = await collect(own.minutes('00005.HK', {}))
    await own.close()
    expect(chunks.length).toBeGreaterThan(1)
    expect(chunks.flat().map(({ close, last_seq }) => [close, last_seq])).toEqual(
      quiet.map(({ last_price, seq }) => [last_price, seq]),
    )
  })

  it('comes in order across symbols, in batches of bounded size', async () => {
    let count = 0
    let last = 0
    for await (const batch of store.read({ types: ['tick'] })) {
      expect(batch.length).toBeLessThanOrEqual(4096)
      count += batch.length
      for (const event of batch) {
        if (event.type !== 'tick') continue
        expect(event.timestamp >= last).toBe(true)
        last = event.timestamp
      }
    }
    expect(count).toBe(2 * COUNT)
  })

  it('is read with a turn for signals, timers and sockets after every batch', async () => {
    let [turns, batches] = [0, 0]
    const count = (): void => {
      turns++
      if (batches < 10) setImmediate(count)
    }
    setImmediate(count)
    for await (const _ of store.read({})) if (++batches === 10) break
    expect(turns).toBeGreaterThanOrEqual(9)
  })

  it('may be written to while it is read', async () => {
    const chunks = store.ticks('09988.HK', {})[Symbol.asyncIterator]()
    await chunks.next()
    expect(await store.write([tick({ symbol: 'HSI' })])).toEqual({ stored: 1, duplicates: 0 })
    expect((await chunks.next()).value).not.toHaveLength(0)
  })

  it('puts a gap between the tick before it and the tick after it, even of one millisecond', async () => {
    const own = await openSqlite(join(directory, 'gaps.db'), { mode: 'record' })
    const [before, after] = [tick({ timestamp: 1000 }), tick({ timestamp: 2000 })]
    await own.write([gap({ from: 1000, to: 2000 }), gap({ from: 2000, to: 2000 }), before, after])
    const events = await collect(own.read({}))
    expect(events.map(({ type }) => type)).toEqual(['tick', 'gap', 'tick', 'gap'])
    await own.close()
  })
})

describe('a merge of sorted inputs', () => {
  it('is the sorted union, equal values in the order of their inputs, in batches of the size asked for', async () => {
    const input = fc.array(fc.nat({ max: 20 })).map((values) => values.toSorted((a, b) => a - b))
    await fc.assert(
      fc.asyncProperty(
        fc.array(input),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 7 }),
        async (inputs, chunk, size) => {
          const tagged = inputs.map((values, rank) => values.map((value) => ({ value, rank })))
          const inOrder = (a: { value: number }, b: { value: number }) => a.value - b.value
          const batches = await pieces(
            mergeSorted(
              tagged.map((values) => chunks(values, chunk)),
              inOrder,
              size,
            ),
          )
          expect(batches.flat()).toEqual(tagged.flat().sort((a, b) => a.value - b.value || a.rank - b.rank))
          for (const batch of batches.slice(0, -1)) expect(batch).toHaveLength(size)
        },
      ),
    )
  })
})

function* chunks<T>(values: readonly T[], size: number): Generator<T[]> {
  for (let i = 0; i < values.length; i += size) yield values.slice(i, i + size)
}

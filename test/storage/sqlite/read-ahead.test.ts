import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ReadAhead } from '../../../src/core/storage/sqlite/read-ahead.ts'
import { openSqlite } from '../../../src/core/storage/sqlite.ts'
import type { Slice } from '../../../src/core/storage/store.ts'
import { pieces, tick } from '../sample.ts'

const SCRIPT = resolve(import.meta.dirname, '../../../dist/column-reader.cjs')
const COUNT = 300_000
const START = tick().timestamp

describe('ticks read ahead by threads', () => {
  let directory: string
  let path: string

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hkq-ahead-'))
    path = join(directory, 'market.db')
    const store = await openSqlite(path, { mode: 'record' })
    const price = (i: number): number => (i % 977 === 0 ? 330.00005 : 330 + (i % 100) / 100)
    const ticks = Array.from({ length: COUNT }, (_, i) =>
      tick({ timestamp: START + 8 * (i >> 1), seq: i, last_price: price(i), volume: i }),
    )
    await store.write(ticks)
    await store.close()
  })
  afterAll(() => rm(directory, { recursive: true }))

  it.each([1, 3])('are those that are read without any, in the same chunks and order: %i', async (threads) => {
    const plain = await openSqlite(path, { mode: 'read' })
    const ahead = await openSqlite(path, { mode: 'read', readers: { script: SCRIPT, threads } })
    const span = { since: START + 56, until: START + 1_192_000, book: true }
    const [expected, read] = [
      await pieces(plain.columns('00700.HK', span)),
      await pieces(ahead.columns('00700.HK', span)),
    ]
    expect(read.length).toBeGreaterThan(12)
    expect(read).toEqual(expected)
    expect(read.reduce((sum, { length }) => sum + length, 0)).toBe(2 * (149_000 - 7))
    await Promise.all([plain.close(), ahead.close()])
  })

  it('come in the order of their slices, however long each takes', async () => {
    const lengths = [30_000, 1, 0, 20_000, 3, 100] // pairs of ticks
    const slices: Slice[] = []
    for (const length of lengths) {
      const since = slices.at(-1)?.until ?? START
      slices.push({ since, until: since + 8 * length })
    }
    const ahead = new ReadAhead(path, { script: SCRIPT, threads: 2 })
    const read = await pieces(ahead.columns('00700.HK', slices, { prices: true }))
    expect(read.map(({ length }) => length / 2)).toEqual(lengths)
    await ahead.close()
  })

  it('leave signals, timers and sockets their turn between two chunks, also those that wait read', async () => {
    const store = await openSqlite(path, { mode: 'read', readers: { script: SCRIPT, threads: 2 } })
    let turns = 0
    const turnings: number[] = []
    for await (const _ of store.columns('00700.HK', {})) {
      turnings.push(turns)
      setImmediate(() => turns++)
      busy(20)
    }
    await store.close()
    expect(turnings).toEqual(turnings.map((_, i) => i))
  })

  it('may be left early', async () => {
    const ahead = await openSqlite(path, { mode: 'read', readers: { script: SCRIPT, threads: 2 } })
    let chunks = 0
    for await (const _ of ahead.columns('00700.HK', {})) if (++chunks === 13) break
    await ahead.close()
    expect(chunks).toBe(13)
  })

  it('are asked of the threads where a history is long: a script that is not there is an error', async () => {
    const store = await openSqlite(path, { mode: 'read', readers: { script: join(directory, 'none.cjs'), threads: 1 } })
    await expect(pieces(store.columns('00700.HK', {}))).rejects.toMatchObject({ code: 'E_STORAGE' })
    await store.close()
  })

  it('that cannot be read are an error of the store', async () => {
    const ahead = new ReadAhead(join(directory, 'gone.db'), { script: SCRIPT, threads: 1 })
    const read = pieces(ahead.columns('00700.HK', [{ since: 0, until: 1 }], {}))
    await expect(read).rejects.toThrow(expect.objectContaining({ code: 'E_STORAGE' }))
    await expect(read).rejects.toThrow(/no such file ".*gone\.db"/)
    await ahead.close()
  })
})

/** Computes for so many ms, while threads read on. */
function busy(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

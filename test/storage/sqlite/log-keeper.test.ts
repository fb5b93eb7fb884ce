import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LOG_LIMIT } from '../../../src/core/storage/sqlite/log-keeper.ts'
import { openSqlite } from '../../../src/core/storage/sqlite.ts'
import type { Store } from '../../../src/core/storage/store.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { collect, pieces, tick } from '../sample.ts'

/** Each of these commits adds about 400 pages of 4 KiB to the log. */
const SYMBOLS = Array.from({ length: 200 }, (_, i) => `${String(i + 1).padStart(5, '0')}.HK`)

describe('the write-ahead log', () => {
  let folder: string
  let path: string
  let store: Store
  let clock: ManualClock
  let lines: string[]
  let seq: number

  const logSize = (): number => statSync(`${path}-wal`).size
  /** One commit of so many trades of each symbol; the time that passes until the next one may come. */
  const commit = async (each = 1): Promise<number> => {
    const symbols = Array.from({ length: each }, () => SYMBOLS).flat()
    const write = store.write(symbols.map((symbol) => tick({ symbol, seq: ++seq, timestamp: tick().timestamp + seq })))
    let waited = 0
    const done = write.then(() => true)
    while (!(await Promise.race([done, new Promise((resolve) => setImmediate(resolve, false))]))) {
      await clock.advance(50)
      waited += 50
    }
    return waited
  }
  const commitUntil = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await commit()
  }

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hkq-log-'))
    path = join(folder, 'a.db')
    clock = new ManualClock()
    lines = []
    seq = 0
    store = await openSqlite(path, { mode: 'record', clock, tell: (line) => lines.push(line) })
    await commit()
  })
  afterEach(async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  })

  it('that a reader pins is told of, grows slower, and is emptied when the reader has gone', async () => {
    const reader = new Sqlite(path, { readonly: true })
    const rows = reader.prepare('SELECT * FROM tick').iterate()
    rows.next()
    await commitUntil(() => logSize() > LOG_LIMIT)
    expect(await commit(), 'one try proves nothing').toBe(0)
    expect(lines).toEqual([])
    await clock.advance(5_000)
    await commit()
    expect(lines).toEqual([
      expect.stringMatching(/^the write-ahead log of ".*a\.db" has grown to \d+ MB and cannot be emptied: another/),
    ])
    expect(await commit(), 'commits are spaced').toBe(250)
    expect(await commit(5), 'but not where much comes').toBe(0)
    const before = seq
    rows.return?.()
    reader.close()
    await clock.advance(5_000)
    await commit()
    expect(logSize()).toBeLessThanOrEqual(LOG_LIMIT)
    expect(lines[1]).toMatch(/is small again$/)
    expect(await commit(), 'commits follow each other again').toBe(0)
    expect(lines).toHaveLength(2)
    expect((await collect(store.ticks(SYMBOLS[0]!, {}))).length, 'recording went on').toBe((before - 200) / 200 + 3)
  })

  it.each([
    ['columns', (reader: Store) => reader.columns(SYMBOLS[0]!, {})[Symbol.asyncIterator]()],
    ['ticks', (reader: Store) => reader.ticks(SYMBOLS[0]!, {})[Symbol.asyncIterator]()],
    ['minutes', (reader: Store) => reader.minutes(SYMBOLS[0]!, {})[Symbol.asyncIterator]()],
    ['events', (reader: Store) => reader.read({})[Symbol.asyncIterator]()],
  ])('is not pinned by our own reading of %s, wherever it stands', async (_, begin) => {
    const reader = await openSqlite(path, { mode: 'read' })
    const reading = begin(reader)
    expect((await reading.next()).done).toBe(false)
    await commit()
    const other = new Sqlite(path)
    expect(other.pragma('wal_checkpoint(TRUNCATE)')).toEqual([{ busy: 0, log: 0, checkpointed: 0 }])
    other.close()
    await reading.return?.(undefined)
    await reader.close()
  })

  it('is not pinned by a long global read between two of its batches', async () => {
    for (let i = 0; i < 30; i++) await commit()
    const reader = await openSqlite(path, { mode: 'read' })
    const other = new Sqlite(path)
    const batches = await pieces(
      (async function* () {
        for await (const batch of reader.read({})) {
          yield [batch.length, (other.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[])[0]!.busy]
        }
      })(),
    )
    expect(batches.length).toBeGreaterThan(1)
    expect(batches.every(([, busy]) => busy === 0)).toBe(true)
    other.close()
    await reader.close()
  })
})

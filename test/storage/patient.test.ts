import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { MarketEvent } from '../../src/core/market/event.ts'
import type { Written } from '../../src/core/pipeline/source.ts'
import { type Patience, patient } from '../../src/core/storage/patient.ts'
import { storageError } from '../../src/core/storage/sqlite/driver.ts'
import { openSqlite } from '../../src/core/storage/sqlite.ts'
import { createWriter } from '../../src/core/storage/writer.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { at, gap, tick } from './sample.ts'

/** A store that fails each write with the next of these codes, and takes it where there is none. */
function failing(codes: readonly (string | null)[]) {
  const stored: MarketEvent[] = []
  let writes = 0
  const store = {
    async write(batch: readonly MarketEvent[]): Promise<Written> {
      const code = codes[writes++] ?? null
      if (code !== null) throw storageError('a.db', Object.assign(new Error('no luck'), { code }))
      stored.push(...batch)
      return { stored: batch.length, duplicates: 0 }
    },
    checkpoints: async () => [],
    putInstruments: async () => {},
    gaps: async () => [],
    async *minutes() {},
    fill: async () => {},
    putCompleteness: async () => {},
    close: async () => {},
  }
  return { store, stored, writes: () => writes }
}

function waiting(ms = 60_000) {
  const clock = new ManualClock(at('10:00:00.000'))
  const lines: string[] = []
  return { clock, lines, patience: { ms, clock, tell: (line) => lines.push(line) } satisfies Patience }
}

const times = (count: number, code: string): string[] => Array<string>(count).fill(code)

describe('a patient store', () => {
  it('says at once that nothing is stored, tries again, and says when it stores again', async () => {
    const { store, stored } = failing(times(8, 'SQLITE_FULL'))
    const { clock, lines, patience } = waiting()
    const write = patient(store, patience).write([tick()])
    await clock.advance(0)
    expect(lines).toEqual([
      '"a.db" cannot grow: the disk is full; free some space (SQLITE_FULL: no luck): nothing is stored until that passes; trying again for 60 s',
    ])
    await clock.advance(60_000)
    expect(await write).toEqual({ stored: 1, duplicates: 0 })
    expect(stored).toEqual([tick()])
    expect(lines.slice(1)).toEqual(['stored again after 7.2 s, all that waited in its order'])
  })

  it('tells why nothing is stored, since when, and for how long it is so', async () => {
    const { store } = failing(times(4, 'SQLITE_FULL'))
    const { clock, patience } = waiting()
    const recorder = patient(store, patience)
    expect(recorder.condition!()).toEqual({ trouble: null, waiting: 0 })
    const write = recorder.write([tick()])
    await clock.advance(0)
    expect(recorder.condition!().trouble).toMatchObject({ kind: 'paused', since: at('10:00:00.000') })
    expect(recorder.condition!().trouble!.detail).toMatch(/"a.db" cannot grow: the disk is full/)
    await clock.advance(60_000)
    await write
    expect(recorder.condition!().trouble).toBeNull()
  })

  it('tells of no lock that is gone in a moment', async () => {
    const { store } = failing(times(3, 'SQLITE_BUSY'))
    const { clock, patience } = waiting()
    const recorder = patient(store, patience)
    const write = recorder.write([tick()])
    await clock.advance(200)
    expect(recorder.condition!().trouble).toBeNull()
    await clock.advance(60_000)
    await write
  })

  it('gives up after its time, saying from when on nothing is stored', async () => {
    const { store, stored, writes } = failing(times(1_000, 'SQLITE_IOERR_WRITE'))
    const { clock, patience } = waiting()
    const late = tick({ timestamp: at('10:00:01.000') })
    const write = patient(store, patience).write([late, gap(), tick()])
    const outcome = expect(write).rejects.toMatchObject({
      code: 'E_STORAGE',
      message: expect.stringMatching(
        /IOERR_WRITE.*still so after 60 s; 2 ticks or more from 10:00:00 on are not stored: the next run brings them, or writes the hole down$/,
      ),
    })
    await clock.advance(59_999)
    const tries = writes()
    expect(tries).toBeLessThan(45)
    await clock.advance(1)
    await outcome
    expect([writes(), stored]).toEqual([tries + 1, []])
  })

  it.each(['SQLITE_CORRUPT', 'SQLITE_NOTADB', 'SQLITE_READONLY', 'SQLITE_IOERR_CORRUPTFS', 'SQLITE_CONSTRAINT'])(
    'fails at once with %s, which no waiting mends',
    async (code) => {
      const { store, writes } = failing(times(2, code))
      const { lines, patience } = waiting()
      await expect(patient(store, patience).write([tick()])).rejects.toMatchObject({ code: 'E_STORAGE' })
      expect([writes(), lines]).toEqual([1, []])
    },
  )

  it('says nothing of a lock that is soon gone', async () => {
    const { store, stored } = failing(times(4, 'SQLITE_BUSY'))
    const { clock, lines, patience } = waiting()
    const write = patient(store, patience).write([tick()])
    await clock.advance(800)
    await write
    expect([stored, lines]).toEqual([[tick()], []])
  })

  it('tells of a lock that stays', async () => {
    const { store } = failing(times(9, 'SQLITE_BUSY'))
    const { clock, lines, patience } = waiting()
    const write = patient(store, patience).write([tick()])
    await clock.advance(30_000)
    await write
    expect(lines).toEqual([
      expect.stringContaining('"a.db" is locked by another program'),
      expect.stringContaining('stored again'),
    ])
  })

  it('with no patience fails at once', async () => {
    const { store, writes } = failing(times(2, 'SQLITE_FULL'))
    await expect(patient(store, waiting(0).patience).write([tick()])).rejects.toMatchObject({ code: 'E_STORAGE' })
    expect(writes()).toBe(1)
  })

  it('stores everything once and in order, whatever passes between', async () => {
    const code = fc.constantFrom(null, 'SQLITE_FULL', 'SQLITE_IOERR_FSYNC', 'SQLITE_BUSY')
    await fc.assert(
      fc.asyncProperty(
        fc.array(code, { maxLength: 20 }),
        fc.array(fc.nat(4), { maxLength: 10 }),
        async (codes, sizes) => {
          const { store, stored } = failing(codes)
          const { clock, patience } = waiting(1e9)
          let seq = 0
          const batches = sizes.map((size) => Array.from({ length: size }, () => tick({ seq: seq++ })))
          const writer = createWriter(patient(store, patience), clock)
          const running = writer.run(
            (async function* () {
              for (const batch of batches) {
                yield batch
                await clock.sleep(1)
              }
            })(),
          )
          await clock.advance(100_000)
          await running
          expect(stored).toEqual(batches.flat())
        },
      ),
      { numRuns: 50 },
    )
  })
})

describe('a patient store on SQLite', () => {
  it('waits for a program that holds the whole database, while the rest of the program goes on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hkq-patient-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'a.db')
    const { clock, lines, patience } = waiting()
    const store = patient(await openSqlite(path, { mode: 'record', clock }), patience)
    const other = new Sqlite(path)
    other.exec('BEGIN EXCLUSIVE')
    const write = store.write([tick()])
    await clock.advance(20_000)
    expect(lines).toEqual([expect.stringContaining('is locked by another program')])
    other.exec('ROLLBACK')
    other.close()
    await clock.advance(2_000)
    expect(await write).toEqual({ stored: 1, duplicates: 0 })
    expect(lines).toHaveLength(2)
    await store.close()
  })
})

import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { openSink } from '../../../src/core/address/open-sink.ts'
import { openPostgres } from '../../../src/core/storage/postgres.ts'
import { placeAt, sql } from '../../support/postgres.ts'
import { canServe, PostgresServer } from '../../support/postgres-server.ts'
import { canMount, fillUp, smallDisk } from '../../support/small-disk.ts'
import { at, tick } from '../sample.ts'

const ticks = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => tick({ timestamp: at('10:00:00.000') + from + i, seq: from + i }))

/** A database on a disk that a file fills up: its address, and how the disk gets room again. */
async function onFullDisk(prepare: (url: string) => Promise<void>) {
  const folder = mkdtempSync(join(tmpdir(), 'hkq-full-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  chmodSync(folder, 0o755)
  const disk = smallDisk(folder, 48)
  const place = join(disk, 'tables')
  mkdirSync(place)
  const server = await PostgresServer.open()
  onTestFinished(() => server.remove())
  const url = await server.databaseIn(place)
  await prepare(url)
  const filler = join(disk, 'filler')
  fillUp(filler)
  return { url, folder, makeRoom: () => rmSync(filler) }
}

describe.skipIf(!canServe || !canMount)('a PostgreSQL server whose disk is full', () => {
  it('is told of in one line, and gets everything once, in order, when there is room', {
    timeout: 120_000,
  }, async () => {
    const { url, folder, makeRoom } = await onFullDisk(async (url) => {
      const sink = await openSink(`${url}?schema=market`)
      await sink.write(ticks(0, 100))
      await sink.close()
    })
    const lines: string[] = []
    const journals = join(folder, 'journals')
    const sink = await openSink(`${url}?schema=market`, { journals, tell: (line) => lines.push(line) })
    for (let i = 100; i < 20_000; i += 1_000) await sink.write(ticks(i, Math.min(i + 1_000, 20_000)))
    await vi.waitFor(() => expect(lines).not.toEqual([]), { timeout: 20_000 })
    expect(lines).toEqual([
      expect.stringMatching(/^"postgres:[^\n]* is away \([^\n]*No space left on device\): events wait on disk[^\n]*$/),
    ])
    expect((await sql<{ n: number }>('SELECT count(*)::int AS n FROM market.ticks', url))[0]!.n).toBeLessThan(20_000)
    makeRoom()
    await vi.waitFor(() => expect(lines.at(-1)).toMatch(/is back and has everything/), { timeout: 60_000 })
    await sink.close()
    const stored = await sql<{ seq: number }>('SELECT seq::int FROM market.ticks ORDER BY timestamp, seq', url)
    expect(stored.map(({ seq }) => seq)).toEqual(Array.from({ length: 20_000 }, (_, seq) => seq))
  })

  it('has no half of a schema', { timeout: 120_000 }, async () => {
    const { url, makeRoom } = await onFullDisk(async (url) => {
      // the first connection to a new database writes files of its own
      await sql('SELECT 1', url)
    })
    const open = () => openPostgres(placeAt('fresh', url), { mode: 'record' })
    await expect(open()).rejects.toMatchObject({
      code: 'E_STORAGE',
      message: expect.stringMatching(/^[^\n]*has a full disk: free some space there[^\n]*$/),
    })
    expect(await sql("SELECT 1 FROM information_schema.schemata WHERE schema_name = 'fresh'", url)).toEqual([])
    makeRoom()
    const store = await open()
    expect(await store.write(ticks(0, 10))).toEqual({ stored: 10, duplicates: 0 })
    await store.close()
  })
})

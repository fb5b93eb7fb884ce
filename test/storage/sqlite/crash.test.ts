import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSqlite } from '../../../src/core/storage/sqlite.ts'
import { collect, pieces, tick } from '../sample.ts'
import { bundleRecorder, startRecorder } from './child.ts'

describe('a recorder in a process of its own', () => {
  let directory: string
  let recorder: string

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hkq-crash-'))
    recorder = await bundleRecorder(directory)
  })
  afterAll(() => rm(directory, { recursive: true }))

  it('loses nothing it acknowledged and doubles nothing, killed at any moment, time and again', async () => {
    const path = join(directory, 'killed.db')
    let acknowledged = -1
    for (const size of [1, 7, 50, 400, 3000]) {
      // resumes with an overlap, as a vendor resends after a reconnect
      const child = startRecorder(process.execPath, [
        recorder,
        path,
        String(Math.max(0, acknowledged - 20)),
        String(size),
      ])
      expect(await child.line()).toBe('open')
      for (let writes = 0; writes < 5 + size / 50; writes++)
        acknowledged = Math.max(acknowledged, Number(await child.line()))
      for (const line of await child.kill()) acknowledged = Math.max(acknowledged, Number(line))

      const store = await openSqlite(path, { mode: 'read' })
      const seqs = (await pieces(store.columns('00700.HK', {}))).flatMap(({ timestamp }) =>
        [...timestamp].map((time) => time - 1_795_140_000_000),
      )
      expect(seqs.length).toBeGreaterThan(acknowledged)
      expect(seqs, 'every number once, none missing').toEqual(seqs.map((_, i) => i))
      const [checkpoint] = await store.checkpoints()
      expect(checkpoint!.seq, 'checkpoint and ticks are of one commit').toBe(seqs.length - 1)
      expect(checkpoint!.covered_until, 'and so is how far was heard').toBe(checkpoint!.timestamp)
      const trades = (await collect(store.minutes('00700.HK', {}))).reduce((sum, minute) => sum + minute.trades!, 0)
      expect(trades, 'minutes and ticks are of one commit').toBe(seqs.length)
      await store.close()
      const db = new Sqlite(path, { readonly: true })
      expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
      db.close()
    }
  })

  it('keeps a second recorder out, naming itself, until it is killed', async () => {
    const path = join(directory, 'locked.db')
    const child = startRecorder(process.execPath, [recorder, path])
    expect(await child.line()).toBe('open')
    const second = openSqlite(path, { mode: 'record' })
    await expect(second).rejects.toMatchObject({
      code: 'E_LOCKED',
      exitCode: 7,
      message: expect.stringContaining(`process ${child.process.pid}`),
    })
    await child.kill()
    await (await openSqlite(path, { mode: 'record' })).close()
  })

  it('never blocks a reader, nor is blocked by one', async () => {
    const path = join(directory, 'read.db')
    const child = startRecorder(process.execPath, [recorder, path])
    expect(await child.line()).toBe('open')
    const acknowledged = Number(await child.line())
    const reader = await openSqlite(path, { mode: 'read' })
    const open = new Sqlite(path, { readonly: true }).prepare('SELECT * FROM ticks').iterate()
    open.next()
    expect((await collect(reader.ticks('00700.HK', {}))).length).toBeGreaterThan(acknowledged)
    for (let writes = 0; writes < 20; writes++) expect(Number(await child.line())).toBeGreaterThan(acknowledged)
    open.return?.()
    await child.kill()
    await reader.close()
  })

  it.skipIf(process.platform === 'win32')(
    'fails with E_STORAGE when the disk takes no more, and keeps what it acknowledged',
    async () => {
      const path = join(directory, 'full.db')
      // a limit on the size of files, in blocks of 512 or 1024 bytes, stands for a disk that is full
      const limited = `trap '' XFSZ; ulimit -f 600; exec "${process.execPath}" "${recorder}" "${path}" 0 500`
      const child = startRecorder('sh', ['-c', limited])
      let acknowledged = -1
      let last: string | undefined
      for (let line = await child.line(); line !== undefined; line = await child.line()) {
        last = line
        if (/^\d+$/.test(line)) acknowledged = Number(line)
      }
      expect(last).toBe('E_STORAGE')
      expect(acknowledged).toBeGreaterThan(0)
      const store = await openSqlite(path, { mode: 'record' })
      expect(await collect(store.ticks('00700.HK', {}))).toHaveLength(acknowledged + 1)
      expect(await store.write([tick({ symbol: 'HSI' })])).toEqual({ stored: 1, duplicates: 0 })
      await store.close()
    },
  )
})

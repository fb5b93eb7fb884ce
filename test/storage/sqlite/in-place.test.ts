import { copyFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openSqlite } from '../../../src/core/storage/sqlite.ts'
import { tick } from '../sample.ts'

function newPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hkq-in-place-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'a.db')
}

it.each<[string, (path: string) => void]>([
  ['removed', (path) => rmSync(path)],
  ['removed with its log', (path) => ['', '-wal', '-shm'].forEach((end) => void rmSync(path + end))],
  ['left without its log', (path) => rmSync(`${path}-wal`)],
  ['moved', (path) => renameSync(path, `${path}.old`)],
  [
    'replaced by a copy',
    (path) => {
      copyFileSync(path, `${path}.copy`)
      renameSync(`${path}.copy`, path)
    },
  ],
  [
    'replaced by another file',
    (path) => {
      rmSync(path)
      writeFileSync(path, '')
    },
  ],
])('a store that is %s while it is recorded into acknowledges nothing more', async (_, happens) => {
  const path = newPath()
  const store = await openSqlite(path, { mode: 'record' })
  onTestFinished(() => store.close())
  expect(await store.write([tick({ seq: 1 })])).toMatchObject({ stored: 1 })
  happens(path)
  const outcome = await store.write([tick({ seq: 2 })]).catch((error: unknown) => error)
  expect(outcome).toMatchObject({
    code: 'E_STORAGE',
    message: expect.stringMatching(/a\.db" or its -wal was removed, moved or replaced/),
  })
})

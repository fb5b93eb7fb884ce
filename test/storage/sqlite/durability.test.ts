import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundleRecorder, startRecorder } from './child.ts'

const CALLS = 'openat,pwrite64,pwritev,write,fsync,fdatasync'
const canTrace = spawnSync('strace', ['-e', `trace=${CALLS}`, 'true']).status === 0

/** What a recorder asked of the system, in order. */
interface Traced {
  /** Acknowledged commits, and those of them whose pages the system had not yet brought to the disk. */
  acknowledged: number
  unsynced: number
  /** Whether the log's name was in a folder brought to the disk before the first acknowledgement. */
  named: boolean
}

/** A program that prints the number of what it has made safe, and the end of the name of the file that must hold it. */
const WRITERS = [
  ['a commit', join(import.meta.dirname, 'recorder.ts'), '-wal', ['0', '5']],
  ['a batch in a journal', join(import.meta.dirname, '../journal/appender.ts'), '.journal', ['0']],
] as const

describe.skipIf(!canTrace).each(WRITERS)('%s, as the system sees it,', (_, entry, ending, rest) => {
  let directory: string
  let program: string

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hkq-durable-'))
    program = await bundleRecorder(directory, entry)
  })
  afterAll(() => rm(directory, { recursive: true }))

  async function trace(store: string, durability: string): Promise<Traced> {
    const path = join(directory, store)
    const log = join(directory, 'trace')
    const command = [process.execPath, program, path, ...rest, durability]
    const child = startRecorder('strace', ['-D', '-f', '-y', '-s', '32', '-e', `trace=${CALLS}`, '-o', log, ...command])
    for (let lines = 0; lines < 40; lines++) await child.line()
    await child.kill()
    const traced: Traced = { acknowledged: 0, unsynced: 0, named: false }
    let pending = 0
    let made = false
    const calls = (pattern: string): RegExp => new RegExp(pattern.replace('FILE', `\\d+<[^>]*\\${ending}>`))
    const [written, synced, created] = [
      calls('pwrite(64|v)\\(FILE'),
      calls('f(data)?sync\\(FILE\\)\\s*= 0'),
      calls(`openat\\(.*\\${ending}", [^,]*O_CREAT`),
    ]
    const folder = `<${ending === '-wal' ? directory : path}>)`
    for (const line of readFileSync(log, 'utf8').split('\n')) {
      if (written.test(line)) pending++
      else if (synced.test(line)) pending = 0
      else if (created.test(line)) made = true
      else if (made && line.includes('fsync(') && line.includes(folder)) traced.named ||= traced.acknowledged === 0
      else if (/ write\(1<[^>]*>, "\d+\\n"/.test(line)) {
        traced.acknowledged++
        if (pending > 0) traced.unsynced++
      }
    }
    return traced
  }

  it('is on the disk before it is acknowledged, log and name, with power durability, in a new store and in one opened again', async () => {
    for (const run of ['new', 'again']) {
      const { acknowledged, unsynced, named } = await trace('power', 'power')
      expect(acknowledged, run).toBeGreaterThan(20)
      expect(unsynced, run).toBe(0)
      if (run === 'new') expect(named).toBe(true)
    }
  })

  it('is with the system alone, without', async () => {
    const { acknowledged, unsynced } = await trace('process', 'process')
    expect(acknowledged).toBeGreaterThan(20)
    expect(unsynced).toBeGreaterThan(20)
  })
})

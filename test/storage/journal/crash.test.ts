import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { Journal } from '../../../src/core/storage/journal/journal.ts'
import { tick } from '../sample.ts'
import { bundleRecorder, startRecorder } from '../sqlite/child.ts'

it('a journal loses nothing it acknowledged, killed at any moment, time and again, and goes on behind what waits', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hkq-journal-crash-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const program = await bundleRecorder(directory, join(import.meta.dirname, 'appender.ts'))
  const path = join(directory, 'journal')
  let sent = 0
  for (let run = 0; run < 6; run++) {
    const child = startRecorder(process.execPath, [program, path, String(sent), run % 2 === 0 ? 'process' : 'power'])
    expect(await child.line()).toBe('open')
    let acknowledged = -1
    for (let lines = 0; lines < 20 + 40 * run; lines++) acknowledged = Number(await child.line())
    for (const line of await child.kill()) acknowledged = Number(line)
    sent = acknowledged + 1

    const journal = new Journal(path, { maxBytes: 2 ** 30, durability: 'process', now: Date.now })
    const kept: unknown[] = []
    for (let entry = journal.head(); run === 5 && entry !== null; entry = journal.head()) {
      kept.push(...entry.events)
      journal.delivered()
    }
    journal.close()
    if (run < 5) continue
    const seqs = (kept as { seq: number }[]).map(({ seq }) => seq)
    // what was kept but not acknowledged is sent again
    const once = [...new Set(seqs)]
    expect(once.length).toBeGreaterThanOrEqual(sent)
    expect(once).toEqual(once.map((_, i) => i))
    expect(kept[0]).toEqual(tick({ seq: 0 }))
  }
})

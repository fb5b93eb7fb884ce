import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hkq, workdir } from '../e2e/hkq.ts'
import { ROOT, textOf } from './blocks.ts'

const EXAMPLES = resolve(ROOT, 'docs/examples')

/** The hkq commands of an example, as words. */
function commandsOf(file: string): string[][] {
  const found = textOf(`docs/examples/${file}`)
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .flatMap((line) => /(?:^ExecStart=\S*|&& )\bhkq (.*?)(?: >>? .*)?$/.exec(line)?.[1] ?? [])
  return found.map((command) => command.trim().split(/\s+/))
}

describe('the examples', () => {
  it.each([
    ['hkq-record.service', 1],
    ['crontab', 3],
  ])('%s runs commands whose options are right', async (file, count) => {
    const cwd = workdir()
    const commands = commandsOf(file)
    expect(commands).toHaveLength(count)
    writeFileSync(join(cwd, 'watch.txt'), '700 HSI\n')
    for (const command of commands) {
      const args = command.map((word) => (word.endsWith('watch.txt') ? 'watch.txt' : word))
      const { code, stderr } = await hkq([...args, '--schema'], { cwd })
      expect([code, stderr], args.join(' ')).toEqual([0, ''])
    }
  })

  const systemd = spawnSync('systemd-analyze', ['--version'])

  it.skipIf(systemd.status !== 0)('are units that systemd accepts', () => {
    const { stderr } = spawnSync(
      'systemd-analyze',
      ['verify', '--man=no', join(EXAMPLES, 'hkq-record.service'), join(EXAMPLES, 'hkq-record.timer')],
      { encoding: 'utf8' },
    )
    const own = stderr.split('\n').filter((line) => line.includes('hkq-record') && !line.includes('is not executable'))
    expect(own).toEqual([])
  })

  it('start the timer at a time that exists, in Hong Kong', () => {
    const [, calendar] = /^OnCalendar=(.*)$/m.exec(textOf('docs/examples/hkq-record.timer'))!
    expect(calendar).toMatch(/^Mon\.\.Fri 08:55 Asia\/Hong_Kong$/)
  })
})

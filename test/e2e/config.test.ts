import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CANARY } from '../support/canary.ts'
import { hkq, rows, workdir } from './hkq.ts'

const STREAM = ['stream', '700', '--from', 'sim:?speed=max']

/** A folder with a project's and a user's configuration. */
function configured({ project, user }: { project?: unknown; user?: unknown }): string {
  const cwd = workdir()
  if (project !== undefined) writeFileSync(join(cwd, 'hkq.config.json'), JSON.stringify(project))
  if (user !== undefined) {
    mkdirSync(join(cwd, '.config', 'hkq'), { recursive: true })
    writeFileSync(join(cwd, '.config', 'hkq', 'config.json'), JSON.stringify(user))
  }
  return cwd
}

/** How many ticks a command prints, and its first symbol. */
async function printed(cwd: string, args: readonly string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await hkq(args, { cwd, env })
  expect([code, stderr]).toEqual([0, ''])
  const ticks = rows<{ symbol: string; timestamp: string }>(stdout)
  return { count: ticks.length, symbol: ticks[0]?.symbol, time: ticks[0]?.timestamp }
}

describe('where an option comes from', () => {
  it('flag over environment over project over user', async () => {
    const cwd = configured({ project: { stream: { count: 3 } }, user: { stream: { count: 4 }, tz: 'UTC' } })
    const env = { HKQ_COUNT: '2' }
    expect(await printed(cwd, [...STREAM, '--count', '1'], env)).toMatchObject({ count: 1 })
    expect(await printed(cwd, STREAM, env)).toMatchObject({ count: 2 })
    expect(await printed(cwd, STREAM)).toMatchObject({ count: 3, time: expect.stringMatching(/T01:30.*\+00:00$/) })
    writeFileSync(join(cwd, 'hkq.config.json'), '{}')
    expect(await printed(cwd, STREAM)).toMatchObject({ count: 4 })
  })

  it('source and symbols come from it too, a command line that names symbols replaces them', async () => {
    const cwd = configured({ project: { from: 'sim:?speed=max', symbols: ['HSI', '700'], stream: { count: 1 } } })
    expect(await printed(cwd, ['stream'])).toMatchObject({ symbol: 'HSI' })
    expect(await printed(cwd, ['stream', '5'])).toMatchObject({ symbol: '00005.HK' })
  })

  it('--format over a --json of the environment, and that over a format of a file', async () => {
    const cwd = configured({ project: { stream: { count: 1, format: 'csv' } } })
    const lines = async (more: string[], env: Record<string, string>): Promise<string> =>
      (await hkq([...STREAM, ...more], { cwd, env })).stdout
    expect(await lines([], {})).toMatch(/^symbol,timestamp/)
    expect(await lines([], { HKQ_JSON: '1' })).toMatch(/^{"type":"tick"/)
    expect(await lines(['--format', 'csv'], { HKQ_JSON: '1' })).toMatch(/^symbol,timestamp/)
    expect(await lines(['--json'], { HKQ_FORMAT: 'csv' })).toMatch(/^{"type":"tick"/)
  })

  it('HKQ_FROM is the default source, an address given wins', async () => {
    const env = { HKQ_FROM: 'sim:?speed=max', HKQ_COUNT: '1' }
    expect(await printed(workdir(), ['stream', '700'], env)).toMatchObject({ count: 1 })
    const { code, stderr } = await hkq(['stream', '700', '--from', 'simm:'], { cwd: workdir(), env })
    expect([code, stderr]).toEqual([2, 'hkq: unknown address "simm:": did you mean "sim:"?\n'])
  })

  it('--config and HKQ_CONFIG name the one file that is read', async () => {
    const cwd = configured({ project: { stream: { count: 9 } } })
    writeFileSync(join(cwd, 'mine.json'), JSON.stringify({ stream: { count: 2 } }))
    expect(await printed(cwd, [...STREAM, '--config', 'mine.json'])).toMatchObject({ count: 2 })
    expect(await printed(cwd, STREAM, { HKQ_CONFIG: 'mine.json' })).toMatchObject({ count: 2 })
    const { code, stderr } = await hkq([...STREAM, '--config', 'none.json'], { cwd })
    expect(stderr).toMatch(/^hkq: cannot read the configuration ".*none\.json": no such file\n$/)
    expect(code).toBe(2)
  })

  it('HKQ_ variables that name no option are ignored; a switch takes 1 or 0', async () => {
    const env = { HKQ_COLOUR_OF_THE_SKY: 'blue', HKQ_COUNT: '3', HKQ_ONCE: '0' }
    expect(await printed(workdir(), STREAM, env)).toMatchObject({ count: 3 })
    expect(await printed(workdir(), STREAM, { HKQ_ONCE: '1' })).toMatchObject({ count: 1 })
  })

  it('a value meant for live commands never reaches those that read what was recorded', async () => {
    const cwd = configured({ project: { from: 'alltick:' } })
    const { code, stderr } = await hkq(['resample', '700'], { cwd })
    expect(stderr).toMatch(/no such file "hk_market\.db"/)
    expect(code).toBe(6)
  })
})

describe('a configuration that is wrong: exit 2, one line that names file and key', () => {
  it.each([
    ['a key that does not exist', { frm: 'sim:' }, /unknown key "frm" in .*hkq\.config\.json": did you mean "from"/],
    [
      "an option's key that does not exist",
      { stream: { cuont: 1 } },
      /"stream\.cuont" .* did you mean "stream\.count"/,
    ],
    ["an option's value", { stream: { count: 'many' } }, /hkq\.config\.json: stream\.count: unknown number "many"/],
    ['a value of the wrong kind', { from: 5 }, /wrong value of "from" .* use a list of texts/],
    ['a switch', { stream: { once: 'yes' } }, /"stream\.once" .* use true or false/],
    ['a plan', { alltick: { plan: 'gold' } }, /alltick\.plan: unknown plan "gold"/],
    ['a calendar that is not there', { calendar: 'none.json' }, /calendar file .*none\.json": no such file/],
    ['a list for an object', [], /is not an object/],
    [
      'a command to run, from a project',
      { volatility: { exec: 'touch ran' } },
      /"volatility\.exec" .* a project may not/,
    ],
  ])('%s', async (_, project, says) => {
    const { code, stdout, stderr } = await hkq([...STREAM, '--tz', 'UTC'], { cwd: configured({ project }) })
    expect(stderr).toMatch(/^hkq: [^\n]+\n$/)
    expect(stderr).toMatch(says)
    expect([code, stdout]).toEqual([2, ''])
  })

  it('text that is not JSON is not quoted: it may hold a token', async () => {
    const cwd = workdir()
    writeFileSync(join(cwd, 'hkq.config.json'), `{"alltick": {"token": ${JSON.stringify(CANARY).slice(0, -1)}}}`)
    const { code, stderr } = await hkq(STREAM, { cwd })
    expect(stderr).toMatch(/^hkq: the configuration ".*" is not JSON: [^\n]+\n$/)
    expect(code).toBe(2)
  })

  it('an environment variable is named when its value is wrong', async () => {
    for (const [name, value] of Object.entries({
      HKQ_COUNT: 'x',
      HKQ_FORMAT: 'xml',
      HKQ_ONCE: 'perhaps',
      HKQ_TZ: 'Mars',
    })) {
      const { code, stderr } = await hkq(STREAM, { cwd: workdir(), env: { [name]: value } })
      expect(stderr).toMatch(new RegExp(`^hkq: ${name}: unknown [^\n]*"${value}"[^\n]*\n$`))
      expect(code).toBe(2)
    }
  })
})

describe('a token in the configuration', () => {
  it('is warned about when others may read the file, and never shown', async () => {
    const cwd = configured({ project: { alltick: { token: CANARY }, stream: { count: 1 } } })
    const open = await hkq(STREAM, { cwd })
    expect(open.stderr).toMatch(/^hkq: ".*hkq\.config\.json" holds a token and has mode 0644: run chmod 600 [^\n]*\n$/)
    expect(open.code).toBe(0)
    expect((await hkq([...STREAM, '-q'], { cwd })).stderr).toBe('')
    chmodSync(join(cwd, 'hkq.config.json'), 0o600)
    expect((await hkq(STREAM, { cwd })).stderr).toBe('')
  })

  it('is written by hkq init for its user alone, found by the other commands, and not replaced unasked', async () => {
    const cwd = workdir()
    const made = await hkq(['init', '--plan', 'pro'], { cwd, input: `${CANARY}\n` })
    expect(made.stderr).toMatch(/^wrote .*config\.json and .*token\n/)
    expect(made.code).toBe(0)
    const { code, stderr } = await hkq(
      ['stream', '--from', 'alltick:?endpoint=ws://127.0.0.1:1/', '--max-retries', '0'],
      { cwd, env: { HKQ_ALLTICK_TOKEN: '' } },
    )
    expect(stderr).toMatch(/^hkq: alltick lost: connect ECONNREFUSED/)
    expect(code).toBe(5)
    const again = await hkq(['init'], { cwd, input: 'another-token\n' })
    expect(again.stderr).toMatch(/is there already: .*--force/)
    expect(again.code).toBe(2)
    const token = join(cwd, '.config', 'hkq', 'token')
    chmodSync(token, 0o644)
    expect((await hkq(['init', '--force'], { cwd, input: `${CANARY}\n` })).code).toBe(0)
    expect(statSync(token).mode & 0o777).toBe(0o600)
  })
})

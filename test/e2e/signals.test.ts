import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { parseTime } from '../../src/core/market/time.ts'
import { trade, wireServer } from '../support/alltick-wire.ts'
import { BIN, finished, hkq, numbersIn, rows, says, start, workdir } from './hkq.ts'

const TOKEN = { HKQ_ALLTICK_TOKEN: 'secret-token' }
const TERMINAL = resolve(import.meta.dirname, 'terminal.py')
const hasPython = spawnSync('python3', ['-c', 'import pty, os; os.waitstatus_to_exitcode']).status === 0
const live = { live: { code: '700.HK', perSecond: 200, from: parseTime('2026-11-20T10:00') } }

async function stored(cwd: string): Promise<number[]> {
  const { stdout } = await hkq(['export', '--from', 'hk_market.db', '--to', '-'], { cwd })
  return rows<{ seq: number }>(stdout).map(({ seq }) => seq)
}

/** Until as much is left unread for two seconds: nothing moves any more. */
async function isStill(unread: () => number): Promise<void> {
  let [before, looks] = [-1, 0]
  await vi.waitFor(
    () => {
      const now = unread()
      looks = now === before && now > 0 ? looks + 1 : 0
      before = now
      expect(looks).toBeGreaterThan(20)
    },
    { timeout: 40_000, interval: 100 },
  )
}

/** The command in a terminal that is closed or held (Ctrl-S) once `text` has been printed, and its exit code. */
function inTerminal(what: 'close' | 'hold', text: string, args: readonly string[], cwd: string) {
  const env = { PATH: process.env.PATH ?? '', HOME: cwd, XDG_RUNTIME_DIR: cwd, ...TOKEN }
  const child = spawn('python3', [TERMINAL, what, text, process.execPath, BIN, ...args], {
    ...{ cwd, env, stdio: ['ignore', 'pipe', 'ignore'] },
  })
  onTestFinished(() => void child.kill('SIGTERM'))
  return { child, ended: new Promise<number | null>((done) => child.once('exit', done)) }
}

/** Trades without an end: more than any system holds between a server and a client that does not read. */
function* flood(): Generator<string> {
  const from = parseTime('2026-11-20T10:00')
  for (let seq = 0; ; seq++) yield trade('700.HK', from + seq, seq, '600.000', 100)
}

describe.each(['SIGTERM', 'SIGINT'] as const)('%s while everything is full', (signal) => {
  it('commits and prints what was received, to the last one, then tells the summary', async () => {
    const cwd = workdir()
    const server = await wireServer({ frames: flood, closeWith: null })
    const sinks = ['--to', '-', '--to', 'sqlite:hk_market.db']
    const child = start(['record', '700', '--from', `alltick:?endpoint=${server.url}`, '--relay', 'off', ...sinks], {
      cwd,
      env: TOKEN,
    })
    await once(child.stdout!, 'readable')
    await isStill(server.unread)
    child.kill(signal)
    const { code, stdout, stderr } = await finished(child)
    const printed = rows<{ seq: number }>(stdout).map(({ seq }) => seq)
    expect(code, stderr).toBe(0)
    expect(printed.length).toBeGreaterThan(4_096)
    expect(printed).toEqual(Array.from(printed, (_, i) => i))
    expect(await stored(cwd)).toEqual(printed)
    const told = (name: string): number =>
      Number(new RegExp(`${name} +([\\d,]+)`).exec(stderr)![1]!.replaceAll(',', ''))
    expect([told('received'), told('stored')]).toEqual([printed.length, printed.length])
  })
})

describe('SIGTERM while nobody reads standard output', () => {
  it.each([
    ['a stream', ['stream', '700']],
    [
      'a recording, which stores what it received',
      ['record', '700', '--relay', 'off', '--to', '-', '--to', 'hk_market.db'],
    ],
  ])('ends %s after ten seconds, as the signal', async (_, args) => {
    const cwd = workdir()
    const server = await wireServer({ frames: flood, closeWith: null })
    const child = start([...args, '--from', `alltick:?endpoint=${server.url}`], { cwd, env: TOKEN })
    await once(child.stdout!, 'readable')
    const isTold =
      args[0] === 'record' ? says(child, /standard output has taken nothing for 5 s: nothing is stored/) : null
    await isStill(server.unread)
    await isTold
    const said = says(child, /nobody has read standard output/)
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await said
    expect(await ended).toEqual([143, null])
    if (args[0] !== 'record') return
    const seqs = await stored(cwd)
    expect(seqs.length).toBeGreaterThan(4_096)
    expect(seqs).toEqual(Array.from(seqs, (_, i) => i))
  })
})

describe.runIf(hasPython)('a terminal that is closed', () => {
  it.each([
    ['to a store', []],
    ['to a store, with all that can be said', ['-v']],
    ['to a store and the terminal', ['--to', 'sqlite:hk_market.db', '--to', '-']],
  ])('does not stop a recording %s', async (_, more) => {
    const cwd = workdir()
    const server = await wireServer(live)
    const from = ['--from', `alltick:?endpoint=${server.url}`, '--relay', 'off']
    const { child, ended } = inTerminal('close', 'up', ['record', '700', ...from, ...more], cwd)
    await vi.waitFor(() => expect(numbersIn(join(cwd, 'hk_market.db')).length).toBeGreaterThan(100), {
      timeout: 40_000,
      interval: 100,
    })
    child.kill('SIGINT')
    expect(await ended).toBe(0)
    const seqs = await stored(cwd)
    expect(seqs).toEqual(Array.from(seqs, (_, i) => seqs[0]! + i))
    expect(seqs.length).toBeGreaterThan(100)
  })

  it.each([
    ['stream', ['stream', '700']],
    ['a recording to the terminal alone', ['record', '700', '--relay', 'off', '--to', '-']],
    ['serve', ['serve', '700', '--to', 'ws://127.0.0.1:0']],
  ])('ends %s', async (_, args) => {
    const server = await wireServer(live)
    const { ended } = inTerminal('close', 'up', [...args, '--from', `alltick:?endpoint=${server.url}`], workdir())
    expect(await ended).toBe(0)
  })
})

describe.runIf(hasPython)('a terminal that is held', () => {
  it('holds no recording: it connects again, stores what comes, and ends as it is told', async () => {
    const cwd = workdir()
    const server = await wireServer(live)
    const from = ['--from', `alltick:?endpoint=${server.url}`, '--relay', 'off']
    const { child, ended } = inTerminal('hold', 'up', ['record', '700', ...from], cwd)
    await once(child.stdout!, 'data')
    const patience = { timeout: 40_000, interval: 100 }
    await vi.waitFor(() => expect(numbersIn(join(cwd, 'hk_market.db')).length).toBeGreaterThan(100), patience)
    server.cut()
    const firstOf = (connection: number) => server.sent.find((trade) => trade.connection === connection)?.seq
    await vi.waitFor(() => expect(numbersIn(join(cwd, 'hk_market.db'))).toContain(firstOf(1)), patience)
    child.kill('SIGINT')
    // finished, with a hole
    expect(await ended).toBe(3)
    const seqs = await stored(cwd)
    expect(seqs.filter((seq) => seq >= firstOf(1)!)).toEqual(
      Array.from({ length: seqs.at(-1)! - firstOf(1)! + 1 }, (_, i) => firstOf(1)! + i),
    )
  })
})

describe('a recording started without', () => {
  it.each(['2>&-', '>&-', '>&- 2>&-', '<&-'])('its usual files (%s) records all the same', async (closed) => {
    const cwd = workdir()
    const server = await wireServer(live)
    const args = ['record', '700', '--from', `alltick:?endpoint=${server.url}`, '--relay', 'off']
    const child = spawn('sh', ['-c', `exec "$@" ${closed}`, 'sh', process.execPath, BIN, ...args], {
      ...{ cwd, stdio: 'ignore' },
      env: { PATH: process.env.PATH ?? '', HOME: cwd, XDG_RUNTIME_DIR: cwd, ...TOKEN },
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    const ended = new Promise((done) => child.once('exit', done))
    while (server.sent.length < 300 && child.exitCode === null) await new Promise((turn) => setTimeout(turn, 5))
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
    const seqs = await stored(cwd)
    expect(seqs.length).toBeGreaterThan(100)
    expect(seqs).toEqual(Array.from(seqs, (_, i) => seqs[0]! + i))
  })
})

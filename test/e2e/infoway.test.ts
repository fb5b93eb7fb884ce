import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { finished, hkq, rows, says, start, workdir } from './hkq.ts'

const KEY = 'secret-infoway-key'
const ENV = { HKQ_INFOWAY_KEY: KEY }
const SYMBOLS = ['700', '9988', 'HSI']

interface Row {
  symbol: string
  timestamp: string
  seq: number
  source: string
  received_at: string | null
}

/** The rows of a file in their order, without what depends on who sent them when. */
function told(cwd: string, file: string): string[] {
  return rows<Row>(readFileSync(join(cwd, file), 'utf8')).map(
    ({ seq: _, source: _source, received_at: _received, ...row }) => JSON.stringify(row),
  )
}

async function serve(cwd: string, ...args: string[]) {
  const child = start(['serve', '--to', 'ws://127.0.0.1:0', '--dialect', 'infoway', ...args], { cwd, env: ENV })
  const ended = finished(child)
  const [, url] = await says(child, /serving on (\S+)/)
  return { from: `infoway:?endpoint=${url}/ws`, ended, child }
}

function record(cwd: string, from: string, ...more: string[]) {
  const args = ['record', ...SYMBOLS, '--from', from, '--max-retries', '0', '--relay', 'off', '--json', ...more]
  return hkq(args, { cwd, env: ENV })
}

describe('two minutes of the market in the Infoway dialect', () => {
  it('are recorded as they were served, trade by trade and book by book, and once more from the captured frames', async () => {
    const cwd = workdir()
    const market = 'sim:?start=2026-11-20&speed=max&rate=2'
    const day = (await hkq(['export', ...SYMBOLS, '--from', market, '--to', '-', '-q'], { cwd })).stdout.split('\n')
    const twoMinutes = day.filter((line) => /"timestamp":"2026-11-20T09:3[01]/.test(line))
    writeFileSync(join(cwd, 'served.ndjson'), `${twoMinutes.join('\n')}\n`)
    const served = told(cwd, 'served.ndjson')
    const ticks = served.filter((row) => row.startsWith('{"type":"tick"')).length
    expect(ticks).toBeGreaterThan(1_000)
    expect(served.length).toBeGreaterThan(ticks)

    const { from, ended } = await serve(cwd, '--from', 'served.ndjson')
    const sinks = ['--to', 'copy.ndjson', '--to', 'copy.db', '--depth', '10', '--raw', 'frames']
    const { code, stdout } = await record(cwd, from, ...sinks)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ received: ticks, stored: ticks, gaps: 0, rejected: {} })
    expect(told(cwd, 'copy.ndjson')).toEqual(served)
    expect((await ended).code).toBe(0)

    await hkq(['export', '--from', 'raw:frames', '--to', 'ndjson:again.ndjson', '-q'], { cwd })
    expect(told(cwd, 'again.ndjson')).toEqual(served)
    for (const name of readdirSync(join(cwd, 'frames'))) {
      expect(gunzipSync(readFileSync(join(cwd, 'frames', name))).toString()).not.toContain(KEY)
    }
  })

  it('are streamed by a strict server that lets the key in, with the symbols it has names of', async () => {
    const cwd = workdir()
    const { from } = await serve(cwd, '--strict', '--require-token', '--from', 'sim:?rate=50')
    const { code, stdout } = await hkq(['stream', '700', '--from', from, '--count', '20'], { cwd, env: ENV })
    expect(code).toBe(0)
    expect(rows<Row>(stdout).map(({ source, symbol }) => [source, symbol])).toEqual(
      Array(20).fill(['infoway', '00700.HK']),
    )
  })
})

describe('a key', () => {
  it('that is refused ends with 4 and one line, without it', async () => {
    const cwd = workdir()
    const { from } = await serve(cwd, '--strict', '--require-token', '--from', 'sim:')
    const ran = await hkq(['stream', '700', '--from', from, '-q'], { cwd, env: { HKQ_INFOWAY_KEY: 'wrong-key' } })
    expect(ran.code).toBe(4)
    expect(ran.stderr).toMatch(/^hkq: infoway refuses the token \(HTTP 401\)[^\n]*\n$/)
    expect(ran.stderr).not.toContain('wrong-key')
  })

  it('that is missing is asked for by its name', async () => {
    const ran = await hkq(['stream', '700', '--from', 'infoway:'], { cwd: workdir() })
    expect(ran).toMatchObject({ code: 4, stdout: '' })
    expect(ran.stderr).toMatch(/^hkq: no Infoway key: set HKQ_INFOWAY_KEY[^\n]*\n$/)
  })

  it('is written by init, and read by what comes next', async () => {
    const cwd = workdir()
    const { stderr } = await hkq(['init', '--vendor', 'infoway', '--plan', 'free'], { cwd, input: `${KEY}\n` })
    expect(stderr).not.toContain(KEY)
    expect(stderr).toContain('hkq probe-endpoints --auth --vendor infoway')
    const { from } = await serve(cwd, '--require-token', '--from', 'sim:?rate=50')
    expect((await hkq(['stream', '700', '--from', from, '--count', '1'], { cwd })).code).toBe(0)
    const eleven = Array.from({ length: 11 }, (_, i) => String(i + 1))
    expect((await hkq(['stream', ...eleven, '--from', from], { cwd })).stderr).toContain('carries 10 on this plan')
  })
})

describe('the endpoints of Infoway', () => {
  it('are measured, with a real session where the key is given, whose heartbeats nobody answers', async () => {
    const cwd = workdir()
    const { from } = await serve(cwd, '--require-token', '--from', 'sim:?rate=50')
    const url = `${from.replace('infoway:?endpoint=', '')}?business=stock`
    const probe = async (...args: string[]) =>
      rows<Record<string, unknown>>((await hkq(['probe-endpoints', url, ...args], { cwd, env: ENV })).stdout)[0]
    expect(await probe('--vendor', 'infoway')).toMatchObject({
      ...{ url, reached: true, status: 401, remedy: 'reached; it wants a token: set HKQ_INFOWAY_KEY' },
    })
    expect(await probe('--vendor', 'infoway', '--auth')).toMatchObject({
      heartbeat: null,
      first_tick: expect.any(Number),
    })
    const pasted = await hkq(['probe-endpoints', `${url}&apikey=${KEY}`], { cwd })
    expect(pasted.stdout + pasted.stderr).not.toContain(KEY)
  })
})

describe('Longbridge', () => {
  it('says in one line what it needs: credentials, then its package', async () => {
    const cwd = workdir()
    const bare = await hkq(['stream', '700', '--from', 'longbridge:'], { cwd })
    expect(bare).toMatchObject({ code: 4, stdout: '' })
    expect(bare.stderr).toMatch(/^hkq: no Longbridge credentials: set LONGBRIDGE_APP_KEY, [^\n]*\n$/)
    const secrets = {
      LONGBRIDGE_APP_KEY: 'app-1234',
      LONGBRIDGE_APP_SECRET: 'secret-1',
      LONGBRIDGE_ACCESS_TOKEN: 'tok-1',
    }
    const ran = await hkq(['stream', '700', '--from', 'longbridge:'], { cwd, env: secrets })
    expect(ran).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'hkq: longbridge: needs the package longbridge, which is not installed: npm install longbridge\n',
    })
  })
})

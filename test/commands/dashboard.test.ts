import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openSqlite } from '../../src/core/storage/sqlite.ts'
import { workdir } from '../e2e/hkq.ts'
import { at, tick } from '../storage/sample.ts'
import { until } from '../support/manual-clock.ts'
import { isServed, REDIS } from '../support/queues.ts'
import { open, run } from './dashboard-run.ts'

const hasRedis = await isServed(REDIS)
const TOKEN = 'a-token.of_the~user1'

async function refusal(args: readonly string[], more = {}): Promise<{ text: string; code: number }> {
  const { ran, io, told } = run(args, more)
  await ran
  return { text: told(), code: io.exitCode }
}

describe('hkq dashboard', () => {
  it('shows a simulated market, and ends well when it is stopped', async () => {
    const { url, end, told } = run(['HSI', '700', '--from', 'sim:?speed=60&seed=1'])
    const page = await open(await url())
    await until(() => page.rows().some(({ symbol, last_price }) => symbol === '00700.HK' && last_price !== null))
    expect(page.messages[0]).toMatchObject({ type: 'hello', kind: 'simulated', source: 'sim:?speed=60&seed=1' })
    expect(await end()).toBe(0)
    expect(told()).toMatch(/^dashboard at http:\/\/127\.0\.0\.1:\d+\/\n$/)
  })

  it('has another token after each start, which the page is given', async () => {
    const [first, second] = [run(['HSI', '--from', 'sim:']), run(['HSI', '--from', 'sim:'])]
    const tokens = [(await open(await first.url())).given, (await open(await second.url())).given]
    expect(new Set(tokens).size).toBe(2)
    for (const token of tokens) expect(token).toMatch(/^[\w-]{43}$/)
    expect(first.told() + second.told()).not.toContain(tokens[0])
  })

  it('shows the store that is there, whatever symbols are in it', async () => {
    const cwd = workdir()
    const store = await openSqlite(join(cwd, 'hk_market.db'), { mode: 'record' })
    await store.write([tick({ timestamp: at('10:00:00') }), tick({ symbol: 'HSI', volume: null })])
    const { url, end } = run(['--from', `sqlite:${join(cwd, 'hk_market.db')}`], { cwd })
    const page = await open(await url())
    await until(() => new Set(page.rows().map(({ symbol }) => symbol)).size === 2)
    await store.write([tick({ timestamp: at('10:00:01'), last_price: 700, seq: 1 })])
    await until(() => page.rows().some(({ last_price }) => last_price === 700))
    expect(await end()).toBe(0)
    await store.close()
  })

  it('stays up when its file has been read to the end, and says so', async () => {
    const cwd = workdir()
    writeFileSync(join(cwd, 'a.csv'), 'timestamp,symbol,last_price,volume\n2026-11-20T10:00:00+08:00,700,600,100\n')
    const { url, end, told } = run(['--from', `csv:${join(cwd, 'a.csv')}`], { cwd })
    const page = await open(await url())
    await until(() => page.feeds().some(({ state }) => state === 'ended'))
    expect(page.feeds().at(-1)).toMatchObject({ state: 'ended', detail: '', ticks: 1 })
    await until(() => told().includes('the page stays up until Ctrl-C'))
    expect(await end()).toBe(0)
  })

  it.skipIf(!hasRedis)('tells a queue from the feeds that come through it', async () => {
    const queue = REDIS.name()
    onTestFinished(() => REDIS.remove(REDIS.at, queue))
    const { url, end } = run(['--from', `redis://${REDIS.at}/${queue}`])
    const page = await open(await url())
    await until(() => page.feeds().some(({ state }) => state === 'up'))
    expect(page.feeds().at(-1)).toMatchObject({ source: `redis://${REDIS.at}/${queue}`, carries: true })
    expect(await end()).toBe(0)
  })

  it('ends at once over a file that holds nothing to show', async () => {
    const cwd = workdir()
    writeFileSync(join(cwd, 'bars.csv'), 'timestamp,open,high,low,close\n2026-11-20T10:00:00+08:00,1,2,1,2\n')
    const { text, code } = await refusal(['--from', `csv:${join(cwd, 'bars.csv')}`], { cwd })
    expect(text).toContain('holds bars, not ticks')
    expect(code).toBe(2)
  })

  it('stays up when its feed gives up, shows why, and tells it with its exit code', async () => {
    const endpoint = encodeURIComponent('ws://127.0.0.1:1/')
    const { url, end } = run(['HSI', '--from', `alltick:?token=off&endpoint=${endpoint}`, '--max-retries', '0'])
    const page = await open(await url())
    await until(() => page.feeds().some(({ state }) => state === 'ended'))
    expect(page.feeds().at(-1)!.detail).toContain('127.0.0.1')
    expect(await end()).toBe(5)
  })

  it('opens to a token of the user’s own, and gives it to nobody', async () => {
    const { url } = run(['HSI', '--from', 'sim:'], { env: { HKQ_DASHBOARD_TOKEN: TOKEN } })
    const page = await open(await url(), TOKEN)
    expect(page.given).toBeNull()
    await expect(open(await url(), 'another-token-of-16')).rejects.toThrow('401')
  })

  it.each([
    [['--host', '0.0.0.0'], /--host "0\.0\.0\.0" lets others in: set HKQ_DASHBOARD_TOKEN, or name a file/, {}],
    [['--allow-host', 'quotes.example.com'], /--allow-host "quotes\.example\.com" lets others in/, {}],
    [['--host', '0.0.0.0'], /HKQ_DASHBOARD_TOKEN holds no token: use 16 to 256/, { HKQ_DASHBOARD_TOKEN: 'short' }],
    [['--host', '0.0.0.0'], /HKQ_DASHBOARD_TOKEN holds no token/, { HKQ_DASHBOARD_TOKEN: 'sixteen signs, <b>' }],
    [['--token-file', 'none'], /cannot read the token file "none"/, {}],
  ])('refuses %j before anything is opened', async (args, words, env) => {
    const { text, code } = await refusal(['HSI', '--from', 'sim:', ...args], { env })
    expect(text).toMatch(words)
    expect(text).not.toMatch(/dashboard at|sixteen signs|"short"/)
    expect(code).toBe(4)
  })

  it('reads the token from a file, and warns where others may read it', async () => {
    const cwd = workdir()
    writeFileSync(join(cwd, 'secret'), `${TOKEN}\n`)
    chmodSync(join(cwd, 'secret'), 0o644)
    const { url, told } = run(['HSI', '--from', 'sim:', '--token-file', 'secret'], { cwd })
    await open(await url(), TOKEN)
    expect(told()).toMatch(/holds a token and has mode 0644: run chmod 600/)
  })

  it('cannot be opened to others by a configuration or the environment', async () => {
    const cwd = workdir()
    writeFileSync(join(cwd, 'hkq.config.json'), JSON.stringify({ dashboard: { host: '0.0.0.0' } }))
    expect((await refusal(['HSI', '--from', 'sim:'], { cwd })).text).toMatch(/unknown key "dashboard\.host"/)
    const { url } = run(['HSI', '--from', 'sim:'], { env: { HKQ_HOST: '0.0.0.0', HKQ_ALLOW_HOST: 'a' } })
    expect(await url()).toContain('http://127.0.0.1:')
  })

  it('refuses what cannot be, with what to do', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    onTestFinished(() => void taken.close())
    const { port } = taken.address() as { port: number }
    const at = await refusal(['HSI', '--from', 'sim:', '--port', String(port)])
    expect(at).toMatchObject({ code: 2, text: expect.stringContaining(`port "${port}" of 127.0.0.1 is taken`) })
    const nothing = await refusal([])
    expect(nothing).toMatchObject({ code: 3, text: expect.stringContaining('no recorder is running and there is no') })
    const history = await refusal(['HSI', '--from', 'sim:', '--history', 'a.db'])
    expect(history).toMatchObject({ code: 2, text: expect.stringContaining('a store goes before a live feed') })
    expect(await refusal(['HSI', '--from', 'sim:', '--allow-host', 'https://a'])).toMatchObject({ code: 2 })
    expect(await refusal(['--from', 'sim:'])).toMatchObject({
      code: 2,
      text: expect.stringContaining('no symbol given'),
    })
    expect(await refusal(['--from', 'nowhere.db'])).toMatchObject({ code: 6 })
    expect(await refusal(['HSI', '--from', 'sim:', '--window', '3m'])).toMatchObject({ code: 2 })
  })
})

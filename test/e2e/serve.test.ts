import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { wireServer } from '../support/alltick-wire.ts'
import { CANARY } from '../support/canary.ts'
import { finished, hkq, rows, says, start, workdir } from './hkq.ts'

const ENV = { HKQ_ALLTICK_TOKEN: CANARY }
const FRAMES = gunzipSync(readFileSync(resolve(import.meta.dirname, '../fixtures/real-trades.alltick.ndjson.gz')))
  .toString()
  .trim()
  .split('\n')

interface Row {
  received_at: string
  source: string
}

/** Rows without what depends on when and whence they came. */
async function stored(cwd: string, from: string) {
  const { stdout } = await hkq(['export', '--from', from, '--to', '-'], { cwd })
  return rows<Row>(stdout).map(({ received_at: _, ...row }) => row)
}

async function serve(cwd: string, ...args: string[]) {
  const child = start(['serve', '--to', 'ws://127.0.0.1:0', ...args], { cwd, env: ENV })
  const ended = finished(child)
  const [, url] = await says(child, /serving on (\S+)/)
  return { url: url!, ended, child }
}

async function record(cwd: string, url: string, ...more: string[]) {
  const from = `alltick:?endpoint=${url}/quote-stock-b-ws-api`
  const args = ['record', '1299', '--from', from, '--max-retries', '0', '--relay', 'off', '--json', ...more]
  return hkq(args, { cwd, env: ENV })
}

describe('what was recorded, served again', () => {
  it('waits for its client, comes whole at full speed, ends with 1000, and is stored the same', async () => {
    const cwd = workdir()
    const vendor = await wireServer({ frames: () => FRAMES })
    await hkq(['record', '1299', '--from', `alltick:?endpoint=${vendor.url}`, '--max-retries', '0', '--relay', 'off'], {
      cwd,
      env: ENV,
    })
    const original = await stored(cwd, 'hk_market.db')
    expect(original).toHaveLength(FRAMES.length)

    const { url, ended } = await serve(cwd, '--from', 'hk_market.db')
    const { code, stdout } = await record(cwd, url, '--to', 'copy.db')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      received: FRAMES.length,
      stored: FRAMES.length,
      gaps: 0,
      latency_p50: null,
    })
    expect(await stored(cwd, 'copy.db')).toEqual(original)
    expect((await ended).code).toBe(0)
  })
})

describe('a relay that follows its clients', () => {
  it('outlives one who asks for more symbols than its plan carries, and serves the others', async () => {
    const cwd = workdir()
    const vendor = await serve(cwd, '--from', 'sim:?rate=50')
    const relay = await serve(cwd, '--from', `alltick:?plan=free&endpoint=${vendor.url}/quote-stock-b-ws-api`)
    const from = `alltick:?endpoint=${relay.url}/quote-stock-b-ws-api`
    const many = Array.from({ length: 30 }, (_, i) => String(i + 1))
    const greedy = start(['stream', ...many, '--from', from], { cwd, env: ENV })
    await says(relay.child, /not every symbol asked for can be served: "30" symbols, but one connection/)
    greedy.kill('SIGKILL')
    const modest = await hkq(['stream', '700', '--count', '5', '--from', from], { cwd, env: ENV })
    expect(rows(modest.stdout)).toHaveLength(5)
  })
})

describe('captured frames', () => {
  it('decode to the rows of the store', async () => {
    const cwd = workdir()
    const vendor = await wireServer({ frames: () => FRAMES })
    const from = `alltick:?endpoint=${vendor.url}`
    await hkq(
      ['record', '1299', '--from', from, '--max-retries', '0', '--relay', 'off', '--raw', 'frames', '--depth', '5'],
      { cwd, env: ENV },
    )
    const whole = async (address: string) =>
      rows<Row>((await hkq(['export', '--from', address, '--to', '-'], { cwd })).stdout)
    const original = await whole('hk_market.db')
    expect(original).toHaveLength(FRAMES.length)
    expect(await whole('raw:frames')).toEqual(original)
    const { stdout } = await hkq(['export', '--from', 'raw:frames', '--to', 'sqlite:again.db'], { cwd })
    expect(stdout).toBe('')
    expect(await whole('again.db')).toEqual(original)
  })
})

describe('a vendor that refuses the token', () => {
  it('ends the recording with 4 and one line, without it', async () => {
    const cwd = workdir()
    const { url } = await serve(cwd, '--strict', '--require-token', '--from', 'sim:')
    const from = `alltick:?endpoint=${url}/quote-stock-b-ws-api`
    const ran = await hkq(['record', '700', '--from', from, '-q'], { cwd, env: { HKQ_ALLTICK_TOKEN: 'wrong-token' } })
    expect(ran.code).toBe(4)
    expect(ran.stderr).toMatch(/^hkq: [^\n]*token[^\n]*\n$/)
    expect(ran.stderr).not.toContain('wrong-token')
  })
})

describe("AllTick's example clients", () => {
  it.each([
    [
      'Go: forex path, two subscriptions at once, a heartbeat without symbols',
      '/quote-b-ws-api',
      { symbol_list: null },
    ],
    ['PHP: an array as data', '/quote-stock-b-ws-api', []],
    ['Python: nothing but a subscription to quotes', '/quote-stock-b-ws-api', undefined],
  ])('are served (%s)', async (_, path, heartbeat) => {
    const cwd = workdir()
    const { url } = await serve(cwd, '--from', 'sim:?rate=20')
    const socket = new WebSocket(`${url}${path}?token=testtoken`)
    onTestFinished(() => socket.terminate())
    const frames: { cmd_id: number; ret?: number; seq_id?: number }[] = []
    socket.on('message', (data) => frames.push(JSON.parse(String(data))))
    await new Promise((open) => socket.once('open', open))
    const send = (cmd_id: number, data: unknown) =>
      socket.send(JSON.stringify({ cmd_id, seq_id: 123, trace: 'abc', data }))
    const symbol_list = ['GOLD', 'AAPL.US', '700.HK', 'USDJPY'].map((code) => ({ code, depth_level: 5 }))
    send(22002, { symbol_list })
    if (heartbeat !== undefined) {
      send(22004, { symbol_list })
      send(22000, heartbeat)
    }
    const wanted = heartbeat === undefined ? [22003, 22999] : [22003, 22005, 22001, 22998, 22999]
    while (!wanted.every((id) => frames.some(({ cmd_id }) => cmd_id === id)))
      await new Promise((turn) => setTimeout(turn, 10))
    for (const { ret, seq_id } of frames.filter(({ cmd_id }) => cmd_id < 22_006))
      expect([ret, seq_id]).toEqual([200, 123])
    expect(socket.readyState).toBe(socket.OPEN)
  })
})

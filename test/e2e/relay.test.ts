import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { wireServer } from '../support/alltick-wire.ts'
import { CANARY } from '../support/canary.ts'
import { freePort } from '../support/free-port.ts'
import { finished, hkq, hkqUntil, numbersIn, query, type Ran, rows, says, start, workdir } from './hkq.ts'

const ENV = { HKQ_ALLTICK_TOKEN: CANARY }
const symbolsIn = (text: string) => new Set(rows<{ symbol: string }>(text).map(({ symbol }) => symbol))
const symbolsStored = (cwd: string) => query(join(cwd, 'hk_market.db'), 'SELECT DISTINCT symbol FROM tick').length
const announcements = (cwd: string) =>
  readdirSync(join(cwd, `hkq-${userInfo().uid}`)).filter((name) => name.startsWith('relay-'))

/** The text a child prints on stdout, as it grows. */
function printed(child: ChildProcess): { text: string } {
  const out = { text: '' }
  child.stdout!.setEncoding('utf8').on('data', (more: string) => {
    out.text += more
  })
  return out
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((turn) => setTimeout(turn, 10))
}

describe('one token with one connection, a recorder and others', () => {
  let cwd: string
  let from: string
  /** A port of its own: the usual one may be that of a recorder of another test. */
  let relay: string
  let recorder: ChildProcess
  let recorded: ReturnType<typeof finished>

  const record = async () => {
    const child = start(['record', '00700.HK', 'HSI', '--from', from, '--relay', relay, '--json'], { cwd, env: ENV })
    const ran = finished(child)
    await says(child, / up: /)
    return { child, ran }
  }

  beforeEach(async () => {
    cwd = workdir()
    const args = ['serve', '--strict', '--require-token', '--from', 'sim:?rate=50', '--to', 'ws://127.0.0.1:0']
    const server = start(args, { cwd, env: ENV })
    const [, url] = await says(server, /serving on (\S+)/)
    from = `alltick:?endpoint=${url}/quote-stock-b-ws-api`
    relay = String(await freePort())
    ;({ child: recorder, ran: recorded } = await record())
  })

  it('stream shows what the recorder does not record, the recorder is never disconnected and stores its own', async () => {
    const isShown = ({ stdout }: Ran): boolean => ['00700.HK', '00005.HK'].every((symbol) => stdout.includes(symbol))
    const viewer = await hkqUntil(
      ['stream', '00700.HK', '00005.HK'],
      { cwd, env: ENV },
      (ran) => isShown(ran) && symbolsStored(cwd) === 2,
    )
    expect(viewer.code).toBe(0)
    expect(symbolsIn(viewer.stdout)).toEqual(new Set(['00700.HK', '00005.HK']))
    recorder.kill('SIGINT')
    const { code, stdout, stderr } = await recorded
    expect(code).toBe(0)
    expect(stderr).not.toContain('lost')
    const summary = JSON.parse(stdout)
    expect(summary).toMatchObject({ reconnects: 0, gaps: 0, duplicates: 0 })
    expect(summary.stored).toBe(summary.received)
    const kept = await hkq(['export', '--from', 'hk_market.db', '--to', '-'], { cwd })
    expect(symbolsIn(kept.stdout)).toEqual(new Set(['00700.HK', 'HSI']))
    expect(announcements(cwd)).toEqual([])
  })

  it('a reader that stands still slows neither the recorder nor anybody else', async () => {
    const still = start(['stream', '00700.HK'], { cwd, env: ENV })
    await new Promise((said) => still.stdout!.once('readable', said))
    const viewer = await hkq(['stream', '00700.HK', '--count', '400'], { cwd, env: ENV })
    expect(rows(viewer.stdout)).toHaveLength(400)
    recorder.kill('SIGINT')
    const { code, stdout } = await recorded
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ reconnects: 0, gaps: 0 })
  })

  it('a viewer outlives a recorder that is killed: it goes on with the next one', async () => {
    const viewer = start(['stream', '00700.HK'], { cwd, env: ENV })
    const output = printed(viewer)
    await until(() => output.text.length > 0)
    recorder.kill('SIGKILL')
    await recorded
    expect(announcements(cwd)).toHaveLength(1)
    const lost = output.text.length
    await record()
    await until(() => output.text.length > lost + 1_000)
  })

  it('a viewer goes on with the next recorder where that one relays, if not where the last one did', async () => {
    const viewer = start(['stream', '00700.HK'], { cwd, env: ENV })
    const output = printed(viewer)
    await until(() => output.text.length > 0)
    recorder.kill('SIGINT')
    await recorded
    const lost = output.text.length
    relay = String(await freePort())
    await record()
    await until(() => output.text.length > lost + 1_000)
  })

  it('recorders that record from a relay go on with the next one, not with themselves or each other', async () => {
    const others = [1, 2].map((n) => start(['record', '700', '--to', `${n}.db`, '-v'], { cwd, env: ENV }))
    for (const other of others) await says(other, / up: /)
    const ups = others.map((other) => says(other, / up: (\S+)/))
    recorder.kill('SIGINT')
    await recorded
    await Promise.all(others.map((other) => says(other, /next try/)))
    relay = String(await freePort())
    await record()
    for (const up of await Promise.all(ups)) expect(up[1]).toContain(`:${relay}/`)
  })
})

describe('an announcement of a recorder that is no more', () => {
  it('is passed over and removed, also when it cannot be read', async () => {
    const cwd = workdir()
    const server = await wireServer({ frames: () => undefined })
    const place = join(cwd, `hkq-${userInfo().uid}`)
    mkdirSync(place, { mode: 0o700 })
    const dead = join(place, 'relay-alltick-1.json')
    writeFileSync(dead, JSON.stringify({ pid: 2 ** 30, vendor: 'alltick', url: server.url, store: 'hk_market.db' }))
    const broken = join(place, 'relay-alltick-2.json')
    writeFileSync(broken, '{"pid":')
    const { code, stderr } = await hkq(['stream', '700'], { cwd, env: { HKQ_ALLTICK_TOKEN: '' } })
    expect(code, stderr).toBe(4)
    expect([existsSync(dead), existsSync(broken)]).toEqual([false, false])
    expect(server.requests).toEqual([])
  })
})

describe('a relay that cannot be announced', () => {
  it('does not keep the recorder from recording', async () => {
    const cwd = workdir()
    writeFileSync(join(cwd, 'file'), '')
    const server = await wireServer({ live: { code: '700.HK', perSecond: 100, from: Date.UTC(2026, 10, 20, 2) } })
    const args = ['record', '700', '--from', `alltick:?endpoint=${server.url}`, '--json']
    const env = { ...ENV, XDG_RUNTIME_DIR: join(cwd, 'file') }
    const { code, stdout, stderr } = await hkqUntil(
      args,
      { cwd, env },
      () => numbersIn(join(cwd, 'hk_market.db')).length > 10,
    )
    expect(stderr).toMatch(/the relay at \S+ cannot be announced/)
    expect(code).toBe(0)
    expect(JSON.parse(stdout).stored).toBeGreaterThan(10)
  })
})

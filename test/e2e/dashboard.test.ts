import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { History } from '../../src/core/dashboard/protocol.ts'
import { open, run } from '../commands/dashboard-run.ts'
import { newestIn } from '../harness/recorder-process.ts'
import { CANARY } from '../support/canary.ts'
import { until } from '../support/manual-clock.ts'
import { says, start, workdir } from './hkq.ts'

const ENV = { HKQ_ALLTICK_TOKEN: CANARY }

/** A recorder of a simulated market behind a socket, in a folder, and that folder. */
async function recording(to = 'hk_market.db'): Promise<string> {
  const cwd = workdir()
  const server = start(['serve', '--from', 'sim:?rate=50', '--to', 'ws://127.0.0.1:0'], { cwd, env: ENV })
  const [, url] = await says(server, /serving on (\S+)/)
  const from = `alltick:?endpoint=${url}/quote-stock-b-ws-api`
  const recorder = start(['record', '00700.HK', 'HSI', '--from', from, '--to', to], { cwd, env: ENV })
  await says(recorder, / up: /)
  const path = join(cwd, to)
  await until(() => (to.endsWith('.db') ? newestIn(path, '00700.HK').number > 0 : existsSync(path)))
  return cwd
}

describe('a dashboard beside a recorder', () => {
  it('finds its relay, its symbols and its store, from wherever it is started', async () => {
    const cwd = await recording()
    const { url, end, told } = run([], { cwd: workdir(), env: { XDG_RUNTIME_DIR: cwd } })
    const page = await open(await url())
    await until(() => new Set(page.rows().map(({ symbol }) => symbol)).size === 2)
    await until(() => page.rows().some(({ symbol, last_price }) => symbol === '00700.HK' && last_price !== null))
    const source = 'alltick: and hk_market.db'
    expect(page.messages[0]).toMatchObject({ type: 'hello', kind: 'live', source })
    page.ws.send(JSON.stringify({ type: 'watch', id: 1, symbol: '00700.HK', every: '1s' }))
    await until(() => page.messages.some(({ type }) => type === 'history'))
    const history = page.messages.find(({ type }) => type === 'history') as History
    const numbers = history.ticks.map(({ nth }) => nth)
    await until(() => page.messages.some((one) => one.type === 'frame' && (one.watched?.ticks?.length ?? 0) > 0))
    for (const message of page.messages) {
      if (message.type === 'frame') numbers.push(...(message.watched?.ticks ?? []).map(({ nth }) => nth))
    }
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
    expect(page.feeds().at(-1)).toMatchObject({ source: 'alltick', state: 'up' })
    expect(await end()).toBe(0)
    expect(told()).not.toContain(CANARY)
  })

  it('shows what it relays where it records into no store', async () => {
    const cwd = await recording('ticks.ndjson')
    const { url, end } = run([], { env: { XDG_RUNTIME_DIR: cwd } })
    const page = await open(await url())
    await until(() => page.rows().some(({ symbol, last_price }) => symbol === '00700.HK' && last_price !== null))
    expect(page.messages[0]).toMatchObject({ kind: 'live' })
    expect(await end()).toBe(0)
  })

  it('shows the store alone where that is named, and that it is being written', async () => {
    const cwd = await recording()
    const { url, end } = run(['--from', `${cwd}/hk_market.db`])
    const page = await open(await url())
    await until(() => page.rows().some(({ symbol, last_price }) => symbol === '00700.HK' && last_price !== null))
    const count = () => page.feeds().at(-1)?.ticks ?? 0
    const before = count()
    await until(() => count() > before)
    expect(page.feeds().at(-1)).toMatchObject({ source: 'alltick', state: 'up' })
    expect(await end()).toBe(0)
  })
})

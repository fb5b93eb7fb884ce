import { expect, it, onTestFinished } from 'vitest'
import { openSource } from '../../src/core/address/open-source.ts'
import type { MarketEvent } from '../../src/core/market/event.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { parseTime } from '../../src/core/market/time.ts'
import { parseFault } from '../../src/core/server/faults.ts'
import { openServer } from '../../src/core/server/server.ts'
import { tick } from '../server/support.ts'
import { ManualClock, turn } from '../support/manual-clock.ts'

it('a symbol that a server does not push any more is found by asking it, and a new connection brings it', async () => {
  const clock = new ManualClock(parseTime('2026-11-23T10:00'))
  const server = await openServer({
    ...{ sessions: new Sessions(), clock, settleMs: 0, historyMs: 0 },
    faults: [parseFault('mute-symbol=00700.HK@20s')],
  })
  onTestFinished(() => server.close())
  const stop = new AbortController()
  const source = await openSource(`alltick:?endpoint=${server.url}/quote-stock-b-ws-api`, {
    ...{ symbols: ['00700.HK', '00005.HK', '00941.HK'], clock, random: () => 0, signal: stop.signal },
  })
  const events: MarketEvent[] = []
  const done = (async () => {
    for await (const batch of source) events.push(...batch)
  })()
  const times = () =>
    events.flatMap((event) => (event.type === 'tick' && event.symbol === '00700.HK' ? event.timestamp : []))
  const states = (state: string) =>
    events.flatMap((event) => (event.type === 'status' && event.state === state ? event.detail : []))
  for (let seq = 1; seq < 400 && (states('lost').length === 0 || times().at(-1)! < clock.now() - 5_000); seq++) {
    await clock.advance(1_000)
    await server.publish(['00700.HK', '00005.HK'].map((symbol) => tick(seq, { symbol, timestamp: clock.now() })))
    for (let i = 0; i < 20; i++) await turn()
  }
  stop.abort()
  await done
  expect(states('warning').map((detail) => detail.replace(/\d\d:\d\d:\d\d\S*/, 'TIME'))).toEqual([
    '00700.HK is mute: what was traded at TIME did not come; subscribing again',
    '00700.HK is mute: what was traded at TIME did not come; connecting again',
  ])
  const after = times().findIndex((time, i, all) => i > 0 && time - all[i - 1]! > 1_000)
  expect(events.filter(({ type, symbol }) => type === 'gap' && symbol === '00700.HK')).toEqual([
    expect.objectContaining({ cause: 'late_start' }),
    expect.objectContaining({ cause: 'stale', from: times()[after - 1], to: times()[after] }),
  ])
})

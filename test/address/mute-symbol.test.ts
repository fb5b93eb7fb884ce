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
  const at = (event: MarketEvent): number => (event.type === 'gap' ? event.to : event.timestamp!)
  const muteFor = (): number => clock.now() - Math.max(...events.filter(({ symbol }) => symbol === '00700.HK').map(at))
  const states = (state: string) =>
    events.flatMap((event) => (event.type === 'status' && event.state === state ? event.detail : []))
  for (let seq = 1; seq < 400 && (states('lost').length === 0 || muteFor() > 5_000); seq++) {
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
  const ticks = events.filter(({ type, symbol }) => type === 'tick' && symbol === '00700.HK')
  const after = ticks.findIndex((event, i) => i > 0 && at(event) - at(ticks[i - 1]!) > 1_000)
  expect(
    events.filter((event) => event.type === 'gap' && event.cause === 'stale' && event.symbol === '00700.HK'),
  ).toEqual([expect.objectContaining({ from: at(ticks[after - 1]!), to: at(ticks[after]!) })])
})

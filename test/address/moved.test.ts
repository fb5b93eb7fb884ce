import { expect, it, onTestFinished } from 'vitest'
import { parseAddress } from '../../src/core/address/address.ts'
import { openSource } from '../../src/core/address/open-source.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { parseTime } from '../../src/core/market/time.ts'
import { openServer } from '../../src/core/server/server.ts'
import { tick } from '../server/support.ts'
import { ManualClock } from '../support/manual-clock.ts'

it('a feed that has moved is heard and asked where it is now', async () => {
  const clock = new ManualClock(parseTime('2026-11-23T10:00'))
  const server = await openServer({ sessions: new Sessions(), clock, settleMs: 0, always: ['00700.HK'] })
  onTestFinished(() => server.close())
  await server.publish([tick(1, { symbol: '00700.HK', timestamp: clock.now() })])
  const moved = {
    ...parseAddress('alltick:?token=off&endpoint=ws://127.0.0.1:1/quote-stock-b-ws-api', 'source'),
    endpointNow: async () => `${server.url}/quote-stock-b-ws-api`,
  }
  const source = await openSource(moved, { symbols: ['00700.HK'], clock, random: () => 0 })
  const heard = (async () => {
    for await (const batch of source) if (batch.some(({ type }) => type === 'tick')) return
  })()
  const passing = setInterval(() => void clock.advance(1_000), 5)
  await heard
  expect(await source.inquiry!.latestTrades(['00700.HK'])).toMatchObject([{ symbol: '00700.HK', seq: 1 }])
  clearInterval(passing)
})

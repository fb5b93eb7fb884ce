import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { infoway } from '../../../src/core/connection/vendors/infoway.ts'
import { decodeFresh, type FixtureRow, vendorContract } from '../../contracts/vendor.ts'

const fixtures = JSON.parse(
  readFileSync(new URL('../../fixtures/infoway/frames.json', import.meta.url), 'utf8'),
) as FixtureRow[]
const SECRET = 'aSecretKey-infoway'

vendorContract('infoway', {
  vendor: () => infoway({ key: SECRET }),
  secret: SECRET,
  fixtures,
  codes: { '00700.HK': '00700.HK', '09988.HK': '09988.HK', HSI: 'HSI.HK' },
  codesInOneText: true,
})

describe('the address of Infoway', () => {
  it('names the business of shares, and carries the key to the connection alone', () => {
    const [endpoint] = infoway({ key: SECRET }).endpoints
    expect(endpoint).toBe('wss://data.infoway.io/ws?business=stock')
    expect(infoway({ key: SECRET }).connect(endpoint!).url).toBe(`${endpoint}&apikey=${SECRET}`)
  })

  it('loses a key that was pasted with it, and keeps another business', () => {
    const pasted = infoway({ endpoints: [`wss://host/ws?apikey=${SECRET}&business=common`] })
    expect(pasted.endpoints).toEqual(['wss://host/ws?business=common'])
  })
})

describe('the requests to Infoway', () => {
  const sent = (padded?: boolean) =>
    infoway(padded === undefined ? {} : { padded })
      .subscribe(['00700.HK', '00005.HK', 'HSI'], { depth: 5 })
      .map(({ frame }) => JSON.parse(frame))

  it('ask for trades first, then for books, all codes in one text', () => {
    expect(sent()).toEqual([
      { code: 10000, trace: 'hkq-10000-1', data: { codes: '00700.HK,00005.HK,HSI.HK' } },
      { code: 10003, trace: 'hkq-10003-2', data: { codes: '00700.HK,00005.HK,HSI.HK' } },
    ])
  })

  it('spell codes without zeros where that is asked for', () => {
    expect(sent(false)[0].data).toEqual({ codes: '700.HK,5.HK,HSI.HK' })
  })

  it('are answered under the number that their trace ends with', () => {
    const [trades, books] = infoway().subscribe(['00700.HK'], { depth: 0 })
    for (const [code, request] of [
      [10001, trades!],
      [10004, books!],
    ] as const) {
      const { trace } = JSON.parse(request.frame)
      const answer = JSON.stringify({ code, trace, msg: 'ok' })
      expect(decodeFresh(infoway(), answer).reply).toEqual({ type: 'accepted', id: request.id, kind: request.kind })
    }
  })

  it('are at most 60 a minute with the heartbeats, however fast they are wanted', () => {
    const { frameGapMs, heartbeat } = infoway()
    expect(Math.floor(60_000 / frameGapMs) + 1).toBeLessThanOrEqual(60)
    expect(heartbeat.everyMs).toBeLessThanOrEqual(30_000)
  })
})

describe('the plans of Infoway', () => {
  it('limit the symbols of a connection', () => {
    const symbols = (['free', 'basic', 'premium', 'pro'] as const).map((plan) => infoway({ plan }).maxSymbols)
    expect(symbols).toEqual([10, 200, 600, 500])
  })

  it('are refused by an unknown name', () => {
    expect(() => infoway({ plan: 'gold' as never })).toThrow(/unknown Infoway plan "gold"/)
  })
})

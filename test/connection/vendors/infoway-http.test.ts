import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { InfowayHttp, type InfowayHttpOptions } from '../../../src/core/connection/vendors/infoway/http.ts'
import { Sessions } from '../../../src/core/market/session.ts'
import { parseTime } from '../../../src/core/market/time.ts'
import { openServer } from '../../../src/core/server/server.ts'
import { quote, tick } from '../../server/support.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const KEY = 'secret-infoway-key'
const NOON = parseTime('2026-11-20T11:00')

/** Waits are jumped over and written down. */
class JumpingClock extends ManualClock {
  readonly waits: number[] = []

  override async sleep(ms: number): Promise<void> {
    this.waits.push(ms)
    await this.advance(ms)
  }
}

/** A server that answers each path with what `answer` says. */
async function serve(answer: (path: string) => unknown, more: Partial<InfowayHttpOptions> = {}) {
  const calls: { path: string; key: unknown }[] = []
  const server = createServer((request: IncomingMessage, response) => {
    const path = decodeURIComponent(request.url ?? '')
    calls.push({ path, key: request.headers.apikey })
    const body = answer(path)
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const clock = new JumpingClock(NOON)
  const endpoint = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws?business=stock`
  return { calls, clock, http: new InfowayHttp({ endpoint, key: KEY, clock, ...more }) }
}

const ok = (data: unknown) => ({ ret: 200, msg: 'success', traceId: 't', data })
/** As captured from the service: seconds as text, newest first. */
const bar = (time: number, close: string) => ({
  ...{ t: String(time / 1_000), h: '305.990', o: '305.830', l: '305.675', c: close, v: '331559', vw: '101402874.954' },
  ...{ pc: '0.03%', pca: '0.090' },
})

describe("Infoway's HTTP interface", () => {
  it('is asked with the key in the header, codes padded and joined', async () => {
    const { http, calls } = await serve(() => ok([]))
    await http.latestTrades(['00700.HK', '00005.HK', 'HSI'])
    expect(calls).toEqual([{ path: '/stock/batch_trade/00700.HK,00005.HK,HSI.HK', key: KEY }])
  })

  it('tells the latest trade of each symbol that has one', async () => {
    const row = { s: '00700.HK', t: 1786751999691, p: '305.771', v: '100', vw: '30577.1', td: 2 }
    const { http } = await serve(() => ok([row, { ...row, s: 'AAPL.US' }, { ...row, s: '00005.HK', p: '0' }, null]))
    expect(await http.latestTrades(['00700.HK', '00005.HK'])).toEqual([
      { symbol: '00700.HK', seq: 0, time: 1786751999691, price: 305.771, volume: 100, turnover: 30577.1, side: 'sell' },
    ])
  })

  it('tells the newest bars oldest first, 500 at most', async () => {
    const [first, second] = [parseTime('2026-11-20T10:58'), parseTime('2026-11-20T10:59')]
    const { http, calls } = await serve(() =>
      ok([{ s: '00700.HK', respList: [bar(second, '305.930'), bar(first, '305.840'), { t: 'x' }] }]),
    )
    const bars = await http.klines('00700.HK', '1m', 9_999)
    expect(calls[0]!.path).toBe('/stock/batch_kline/1/500/00700.HK')
    expect(bars.map(({ time, close }) => [time, close])).toEqual([
      [first, 305.84],
      [second, 305.93],
    ])
    expect(bars[1]).toMatchObject({ open: 305.83, high: 305.99, low: 305.675, volume: 331559, turnover: 101402874.954 })
    await http.klines('00700.HK', '1d', 2)
    expect(calls[1]!.path).toBe('/stock/batch_kline/8/2/00700.HK')
  })

  it.each([
    [{ ret: 508, msg: 'All product not exists', data: null }],
    [{ ret: 500, msg: 'All product not exists', traceId: 't', data: null }],
    [ok(null)],
  ])('knows nothing of a product that does not exist: %j', async (body) => {
    const { http } = await serve(() => body)
    expect(await http.latestTrades(['09999.HK'])).toEqual([])
    expect(await http.klines('09999.HK', '1m', 5)).toEqual([])
  })

  it.each([
    ['a key that is none', { code: 401, message: `Token invalid ${KEY}`, timestamp: 1 }, 'E_TOKEN'],
    ['a market that is not in the plan', { ret: 514, msg: `No permission ${KEY}` }, 'E_TOKEN'],
    ['too many calls', { ret: 501, msg: KEY }, 'E_NETWORK'],
    ['an error without its form', `<html>${KEY}</html>`, 'E_NETWORK'],
  ])('refuses %s in words without the key', async (_, body, code) => {
    const { http } = await serve(() => body)
    const error = await http.latestTrades(['00700.HK']).catch((cause: unknown) => cause)
    expect(error).toMatchObject({ code })
    expect(String(error)).not.toContain(KEY)
  })

  it('goes on after a failure, one call at a time at the pace of the plan', async () => {
    let first = true
    const { http, clock, calls } = await serve(() => {
      const body = first ? 'broken' : ok([])
      first = false
      return body
    })
    const asked = [1, 2, 3].map(() => http.latestTrades(['00700.HK']))
    expect((await Promise.allSettled(asked)).map(({ status }) => status)).toEqual([
      'rejected',
      'fulfilled',
      'fulfilled',
    ])
    expect(calls).toHaveLength(3)
    expect(clock.waits).toEqual([500, 500])
  })

  it('asks for a hundred codes a call', async () => {
    const { http, calls } = await serve(() => ok([]), { plan: 'pro' })
    await http.latestTrades(Array.from({ length: 201 }, (_, i) => `${String(i + 1).padStart(5, '0')}.HK`))
    expect(calls.map(({ path }) => path.split(',').length)).toEqual([100, 100, 1])
  })

  it('tells names, board lot and previous close as far as it can, and never rejects', async () => {
    const facts = { symbol: '00700.HK', market: 'HK', name_cn: '腾讯控股', name_en: 'TENCENT', name_hk: '騰訊控股' }
    const days = [bar(parseTime('2026-11-20'), '305'), bar(parseTime('2026-11-19'), '300')]
    const { http } = await serve((path) =>
      path.startsWith('/common/basic/symbols/info')
        ? ok([{ ...facts, currency: 'HKD', lot_size: 100 }])
        : ok([{ s: '00700.HK', respList: days }]),
    )
    expect(await http.staticInfo(['00700.HK', '00005.HK'])).toEqual([
      {
        ...{ symbol: '00700.HK', date: '2026-11-20', name_en: 'TENCENT', name_zh: '騰訊控股', currency: 'HKD' },
        ...{ lot_size: 100, kind: 'unknown', prev_close: 300, vendor: 'infoway', vendor_code: '00700.HK' },
      },
    ])
    const { http: broken } = await serve(() => 'broken')
    expect(await broken.staticInfo(['00700.HK'])).toEqual([])
  })

  it('agrees with what hkq serves', async () => {
    const server = await openServer({ sessions: new Sessions(), strict: true })
    onTestFinished(() => server.close())
    const time = parseTime('2026-11-20T10:00')
    await server.publish([quote(1), tick(1, { timestamp: time, side: 'buy' }), tick(2, { timestamp: time + 90_000 })])
    const http = new InfowayHttp({ endpoint: `${server.url}/ws`, key: KEY, clock: new JumpingClock(NOON) })
    const [trade] = await http.latestTrades(['00700.HK', '00005.HK'])
    expect(trade).toMatchObject({ symbol: '00700.HK', time: time + 90_000, price: 513.5, volume: 100, side: null })
    const bars = await http.klines('00700.HK', '1m', 500)
    expect(bars.map((each) => [each.time, each.close, each.volume, each.turnover])).toEqual([
      [time, 513.5, 100, 51_350],
      [time + 60_000, 513.5, 100, 51_350],
    ])
  })
})

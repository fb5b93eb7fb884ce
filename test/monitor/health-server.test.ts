import { request } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { askHealth } from '../../src/core/monitor/ask.ts'
import { openHealthServer, type Pages } from '../../src/core/monitor/health-server.ts'
import { pagesOf } from '../../src/core/monitor/pages.ts'
import { type HealthRecord, NOTHING } from '../../src/core/monitor/record.ts'
import { Histogram } from '../../src/core/statistics/histogram.ts'
import { parseExposition } from './prometheus-text.ts'

const RECORD: HealthRecord = { ...NOTHING, timestamp: 1_700_000_000_000, state: 'ok', since: 1_700_000_000_000, pid: 7 }

async function served(record = RECORD, host = '127.0.0.1', pages?: Pages) {
  const usage = { cpu: 1, memory: 2 }
  const told = async () => ({ record, latency: new Histogram(), commit: new Histogram(), usage })
  const server = await openHealthServer({ host, port: 0 }, pages ?? pagesOf(told))
  onTestFinished(() => server.close())
  return server
}

interface Got {
  status: number
  headers: Record<string, unknown>
  body: string
}

function ask(url: string, path: string, how: { method?: string; host?: string } = {}): Promise<Got> {
  const { method = 'GET', host } = how
  return new Promise((done, fail) => {
    const asked = request(`${url}${path}`, { method, headers: host === undefined ? {} : { host } }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      response.on('end', () => done({ status: response.statusCode!, headers: response.headers, body }))
    })
    asked.once('error', fail).end()
  })
}

describe('the pages of a recorder', () => {
  it.each([
    ['ok', 200],
    ['starting', 200],
    ['closed', 200],
    ['degraded', 200],
    ['failing', 503],
  ] as const)('answer with the record of one that is %s, status %i', async (state, status) => {
    const { url } = await served({ ...RECORD, state })
    const got = await ask(url, '/healthz')
    expect(got.status).toBe(status)
    expect(JSON.parse(got.body)).toMatchObject({
      type: 'health',
      state,
      pid: 7,
      timestamp: '2023-11-15T06:13:20.000+08:00',
    })
    expect(got.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
    })
  })

  it('answer Prometheus in its format', async () => {
    const { url } = await served()
    const got = await ask(url, '/metrics?x=1')
    expect(got.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(parseExposition(got.body).get('hkq_state')!.type).toBe('gauge')
  })

  it('answer HEAD as GET, without the body', async () => {
    const { url } = await served()
    const [head, get] = [await ask(url, '/healthz', { method: 'HEAD' }), await ask(url, '/healthz')]
    expect([head.status, head.body, head.headers['content-length']]).toEqual([200, '', get.headers['content-length']])
  })

  it('answer no other method and no other path', async () => {
    const { url } = await served()
    expect(await ask(url, '/metrics', { method: 'POST' })).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD' },
    })
    expect(await ask(url, '/metrics', { method: 'DELETE' })).toMatchObject({ status: 405 })
    expect(await ask(url, '/')).toMatchObject({ status: 404 })
    expect(await ask(url, '/constructor')).toMatchObject({ status: 404 })
    expect((await ask(url, '/metric')).body).toContain('/healthz, /metrics')
  })

  it('answer under the names of loopback alone: another may be one that was bent to it', async () => {
    const { url } = await served()
    const status = async (host: string) => (await ask(url, '/metrics', { host })).status
    expect([await status('localhost:9464'), await status('127.0.0.1'), await status('[::1]:80')]).toEqual([
      200, 200, 200,
    ])
    expect([await status('evil.example'), await status('127.0.0.1.evil.example')]).toEqual([403, 403])
  })

  it('answer under any name where all addresses were asked for', async () => {
    const { url } = await served(RECORD, '0.0.0.0')
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(await ask(url, '/healthz', { host: 'recorder.internal:9464' })).toMatchObject({ status: 200 })
  })

  it('answer with an error where there is none to give, and go on', async () => {
    let calls = 0
    const { url } = await served(RECORD, '127.0.0.1', {
      '/healthz': async () => {
        if (calls++ === 0) throw new Error('no luck')
        return { status: 200, type: 'text/plain', body: 'well' }
      },
    })
    expect(await ask(url, '/healthz')).toMatchObject({ status: 500 })
    expect(await ask(url, '/healthz')).toMatchObject({ status: 200, body: 'well' })
  })

  it('outlive whoever sends no request, or nonsense', async () => {
    const { url } = await served()
    const { port } = new URL(url)
    const idle = connect(Number(port), '127.0.0.1')
    onTestFinished(() => {
      idle.destroy()
    })
    const nonsense = connect(Number(port), '127.0.0.1')
    await new Promise((closed) => nonsense.once('close', closed).resume().write('\0\0 nonsense\r\n\r\n'))
    expect(await ask(url, '/healthz')).toMatchObject({ status: 200 })
  })

  it('are refused where the port is in use, with what to do', async () => {
    const { url } = await served()
    const port = Number(new URL(url).port)
    await expect(openHealthServer({ host: '127.0.0.1', port }, {})).rejects.toMatchObject({
      code: 'E_NETWORK',
      message: expect.stringMatching(new RegExp(`cannot serve metrics on "127.0.0.1:${port}" .*: choose another port`)),
    })
  })
})

describe('whoever asks a recorder', () => {
  it('gets its record as it is inside, of one that fails too', async () => {
    const record = {
      ...RECORD,
      state: 'failing',
      reasons: ['silent'],
      detail: 'no trade',
      start: 1_600_000_000_000,
    } as const
    const { url } = await served(record)
    expect(await askHealth(url, 5_000)).toEqual(record)
  })

  it('hears of none where nobody listens, or somebody else', async () => {
    const { url } = await served(RECORD, '127.0.0.1', {
      '/healthz': async () => ({ status: 200, type: 'application/json', body: '{"type":"tick"}' }),
    })
    expect(await askHealth(url, 5_000)).toBeNull()
    expect(await askHealth('http://127.0.0.1:1', 5_000)).toBeNull()
    expect(await askHealth('nonsense', 5_000)).toBeNull()
  })

  it('hears of one that hangs', async () => {
    const { url } = await served(RECORD, '127.0.0.1', { '/healthz': () => new Promise(() => {}) })
    await expect(askHealth(url, 50)).rejects.toMatchObject({
      code: 'E_NETWORK',
      message: expect.stringMatching(/^no answer from "http:\S+" for 0\.05 s: it hangs/),
    })
  })
})

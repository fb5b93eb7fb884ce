import { once } from 'node:events'
import { connect } from 'node:net'
import { brotliDecompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { readAssets } from '../../src/core/dashboard/assets.ts'
import { at, tick } from '../storage/sample.ts'
import { turn, until } from '../support/manual-clock.ts'
import { ask, INDEX, Page, pageFolder, serving, TOKEN } from './serving.ts'

const NOW = at('10:00:00')

describe('the page’s files', () => {
  it('are served by a table: what is not in it is not there', async () => {
    const { server } = await serving()
    for (const [path, type] of [
      ['/', 'text/html; charset=utf-8'],
      ['/index.html', 'text/html; charset=utf-8'],
      ['/page.js', 'text/javascript; charset=utf-8'],
      ['/page.css?x', 'text/css; charset=utf-8'],
    ]) {
      const { status, headers } = await ask(server, path!)
      expect([path, status, headers['content-type']]).toEqual([path, 200, type])
    }
    for (const path of [
      '/secret.json',
      '/../package.json',
      '/%2e%2e/package.json',
      '//page.js',
      '/page.js/',
      '/__proto__',
      '/.',
    ]) {
      expect([path, (await ask(server, path)).status]).toEqual([path, 404])
    }
  })

  it('bear the headers of a page that runs nothing inline and nothing from elsewhere', async () => {
    const { server } = await serving()
    for (const path of ['/', '/page.js', '/session', '/nothing']) {
      const { headers } = await ask(server, path)
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      })
      expect(headers['permissions-policy']).toContain('camera=()')
      const policy = String(headers['content-security-policy'])
      for (const rule of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "connect-src 'self'"]) {
        expect(policy.split('; ')).toContain(rule)
      }
      expect(policy).not.toMatch(/unsafe|https?:|\*/)
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([])
    }
  })

  it('are sent once as long as they are the same, and squeezed where that is asked for', async () => {
    const { server } = await serving()
    const { headers, body } = await ask(server, '/page.js')
    expect(headers['cache-control']).toBe('no-cache')
    expect((await ask(server, '/page.js', { 'if-none-match': headers.etag! })).status).toBe(304)
    const squeezed = await ask(server, '/page.js', { 'accept-encoding': 'gzip, br' })
    expect(squeezed.headers['content-encoding']).toBe('br')
    expect(squeezed.body.length).toBeLessThan(body.length / 2)
    expect(brotliDecompressSync(squeezed.body)).toEqual(body)
    const head = await ask(server, '/', {}, 'HEAD')
    expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, String(INDEX.length), 0])
  })

  it('have another identity when one of them changes', () => {
    const folder = pageFolder()
    expect(readAssets(folder).build).toBe(readAssets(folder).build)
    expect(readAssets(folder).build).toMatch(/^[\w-]{16}$/)
  })

  it('are missed with what to do', () => {
    expect(() => readAssets('/nowhere')).toThrow(/page is not in "\/nowhere" .*: build it with npm run build/)
  })

  it('are asked for by GET and HEAD alone', async () => {
    const { server } = await serving()
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])
      expect((await ask(server, '/', {}, method)).status).toBe(405)
  })
})

describe('the session', () => {
  it('gives the token to a page of this server, and tells nobody to keep it', async () => {
    const { server, host } = await serving()
    const own = { 'sec-fetch-site': 'same-origin', origin: `http://${host}` }
    const { body, headers } = await ask(server, '/session', own)
    expect(JSON.parse(String(body))).toEqual({ token: TOKEN, build: expect.stringMatching(/^[\w-]{16}$/) })
    expect(headers['cache-control']).toBe('no-store')
  })

  it.each([
    ['a page of another site', { 'sec-fetch-site': 'cross-site' }],
    ['a page of another port', { 'sec-fetch-site': 'same-site' }],
    ['a link', { 'sec-fetch-site': 'none' }],
    ['another origin', { origin: 'https://attacker.example' }],
    ['an origin without a name', { origin: 'null' }],
    ['a name that was bent to this address', { host: 'attacker.example:80' }],
  ])('refuses %s', async (_, headers) => {
    const { server } = await serving()
    const { status, body } = await ask(server, '/session', headers)
    expect(status).toBe(403)
    expect(String(body)).not.toContain(TOKEN)
  })

  it('gives no token of the user’s own', async () => {
    const { server } = await serving({ isTokenGiven: false })
    expect(JSON.parse(String((await ask(server, '/session')).body))).toMatchObject({ token: null })
  })

  it('serves no file to a name that was bent to this address', async () => {
    const { server } = await serving()
    for (const path of ['/', '/page.js', '/nothing'])
      expect((await ask(server, path, { host: `attacker.example:${server.port}` })).status).toBe(403)
  })
})

describe('the socket', () => {
  it('shows what happens, frame by frame', async () => {
    const { server, desk } = await serving()
    desk.apply([tick({ last_price: 600 })], NOW)
    const page = new Page(server)
    page.paints()
    await page.hears('frame', ({ rows }) => rows?.[0]?.last_price === 600)
    page.say({ type: 'watch', id: 1, symbol: '00700.HK', every: '1m' })
    await page.hears('history')
    desk.apply([tick({ last_price: 601, seq: 1 })], NOW)
    await page.hears('frame', ({ watched }) => watched?.bars?.[0]?.close === 601)
    expect(server.viewers).toBe(1)
  })

  it.each([
    ['no JSON', 'x'],
    ['JSON of another kind', '[]'],
    ['null', 'null'],
    ['a kind that does not exist', '{"type":"subscribe"}'],
    ['an interval that does not exist', '{"type":"watch","id":1,"symbol":"HSI","every":"2m"}'],
    ['an interval of every object', '{"type":"watch","id":1,"symbol":"HSI","every":"constructor"}'],
    ['no number', '{"type":"watch","id":"1","symbol":"HSI","every":"1m"}'],
    ['a symbol without end', `{"type":"watch","id":1,"symbol":"${'x'.repeat(100)}","every":"1m"}`],
    ['a frame that was not sent', '{"type":"painted","n":99}'],
    ['a rest of a day', '{"type":"painted","n":1,"rest":86400000}'],
    ['a rest that is none', '{"type":"painted","n":1,"rest":-1}'],
    ['a fraction', '{"type":"older","id":1,"before":1.5}'],
    ['a number beyond all numbers', '{"type":"older","id":1,"before":1e999}'],
  ])('is closed with 1008 at %s', async (_, text) => {
    const { server } = await serving()
    const page = new Page(server)
    await page.hears('frame')
    page.ws.send(text)
    expect(await page.closed()).toBe(1008)
  })

  it('is closed at bytes, and at a message beyond 4 KB', async () => {
    const { server } = await serving()
    const [binary, long] = [new Page(server), new Page(server)]
    await Promise.all([binary.hears('frame'), long.hears('frame')])
    binary.ws.send(Buffer.from('{"type":"painted","n":1}'), { binary: true })
    expect(await binary.closed()).toBe(1008)
    long.ws.send(`"${'x'.repeat(4_096)}"`)
    expect(await long.closed()).toBe(1009)
  })

  it('is closed at the twenty-first wish within a second', async () => {
    const { server } = await serving({
      clock: { now: () => 0, monotonic: () => 0, sleep: () => new Promise(() => {}) },
    })
    const page = new Page(server)
    await page.hears('frame')
    for (let id = 1; id <= 20; id++) page.say({ type: 'older', id, before: 0 })
    await page.hears('refusal', ({ id }) => id === 20)
    page.say({ type: 'older', id: 21, before: 0 })
    expect(await page.closed()).toBe(1008)
  })

  it('is open to thirty-two pages, and to the next when one has gone', async () => {
    const { server } = await serving()
    const pages = Array.from({ length: 32 }, () => new Page(server))
    await Promise.all(pages.map((page) => page.hears('hello')))
    const [, answer] = await once(new Page(server).ws, 'unexpected-response')
    expect(answer.statusCode).toBe(503)
    pages[0]!.ws.close()
    await until(() => server.viewers === 31)
    await new Page(server).hears('hello')
  })

  it('lets a page that reads nothing go, before it costs memory', async () => {
    let time = 0
    const { server, desk } = await serving({ clock: { ...systemClock, monotonic: () => (time += 60) } })
    for (let i = 0; i < 3_000; i++) desk.apply([tick({ timestamp: at('09:30:00') + i * 1_000, seq: i })], NOW)
    const page = new Page(server)
    await page.hears('frame')
    page.ws.pause()
    let wishes = 0
    while (server.viewers === 1) {
      if (page.ws.bufferedAmount === 0) page.say({ type: 'watch', id: ++wishes, symbol: '00700.HK', every: '1s' })
      await turn()
    }
    expect(wishes).toBeGreaterThan(20)
  })

  it('tells a page that comes before there is anything to come again', async () => {
    const { server } = await serving({}, null)
    const [, answer] = await once(new Page(server).ws, 'unexpected-response')
    expect(answer.statusCode).toBe(503)
  })

  it('is closed with 1001 when the server ends, whoever else is connected', async () => {
    const { server } = await serving()
    const page = new Page(server)
    await page.hears('hello')
    const silent = connect(server.port, '127.0.0.1')
    await once(silent, 'connect')
    const closed = page.closed()
    await server.close()
    expect(await closed).toBe(1001)
    silent.destroy()
  })
})

describe('the port', () => {
  it('that is taken is told with what to do', async () => {
    const { server } = await serving()
    await expect(serving({ port: server.port })).rejects.toThrow(
      /port "\d+" of 127.0.0.1 is taken: is another dashboard open\? Choose another with --port, or 0 for a free one/,
    )
  })
})

import { describe, expect, it } from 'vitest'
import { Page, serving, shake, TOKEN } from './serving.ts'

const SUBPROTOCOLS: Readonly<Record<string, string | undefined>> = {
  'the token': `hkq.v1, hkq.token.${TOKEN}`,
  'another token': `hkq.v1, hkq.token.${TOKEN.slice(0, -1)}x`,
  'no token': 'hkq.v1',
}

/** Who says where he comes from, and which of them is a page of this server. */
const origins = (host: string): Readonly<Record<string, string | undefined>> => ({
  'its own': `http://${host}`,
  none: undefined,
  'another site': 'https://attacker.example',
  'another port of this machine': 'http://127.0.0.1:3000',
  null: 'null',
})

const hostsOf = (port: number): Readonly<Record<string, string>> => ({
  'its own': `127.0.0.1:${port}`,
  'a name bent to it': `attacker.example:${port}`,
})

const matrix = Object.keys(origins('')).flatMap((origin) =>
  Object.keys(hostsOf(0)).flatMap((host) =>
    Object.keys(SUBPROTOCOLS).map((token) => {
      const isOpened = origin === 'its own' && host === 'its own' && token === 'the token'
      return { origin, host, token, opened: isOpened ? 'opened' : 'refused' }
    }),
  ),
)

describe('the handshake', () => {
  it('has thirty cases, of which one is let in', () => {
    expect(matrix).toHaveLength(30)
    expect(matrix.filter(({ opened }) => opened === 'opened')).toHaveLength(1)
  })

  it.each(matrix)('of Origin $origin, Host $host and $token is $opened', async ({ origin, host, token, opened }) => {
    const { server } = await serving()
    const named = hostsOf(server.port)[host]!
    // A page of a bent name has that name for its origin too.
    const from = origins(named)[origin]
    const protocol = SUBPROTOCOLS[token]
    const status = await shake(server, {
      host: named,
      ...(from !== undefined && { origin: from }),
      ...(protocol !== undefined && { 'sec-websocket-protocol': protocol }),
    })
    expect(opened === 'opened' ? [101] : [401, 403]).toContain(status)
    if (opened === 'refused') expect(server.viewers).toBe(0)
  })

  it.each(['localhost', '127.0.0.1', '[::1]', 'LOCALHOST'])('is let in as %s', async (name) => {
    const { server } = await serving()
    const host = `${name}:${server.port}`
    const protocol = SUBPROTOCOLS['the token']!
    const headers = { host, origin: `http://${host.toLowerCase()}`, 'sec-websocket-protocol': protocol }
    expect(await shake(server, headers)).toBe(101)
  })

  it('refuses a page of one loopback name that calls another, and one by https', async () => {
    const { server, host } = await serving()
    const protocol = SUBPROTOCOLS['the token']!
    for (const origin of [
      `http://localhost:${server.port}`,
      `https://${host}`,
      `http://${host}/`,
      `http://${host}.a`,
    ]) {
      expect(await shake(server, { host, origin, 'sec-websocket-protocol': protocol })).toBe(403)
    }
  })

  it.each([
    ['no port', '127.0.0.1'],
    ['another port', '127.0.0.1:1'],
    ['an address of its own writing', '2130706433'],
    ['a user before it', 'user@127.0.0.1'],
    ['nothing', ''],
  ])('refuses a Host with %s', async (_, host) => {
    const { server } = await serving()
    const protocol = SUBPROTOCOLS['the token']!
    const origin = `http://127.0.0.1:${server.port}`
    expect(await shake(server, { host, origin, 'sec-websocket-protocol': protocol })).toBe(403)
  })

  it('lets in a host that a proxy passes on, by https, and none that only looks like it', async () => {
    const { server } = await serving({ allowedHosts: ['quotes.example.com'], isTokenGiven: false })
    const protocol = SUBPROTOCOLS['the token']!
    const as = (host: string, origin = `https://${host}`) =>
      shake(server, { host, origin, 'sec-websocket-protocol': protocol })
    expect(await as('quotes.example.com')).toBe(101)
    expect(await as('quotes.example.com', 'http://quotes.example.com')).toBe(101)
    expect(await as('quotes.example.com.attacker.example')).toBe(403)
    expect(await as('quotes.example.com', 'https://attacker.example')).toBe(403)
    expect(await as('quotes.example.com:8050')).toBe(403)
  })

  it('wants its own protocol, and its own path', async () => {
    const { server, host } = await serving()
    const origin = `http://${host}`
    expect(await shake(server, { host, origin, 'sec-websocket-protocol': `hkq.token.${TOKEN}` })).toBe(400)
    const protocol = SUBPROTOCOLS['the token']!
    for (const path of ['/', '/socket/', '/socket?token=x', '//socket', '/session']) {
      expect(await shake(server, { host, origin, 'sec-websocket-protocol': protocol }, path)).toBe(404)
    }
  })

  it('answers with the protocol, never with the token', async () => {
    const { server } = await serving()
    const page = new Page(server)
    await page.hears('hello')
    expect(page.ws.protocol).toBe('hkq.v1')
  })
})

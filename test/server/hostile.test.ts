import { once } from 'node:events'
import { request } from 'node:http'
import { connect as connectTcp, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { QuoteServer } from '../../src/core/server/server.ts'
import { HOSTILE_VALUES, polluted } from '../support/hostile.ts'
import { connect, type Message, STOCK, serve } from './support.ts'

const TUTORIAL = '/realtime/hk'

function post(server: QuoteServer, body: string): Promise<Response> {
  const url = `${server.url.replace('ws:', 'http:')}/quote-stock-b-api/batch-kline?token=t`
  return fetch(url, { method: 'POST', body, headers: { connection: 'close' } })
}

/** A TCP connection that has sent `text` and is left alone. */
async function silent(server: QuoteServer, text: string): Promise<Socket> {
  const socket = connectTcp({ port: server.port, host: '127.0.0.1' })
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {}).resume()
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

/** The status of a request with these headers. */
function asked(server: QuoteServer, headers: Record<string, string>): Promise<number | undefined> {
  const path = '/quote-stock-b-api/kline?token=t'
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port: server.port, path, headers, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    call.on('error', reject).end()
  })
}

describe('a message of a client', () => {
  it.each(HOSTILE_VALUES)('with %s in any of its fields is answered, and the next one too', async (_, value) => {
    const server = await serve()
    const client = await connect(server, STOCK)
    const messages = [
      value,
      `{"cmd_id":${value},"seq_id":1,"trace":"t","data":{}}`,
      `{"cmd_id":22004,"seq_id":${value},"trace":"t","data":{"symbol_list":[]}}`,
      `{"cmd_id":22004,"seq_id":1,"trace":${value},"data":{"symbol_list":[]}}`,
      `{"cmd_id":22002,"seq_id":1,"trace":"t","data":${value}}`,
      `{"cmd_id":22002,"seq_id":1,"trace":"t","data":{"symbol_list":${value}}}`,
      `{"cmd_id":22002,"seq_id":1,"trace":"t","data":{"symbol_list":[${value}]}}`,
      `{"cmd_id":22002,"seq_id":1,"trace":"t","data":{"symbol_list":[{"code":${value},"depth_level":5}]}}`,
      `{"cmd_id":22002,"seq_id":1,"trace":"t","data":{"symbol_list":[{"code":"700.HK","depth_level":${value}}]}}`,
      `{"cmd_id":22006,"seq_id":1,"trace":"t","data":{"cancel_type":${value}}}`,
      `{"__proto__":${value}}`,
    ]
    for (const message of messages) client.ws.send(message)
    await client.until(() => client.answers.length === messages.length)
    expect((await client.subscribeTrades('700.HK')).ret).toBe(200)
    const other = await connect(server, TUTORIAL)
    other.ws.send(`{"action":${value},"symbols":["700.HK"]}`)
    for (const symbols of [value, `[${value}]`]) {
      for (const action of ['subscribe', 'unsubscribe']) other.ws.send(`{"action":"${action}","symbols":${symbols}}`)
    }
    other.ws.ping()
    await once(other.ws, 'pong')
    expect(polluted()).toBe(false)
  })

  it.each([
    ['compressed', Buffer.from([0xc1, 0x81, 0, 0, 0, 0, 0x61])],
    ['no UTF-8', Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0xff])],
    ['longer than anybody needs', Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0])],
    ['longer than there is', Buffer.from([0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])],
    ['of no known kind', Buffer.from([0x83, 0x80, 0, 0, 0, 0])],
    ['not masked', Buffer.from([0x81, 0x01, 0x61])],
    ['in 100,000 fragments', Buffer.concat([Buffer.from([0x01, 0x80, 0, 0, 0, 0]), fragments(100_000)])],
    ['in fragments of nothing', Buffer.concat([Buffer.from([0x01, 0x80, 0, 0, 0, 0]), fragments(100_000, 0)])],
  ])('that is %s costs the client its connection, and nobody else anything', async (_, frame) => {
    const server = await serve()
    const [client, other] = await Promise.all([connect(server, STOCK), connect(server, STOCK)])
    const closed = once(client.ws, 'close')
    socketOf(client.ws).write(frame)
    await closed
    expect((await other.subscribeTrades('700.HK')).ret).toBe(200)
  })
})

function fragments(count: number, size = 1): Buffer {
  const one = Buffer.from([0x00, 0x80 | size, 0, 0, 0, 0, ...(size === 1 ? [0x61] : [])])
  return Buffer.concat(Array(count).fill(one))
}

function socketOf(ws: object): Socket {
  return (ws as { _socket: Socket })._socket
}

describe('a request of HTTP', () => {
  it.each(HOSTILE_VALUES)('with %s in any of its fields is answered, and the next one too', async (_, value) => {
    const server = await serve()
    const bodies = [
      value,
      `{"trace":${value},"data":{"data_list":[]}}`,
      `{"trace":"t","data":${value}}`,
      `{"trace":"t","data":{"data_list":${value}}}`,
      `{"trace":"t","data":{"data_list":[${value}]}}`,
      `{"trace":"t","data":{"data_list":[{"code":${value},"kline_type":1,"query_kline_num":1}]}}`,
      `{"trace":"t","data":{"data_list":[{"code":"700.HK","kline_type":${value},"query_kline_num":1}]}}`,
      `{"trace":"t","data":{"data_list":[{"code":"700.HK","kline_type":1,"query_kline_num":${value}}]}}`,
    ]
    for (const body of bodies) {
      const answer = (await (await post(server, body)).json()) as Message
      expect([200, 400, 402, 600, 601]).toContain(answer.ret)
    }
    expect(polluted()).toBe(false)
  })

  it('longer than anybody needs is refused', async () => {
    const answer = (await (await post(await serve(), `"${'x'.repeat(300_000)}"`)).json()) as Message
    expect(answer.ret).toBe(601)
  })

  it.each([
    ['nothing', ''],
    ['half a line', 'GET /quote'],
    ['half a head', 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: '],
    ['half a body', 'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{'],
  ])('of which %s comes is not waited for', async (_, text) => {
    const server = await serve({ requestMs: 1_000 })
    await once(await silent(server, text), 'close')
    expect((await post(server, '{}')).status).toBe(200)
  })
})

it('connections beyond the limit are closed, and those within it served', async () => {
  const server = await serve({ requestMs: 60_000 })
  const client = await connect(server, STOCK)
  let refused = 0
  for (let opened = 0; refused === 0 && opened < 2_000; opened++) {
    const socket = await silent(server, '')
    socket.once('close', () => refused++)
  }
  expect(refused).toBeGreaterThan(0)
  expect((await client.subscribeTrades('700.HK')).ret).toBe(200)
})

describe('a web page', () => {
  it.each([
    ['whose name was bent to this machine', { host: 'evil.example' }],
    ['whose name with a port was', { host: 'evil.example:8765' }],
    ['that looks like this machine', { host: '127.0.0.1.evil.example' }],
    ['that asks for an image', { 'sec-fetch-site': 'cross-site' }],
    ['of another site', { origin: 'https://evil.example' }],
  ])('%s is refused', async (_, headers) => {
    expect(await asked(await serve(), headers)).toBe(403)
  })

  it.each([
    ['by name', { host: 'localhost:1' }],
    ['by number', { host: '127.0.0.1' }],
    ['by its number in IPv6', { host: '[::1]:1' }],
    ['by the number of a container', { host: '172.17.0.2:80' }],
    ['by hand', { 'sec-fetch-site': 'none' }],
  ])('of this machine, asked for %s, is served', async (_, headers) => {
    expect(await asked(await serve(), headers)).toBe(200)
  })
})

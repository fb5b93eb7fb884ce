import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { CANARY } from '../support/canary.ts'
import { hkq, workdir } from './hkq.ts'

// That the token shows nowhere is what test/e2e/hkq.ts asks of every command; here it is given every chance to.

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A vendor that gives the request, with the token in it, back in its own way. */
async function echoing(echo: (socket: WebSocket, request: IncomingMessage) => void): Promise<string> {
  const server = createServer((request, response) => response.end(JSON.stringify({ ret: 400, msg: request.url })))
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', echo)
  onTestFinished(() => sockets.clients.forEach((client) => void client.terminate()))
  return listening(server)
}

const record = (cwd: string, at: string, ...more: string[]) =>
  hkq(
    [
      'record',
      '700',
      '--from',
      `alltick:?endpoint=ws://${at}/x`,
      '--max-retries',
      '0',
      '--relay',
      'off',
      '-v',
      ...more,
    ],
    { cwd },
  )

const FORMS: readonly (readonly [how: string, (request: IncomingMessage) => string])[] = [
  ['as it was sent', (request) => request.url!],
  ['as it is', () => CANARY],
  ['in JSON', () => JSON.stringify({ token: CANARY })],
  ['with its strokes escaped', () => JSON.stringify(CANARY).replaceAll('/', '\\/')],
  ['percent-encoded in small letters', (request) => request.url!.replace(/%../g, (sign) => sign.toLowerCase())],
  ['in base64', () => Buffer.from(CANARY).toString('base64')],
]

describe('a vendor that gives the token back', () => {
  it.each(FORMS)('%s finds it kept nowhere: not in the store, the capture, the log', async (_, form) => {
    const at = await echoing((socket, request) => {
      const said = form(request)
      const trade = { code: said, seq: said, tick_time: 'x', price: said, volume: said, trace: said }
      socket.send(said)
      socket.send(JSON.stringify({ cmd_id: 22998, data: trade }))
      socket.send(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(said)]))
      socket.send(JSON.stringify({ cmd_id: 22005, ret: 605, msg: said, seq_id: 1, trace: said, data: {} }))
      socket.send(JSON.stringify({ cmd_id: 22005, ret: 600, msg: said, seq_id: 1, trace: said, data: {} }))
      setTimeout(() => socket.close(4000, said.slice(0, 120)), 200)
    })
    const cwd = workdir()
    const { code, stderr } = await record(cwd, at, '--raw', 'frames', '--to', 'sqlite:a.db', '--to', 'ndjson:a.ndjson')
    expect(code, stderr).not.toBe(0)
    expect(stderr).toContain('***')
    const captured = readdirSync(join(cwd, 'frames')).map((name) => gunzipSync(readFileSync(join(cwd, 'frames', name))))
    expect(Buffer.concat(captured).toString()).toContain('***')
    expect(readFileSync(join(cwd, 'a.ndjson'), 'utf8')).toContain('***')
    const from = `alltick:?endpoint=ws://${at}/x`
    for (const args of [
      ['stream', '700', '--from', from, '--max-retries', '0', '--events', '--format', 'table'],
      ['probe-endpoints', `ws://${at}/x`, '--auth', '--samples', '1', '--timeout', '1s', '-v'],
      ['export', '--from', 'raw:frames', '--to', '-'],
      ['export', '--from', 'a.db', '--to', 'csv:out'],
    ]) {
      await hkq(args, { cwd })
    }
  })
})

describe('an upgrade that is refused', () => {
  it.each([
    [
      'with the address in its answer',
      (path: string) => `HTTP/1.1 400 ${path}\r\nContent-Length: ${path.length}\r\n\r\n${path}`,
    ],
    [
      'to another address',
      (path: string) => `HTTP/1.1 302 Found\r\nLocation: ws://evil.example${path}\r\nContent-Length: 0\r\n\r\n`,
    ],
    [
      'with the token in the path of another',
      () => `HTTP/1.1 302 Found\r\nLocation: /${encodeURIComponent(CANARY)}\r\n\r\n`,
    ],
    ['for the token', (path: string) => `HTTP/1.1 401 ${path}\r\nContent-Length: 0\r\n\r\n`],
    ['in no HTTP', (path: string) => `${path}\r\n${path}\r\n`],
  ])('%s says so without the token', async (_, answer) => {
    const server = createTcp((socket) => {
      socket
        .on('error', () => {})
        .once('data', (head) => {
          socket.end(answer(String(head).split(' ')[1]!))
        })
    })
    const { code, stderr } = await record(workdir(), await listening(server))
    expect(stderr).toMatch(/^hkq: |\nhkq: /)
    expect([4, 5]).toContain(code)
  })
})

it('a proxy is asked with its own password, and neither that nor the token is told when it refuses', async () => {
  const heads: string[] = []
  const server = createTcp((socket) => {
    socket
      .on('error', () => {})
      .once('data', (head) => {
        heads.push(String(head))
        socket.end(`HTTP/1.1 407 ${CANARY}\r\nProxy-Authenticate: Basic realm="${CANARY}"\r\nContent-Length: 0\r\n\r\n`)
      })
  })
  const HTTPS_PROXY = `http://user:${encodeURIComponent(CANARY)}@${await listening(server)}`
  const args = ['stream', '700', '--from', 'alltick:?endpoint=wss://quote.example/x', '--max-retries', '0', '-v']
  const { code, stderr } = await hkq(args, { cwd: workdir(), env: { HTTPS_PROXY } })
  expect(code, stderr).toBe(5)
  expect(heads.join()).toContain(Buffer.from(`user:${CANARY}`).toString('base64'))
})

it.each([
  [['stream', '700', '--from', `alltick:?endpoint=quote.example/x?token=${encodeURIComponent(CANARY)}`], 2],
  [['stream', '700', '--from', `alltick:?token=${encodeURIComponent(CANARY)}`], 2],
  [['record', '700', '--from', `altick:?endpoint=wss://host/x?token=${encodeURIComponent(CANARY)}`], 2],
  [['stream', '700'], 2],
])('an address that the environment holds with the token in it is not repeated: %#', async (args, expected) => {
  const [command, symbol, , from] = args
  const env: Record<string, string> = from === undefined ? { HKQ_TO: `${CANARY}` } : { HKQ_FROM: from }
  const line = from === undefined ? ['record', '700', '--from', 'sim:'] : [command!, symbol!]
  const { code, stderr } = await hkq(line, { cwd: workdir(), env })
  expect(stderr).toMatch(/^hkq: [^\n]+\n$/)
  expect([expected, 4]).toContain(code)
})

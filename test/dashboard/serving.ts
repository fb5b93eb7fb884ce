import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { systemClock } from '../../src/core/clock.ts'
import { readAssets } from '../../src/core/dashboard/assets.ts'
import { Desk } from '../../src/core/dashboard/desk.ts'
import { PastReader } from '../../src/core/dashboard/past.ts'
import type { ServerMessage } from '../../src/core/dashboard/protocol.ts'
import { type DashboardOptions, type DashboardServer, openDashboard } from '../../src/core/dashboard/server.ts'
import { workdir } from '../e2e/hkq.ts'
import { HELLO, sessions } from './support.ts'

export const TOKEN = randomBytes(32).toString('base64url')
export const INDEX = '<!doctype html><script type="module" src="page.js"></script>'

/** A folder with a page in it, as the build leaves one. */
export function pageFolder(): string {
  const folder = join(workdir(), 'dashboard')
  mkdirSync(folder)
  writeFileSync(join(folder, 'index.html'), INDEX)
  writeFileSync(join(folder, 'page.js'), `// ${'x'.repeat(5_000)}`)
  writeFileSync(join(folder, 'page.css'), 'a{}')
  writeFileSync(join(folder, 'secret.json'), '{}')
  return folder
}

/** A server of the page on a free port of loopback, over a desk. @param shown the desk, null for none yet */
export async function serving(options: Partial<DashboardOptions> = {}, shown: Desk | null = new Desk(sessions)) {
  const clock = options.clock ?? systemClock
  const server = await openDashboard({
    ...{ host: '127.0.0.1', port: 0, names: ['127.0.0.1', 'localhost', '[::1]'] },
    ...{ token: TOKEN, isTokenGiven: true, assets: readAssets(pageFolder()), clock },
    ...options,
  })
  onTestFinished(() => server.close())
  const desk = shown ?? new Desk(sessions)
  const ready = Promise.resolve()
  if (shown) {
    const past = new PastReader(desk)
    server.show({ desk, past, hello: HELLO, clock, now: () => Date.now(), isRecorded: false, ready })
  }
  return { server, desk, host: `127.0.0.1:${server.port}` }
}

/** One plain request, its Host and all as given. */
export async function ask(server: DashboardServer, path: string, headers: OutgoingHttpHeaders = {}, method = 'GET') {
  const own = { host: `127.0.0.1:${server.port}` }
  const asked = request({ port: server.port, path, method, headers: { ...own, ...headers }, agent: false }).end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
  return { status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) }
}

/** The status that a handshake is answered with, 101 where the socket was opened. */
export async function shake(server: DashboardServer, headers: OutgoingHttpHeaders, path = '/socket'): Promise<number> {
  const upgrade = {
    ...{ connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' },
    'sec-websocket-key': randomBytes(16).toString('base64'),
  }
  const asked = request({ port: server.port, path, headers: { ...upgrade, ...headers }, agent: false }).end()
  return new Promise((resolve, reject) => {
    asked.once('upgrade', (response, socket) => {
      socket.on('error', () => {}).destroy()
      resolve(response.statusCode!)
    })
    asked.once('response', (response) => {
      response.resume()
      resolve(response.statusCode!)
    })
    asked.once('error', reject)
  })
}

/** A page's socket. */
export class Page {
  readonly ws: WebSocket
  readonly messages: ServerMessage[] = []
  #wake: () => void = () => {}

  constructor(server: DashboardServer, token = TOKEN) {
    const origin = `http://127.0.0.1:${server.port}`
    this.ws = new WebSocket(`ws://127.0.0.1:${server.port}/socket`, ['hkq.v1', `hkq.token.${token}`], { origin })
    this.ws.on('error', () => {})
    this.ws.on('message', (data) => {
      this.messages.push(JSON.parse(String(data)) as ServerMessage)
      this.#wake()
    })
    onTestFinished(() => this.ws.terminate())
  }

  say(message: object): void {
    this.ws.send(JSON.stringify(message))
  }

  /** The first message of a kind that holds. */
  async hears<T extends ServerMessage['type']>(
    type: T,
    holds: (message: Extract<ServerMessage, { type: T }>) => boolean = () => true,
  ): Promise<Extract<ServerMessage, { type: T }>> {
    for (;;) {
      const found = this.messages.find((one) => one.type === type && holds(one as never))
      if (found !== undefined) return found as Extract<ServerMessage, { type: T }>
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Paints each frame as it comes. */
  paints(): void {
    this.ws.on('message', (data) => {
      const { type, n } = JSON.parse(String(data)) as { type: string; n: number }
      if (type === 'frame' && this.ws.readyState === WebSocket.OPEN) this.say({ type: 'painted', n })
    })
  }

  async closed(): Promise<number> {
    const [code] = (await once(this.ws, 'close')) as [number]
    return code
  }
}

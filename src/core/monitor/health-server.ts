import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { HkqError, messageOf } from '../errors.ts'
import { isLoopbackHost } from '../loopback.ts'

/** What a page is answered with. */
export interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

/** What is answered, by path. */
export type Pages = Readonly<Record<string, () => Promise<Answer>>>

/** Where to listen; port 0 takes any free one. */
export interface Place {
  readonly host: string
  readonly port: number
}

export interface HealthServer {
  /** `http://127.0.0.1:9464` */
  readonly url: string
  close(): Promise<void>
}

const REQUEST_MS = 5_000
const MAX_CONNECTIONS = 64
const JSON_TYPE = 'application/json; charset=utf-8'

/**
 * Serves a few pages by path to whoever watches: GET and HEAD alone. On loopback it answers under loopback's names alone, else
 * under the name it was given, or any where it was given all addresses: a web page that has its own name bent to this machine
 * (DNS rebinding) gets nothing.
 * @throws HkqError E_NETWORK when it cannot listen there
 */
export async function openHealthServer(place: Place, pages: Pages): Promise<HealthServer> {
  const patience = { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, connectionsCheckingInterval: REQUEST_MS }
  const server = createServer(patience, (request, response) => void answer(request, response, place.host, pages))
  server.maxConnections = MAX_CONNECTIONS
  await listen(server, place)
  const { port } = server.address() as AddressInfo
  const name = isWildcard(place.host) ? '127.0.0.1' : place.host
  return {
    url: `http://${name.includes(':') ? `[${name}]` : name}:${port}`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}

async function listen(server: Server, { host, port }: Place): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const where = `${host}:${port}`
      const message = `cannot serve metrics on "${where}" (${messageOf(cause)}): choose another port, or 0 for a free one`
      reject(new HkqError('E_NETWORK', message, { cause }))
    })
    server.listen(port, host, resolve)
  })
  server.removeAllListeners('error').on('error', () => {})
}

async function answer(request: IncomingMessage, response: ServerResponse, host: string, pages: Pages): Promise<void> {
  const { status, type, body } = await answerTo(request, host, pages).catch(() => refusal(500, 'it failed'))
  const length = Buffer.byteLength(body)
  const headers = { 'content-type': type, 'content-length': length, 'cache-control': 'no-store' }
  response.writeHead(status, status === 405 ? { ...headers, allow: 'GET, HEAD' } : headers)
  response.end(request.method === 'HEAD' ? undefined : body)
}

async function answerTo(
  { method = '', url = '/', headers }: IncomingMessage,
  host: string,
  pages: Pages,
): Promise<Answer> {
  if (!isAddressed(headers.host ?? '', host)) return refusal(403, 'host not allowed')
  if (method !== 'GET' && method !== 'HEAD') return refusal(405, 'use GET')
  const path = url.replace(/\?.*$/s, '')
  const page = Object.hasOwn(pages, path) ? pages[path]! : null
  return page === null ? refusal(404, `no such page: there are ${Object.keys(pages).join(', ')}`) : page()
}

/** Whether a request means this server by the name in it. */
function isAddressed(header: string, host: string): boolean {
  const name = header.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  return name === '' || isWildcard(host) || isLoopbackHost(name) || name.toLowerCase() === host.toLowerCase()
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

function refusal(status: number, words: string): Answer {
  return { status, type: JSON_TYPE, body: `${JSON.stringify({ error: words })}\n` }
}

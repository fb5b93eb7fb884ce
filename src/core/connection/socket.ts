import { HttpsProxyAgent } from 'https-proxy-agent'
import WebSocket from 'ws'
import { HkqError, messageOf } from '../errors.ts'
import { isLoopbackHost } from '../loopback.ts'
import { type Lane, openFastLane } from './fast-lane.ts'
import { redactUrl } from './secret.ts'

/** Largest message a vendor may send, bytes. */
export const MAX_PAYLOAD = 1024 * 1024
/** Most pieces it may come in. */
const MAX_FRAGMENTS = 4_096

/** How a socket ended. `status`: the HTTP answer that took the place of an upgrade. `code`: the close code of an open one. */
export interface SocketEnd {
  readonly reason: string
  readonly status?: number
  readonly code?: number
}

/** What a socket calls back. `ended` comes exactly once and last. */
export interface SocketEvents {
  opened(): void
  /** A message that `lane` did not take. */
  frame(frame: Buffer): void
  /** Where messages are offered first, in the order they came. */
  readonly lane?: Lane | undefined
  ended(end: SocketEnd): void
}

export interface SocketOptions {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** Address of an HTTP proxy, if the connection goes through one. */
  readonly proxy: string | undefined
}

/** One connection as a link uses it. */
export interface SocketLike {
  send(text: string): void
  /** Stops reading: the sender is held back. */
  pause(): void
  resume(): void
  /** Says goodbye where the line still takes it, and lets go at once. No callback follows. */
  close(): void
}

/** Connects at once. @throws HkqError E_CONFIG when the proxy's address is none */
export type OpenSocket = (options: SocketOptions, events: SocketEvents) => SocketLike

/** Whether the host of `url` is this machine; false for what is no address. */
export function isLoopback(url: string): boolean {
  if (!URL.canParse(url)) return false
  const host = new URL(url).hostname
  return isLoopbackHost(host)
}

/**
 * Checks an endpoint before anything is opened.
 * @throws HkqError E_USAGE when it is no WebSocket address, or unencrypted to another machine
 */
export function checkEndpoint(url: string): void {
  const protocol = URL.canParse(url) ? new URL(url).protocol : ''
  if (protocol !== 'ws:' && protocol !== 'wss:') {
    throw new HkqError('E_USAGE', `"${redactUrl(url)}" is not a WebSocket address: use wss://HOST/PATH`)
  }
  if (protocol === 'ws:' && !isLoopback(url)) {
    throw new HkqError('E_USAGE', `"${redactUrl(url)}" is not encrypted: use wss://, ws:// is for this machine only`)
  }
}

/** One WebSocket with explicit limits: 1 MiB a message, no compression, no redirects, certificates verified. */
export class Socket implements SocketLike {
  readonly #ws: WebSocket
  #done = false

  constructor({ url, headers = {}, proxy }: SocketOptions, events: SocketEvents) {
    const via = proxy === undefined || isLoopback(url) ? undefined : proxy
    this.#ws = new WebSocket(url, {
      headers: { ...headers },
      maxPayload: MAX_PAYLOAD,
      maxFragments: MAX_FRAGMENTS,
      perMessageDeflate: false,
      followRedirects: false,
      rejectUnauthorized: true,
      ...(via === undefined ? {} : { agent: agentOf(via) }),
    })
    this.#ws.on('open', () => events.opened())
    if (events.lane) this.#open(events.lane)
    this.#ws.on('message', (data) => {
      if (!this.#done) events.frame(data as Buffer)
    })
    const end = (ended: SocketEnd): void => {
      if (this.#done) return
      this.#done = true
      this.#ws.terminate()
      events.ended(ended)
    }
    this.#ws.on('unexpected-response', (_request, response) => {
      const status = response.statusCode ?? 0
      end({ status, reason: notAnUpgrade(status, url, response.headers.location) })
    })
    const through = via === undefined ? '' : `through the proxy ${new URL(via).host}: `
    this.#ws.on('error', (error) => end({ reason: `${through}${reasonOf(error)}` }))
    this.#ws.on('close', (code, reason) => end({ code, reason: closeReason(code, reason.toString()) }))
  }

  #open({ take, passed }: Lane): void {
    this.#ws.on('upgrade', ({ socket }) => {
      const lane: Lane = { take: (bytes, start, end) => this.#done || take(bytes, start, end), passed }
      this.#ws.on('open', () => openFastLane(socket, lane))
    })
  }

  send(text: string): void {
    this.#ws.send(text, () => {})
  }

  pause(): void {
    this.#ws.pause()
  }

  resume(): void {
    this.#ws.resume()
  }

  close(): void {
    this.#done = true
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.close(1000)
    this.#ws.terminate()
  }
}

/** A WebSocket of the network. */
export const openSocket: OpenSocket = (options, events) => new Socket(options, events)

function agentOf(proxy: string): HttpsProxyAgent<string> {
  if (URL.canParse(proxy)) return new HttpsProxyAgent(proxy)
  throw new HkqError('E_CONFIG', 'the address of the proxy cannot be read: use http://HOST:PORT')
}

function notAnUpgrade(status: number, url: string, location: string | undefined): string {
  if (status >= 300 && status < 400) {
    const target = URL.canParse(location ?? '', url) ? ` to "${redactUrl(new URL(location ?? '', url).href)}"` : ''
    return `HTTP ${status} instead of a WebSocket: it redirects${target}, and redirects are refused; give the final address`
  }
  if (status === 401 || status === 403) return `HTTP ${status}: token missing or refused`
  return `HTTP ${status} instead of a WebSocket: wrong host or path, or the service is down`
}

function closeReason(code: number, reason: string): string {
  if (code === 1006) return 'the connection broke off'
  const words = reason === '' ? '' : ` "${reason}"`
  return `the server closed the connection (code ${code}${words})`
}

function reasonOf(error: Error & { code?: string; errors?: readonly Error[] }): string {
  const first = error.errors?.[0] ?? error
  const { code } = first as { code?: string }
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return 'a message larger than 1 MiB was refused'
  if (code?.startsWith('HPE_')) return 'what answers is no web server: wrong port'
  return messageOf(first) || code || 'the connection failed'
}

import { randomBytes } from 'node:crypto'
import { promises as dns, type LookupAddress } from 'node:dns'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { isLoopback } from './socket.ts'

/** One way to an endpoint, phase by phase, ms. `tls` is null without encryption. */
export interface Timings {
  dns: number
  tcp: number
  tls: number | null
  upgrade: number
  total: number
  /** HTTP status of the answer to the upgrade. */
  status: number
  /** What the server says the time is, epoch ms, to the second; null where it does not. */
  date: number | null
}

/** Where the way ended. `code` is the system's or TLS's error code, `TIMEOUT`, `CLOSED`, `NOT_HTTP`, or a proxy's status. */
export interface FailedPhase {
  phase: 'dns' | 'tcp' | 'proxy' | 'tls' | 'upgrade'
  code: string
}

export interface DialOptions {
  /** For each phase, ms. */
  timeoutMs: number
  /** Monotonic time, ms. */
  now: () => number
  /** Address of an HTTP proxy. */
  proxy: string | undefined
  signal: AbortSignal | undefined
}

const MAX_HEAD = 16 * 1024

/** Goes the way of a WebSocket connection once, up to the first HTTP answer, and lets go. Never rejects. */
export async function dial(url: string, options: DialOptions): Promise<Timings | { failed: FailedPhase }> {
  const target = new URL(url)
  if (!URL.canParse(options.proxy ?? url)) return { failed: { phase: 'proxy', code: 'BAD_ADDRESS' } }
  const proxy = options.proxy === undefined || isLoopback(url) ? null : new URL(options.proxy)
  const { now } = options
  let phase: FailedPhase['phase'] = 'dns'
  let socket: Socket | undefined
  const began = now()
  let last = began
  /** Time since the end of the phase before; the next phase begins. */
  const lap = (next: FailedPhase['phase']): number => {
    const took = now() - last
    last += took
    phase = next
    return took
  }
  try {
    const hop = proxy ?? target
    const addresses = await within(options, () => lookup(hop.hostname))
    const dnsTook = lap('tcp')
    socket = await within(options, (ends) => openTcp(addresses, portOf(hop), ends))
    const tcp = lap(proxy ? 'proxy' : 'tls')
    if (proxy) {
      await within(options, () => tunnel(socket!, target, proxy))
      lap('tls')
    }
    let tls: number | null = null
    if (target.protocol === 'wss:') {
      socket = await within(options, () => startTls(socket!, target.hostname))
      tls = lap('upgrade')
    }
    phase = 'upgrade'
    const answer = await within(options, () => upgrade(socket!, target))
    return { dns: dnsTook, tcp, tls, upgrade: lap('upgrade'), total: now() - began, ...answer }
  } catch (error) {
    return { failed: { phase, code: codeOf(error) } }
  } finally {
    socket?.destroy()
  }
}

/** The result of `start`, unless the time is up or the signal ends it first. */
async function within<T>({ timeoutMs, signal }: DialOptions, start: (ends: AbortSignal) => Promise<T>): Promise<T> {
  const limit = AbortSignal.timeout(timeoutMs)
  const ends = signal ? AbortSignal.any([limit, signal]) : limit
  if (ends.aborted) throw coded('TIMEOUT')
  let giveUp = (): void => {}
  const ended = new Promise<never>((_, reject) => {
    giveUp = () => reject(coded('TIMEOUT'))
    ends.addEventListener('abort', giveUp)
  })
  try {
    return await Promise.race([start(ends), ended])
  } finally {
    ends.removeEventListener('abort', giveUp)
  }
}

function lookup(hostname: string): Promise<LookupAddress[]> {
  const host = hostname.replace(/^\[|\]$/g, '')
  const family = isIP(host)
  return family === 0 ? dns.lookup(host, { all: true }) : Promise.resolve([{ address: host, family }])
}

function openTcp(addresses: LookupAddress[], port: number, ends: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({
      host: 'resolved',
      port,
      lookup: (_host, { all }, found) => {
        if (all) found(null, addresses)
        else found(null, addresses[0]!.address, addresses[0]!.family)
      },
    })
    socket.once('connect', () => resolve(socket))
    socket.on('error', (error) => {
      socket.destroy()
      reject(error)
    })
    ends.addEventListener('abort', () => {
      if (socket.connecting) socket.destroy()
    })
  })
}

function startTls(socket: Socket, hostname: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const secure = connectTls({
      socket,
      ...(isIP(hostname) === 0 ? { servername: hostname } : {}),
      ALPNProtocols: ['http/1.1'],
    })
    secure.once('secureConnect', () => resolve(secure))
    secure.on('error', reject)
    secure.once('close', () => reject(coded('CLOSED')))
  })
}

async function tunnel(socket: Socket, target: URL, proxy: URL): Promise<void> {
  const host = `${target.hostname}:${portOf(target)}`
  const user = decodeURIComponent(proxy.username)
  const credentials = Buffer.from(`${user}:${decodeURIComponent(proxy.password)}`).toString('base64')
  const lines = [
    `CONNECT ${host} HTTP/1.1`,
    `Host: ${host}`,
    ...(user ? [`Proxy-Authorization: Basic ${credentials}`] : []),
  ]
  const { status } = await exchange(socket, lines)
  if (status !== 200) throw coded(String(status))
}

function upgrade(socket: Socket, target: URL): Promise<Answer> {
  return exchange(socket, [
    `GET ${target.pathname}${target.search} HTTP/1.1`,
    `Host: ${target.host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
  ])
}

type Answer = Pick<Timings, 'status' | 'date'>

/** Sends a request head and reads the answer's. */
function exchange(socket: Socket, lines: readonly string[]): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let head = ''
    const done = (settle: () => void): void => {
      socket.off('data', read).off('error', fail).off('close', closed)
      socket.pause()
      settle()
    }
    const fail = (error: Error): void => done(() => reject(error))
    const closed = (): void => fail(coded('CLOSED'))
    const read = (chunk: Buffer): void => {
      head += chunk.toString('latin1')
      const status = /^HTTP\/1\.[01] (\d{3})\b/.exec(head)
      const isOther = status === null && head.includes('\n')
      if (isOther || head.length > MAX_HEAD) fail(coded('NOT_HTTP'))
      else if (status !== null && head.includes('\r\n\r\n'))
        done(() => resolve({ status: Number(status[1]), date: dateIn(head) }))
    }
    socket.on('data', read).on('error', fail).on('close', closed)
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  })
}

function dateIn(head: string): number | null {
  const date = Date.parse(/^date: *(.*)$/im.exec(head)?.[1] ?? '')
  return Number.isNaN(date) ? null : date
}

function portOf({ port, protocol }: URL): number {
  return Number(port) || (protocol === 'wss:' || protocol === 'https:' ? 443 : 80)
}

function coded(code: string): Error {
  return Object.assign(new Error(code), { code })
}

function codeOf(error: unknown): string {
  const { code, errors } = error as { code?: unknown; errors?: { code?: unknown }[] }
  return String(code ?? errors?.[0]?.code ?? 'FAILED')
}

import type { Agent, IncomingMessage } from 'node:http'
import { request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { HttpsProxyAgent } from 'https-proxy-agent'
import { HkqError, messageOf } from '../errors.ts'
import { isLoopback } from './socket.ts'

const MAX_BODY = 4 * 1024 * 1024

export interface FetchOptions {
  /** The address as errors may show it. */
  shown: string
  /** Takes secrets out of what errors say. */
  scrub: (text: string) => string
  headers?: Readonly<Record<string, string>>
  /** Posted as JSON; absent: a GET. */
  body?: string
  /** Address of an HTTP proxy, if the call goes through one; never used for loopback. */
  proxy?: string | undefined
  /** For the whole call, ms. */
  timeoutMs: number
  signal?: AbortSignal | undefined
}

/** An HTTP answer, whatever its status. */
export interface FetchedText {
  readonly status: number
  readonly text: string
}

/**
 * One HTTP exchange without redirects, its body cut off (an error) at 4 MiB.
 * @throws HkqError E_NETWORK when there is no answer, without any secret
 */
export async function fetchText(url: URL, options: FetchOptions): Promise<FetchedText> {
  const { shown, scrub, headers = {}, body = null, proxy, timeoutMs, signal } = options
  // not AbortSignal.any: a signal that lives for weeks would remember each call
  const ends = new AbortController()
  const leave = (): void => ends.abort()
  let isLate = false
  const limit = setTimeout(() => {
    isLate = true
    leave()
  }, timeoutMs)
  signal?.addEventListener('abort', leave)
  if (signal?.aborted) leave()
  try {
    const agent = proxy === undefined || isLoopback(url.href) ? undefined : new HttpsProxyAgent(proxy)
    return await exchange(url, { agent, signal: ends.signal, headers, body })
  } catch (error) {
    const cause = isLate ? `no answer within ${timeoutMs} ms` : scrub(messageOf(error))
    throw new HkqError('E_NETWORK', `no data from "${shown}": ${cause}; check the network, or the proxy settings`)
  } finally {
    clearTimeout(limit)
    signal?.removeEventListener('abort', leave)
  }
}

interface Exchange {
  agent: Agent | undefined
  signal: AbortSignal
  headers: Readonly<Record<string, string>>
  body: string | null
}

function exchange(url: URL, { agent, signal, headers, body }: Exchange): Promise<FetchedText> {
  const request = url.protocol === 'http:' ? requestPlain : requestTls
  const content = body === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  const method = body === null ? 'GET' : 'POST'
  return new Promise((resolve, reject) => {
    const call = request(url, { method, headers: { ...headers, ...content }, signal, ...(agent ? { agent } : {}) })
    call.on('error', reject)
    call.on('response', (response) => {
      readText(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject)
    })
    call.end(body ?? undefined)
  })
}

async function readText(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length
    if (size > MAX_BODY) throw new Error(`the answer is larger than ${MAX_BODY} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

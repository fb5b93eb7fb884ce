import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { isLoopbackHost } from '../loopback.ts'
import type { Admission } from './client.ts'
import type { Dialect } from './dialect.ts'

/** Status and JSON body of a plain HTTP answer, refusals of an upgrade included. */
export interface HttpAnswer {
  readonly status: number
  readonly body: string
}

const STOCK_PATH = '/quote-stock-b-ws-api'
const FOREX_PATH = '/quote-b-ws-api'
const TUTORIAL_PATH = '/realtime/hk'
const INFOWAY_PATH = '/ws'

const BY_PATH: Readonly<Record<string, Dialect>> = { [TUTORIAL_PATH]: 'tutorial', [INFOWAY_PATH]: 'infoway' }

export interface AdmissionRules {
  /** The one dialect of the server; all, told apart by the path, when absent. */
  readonly dialect: Dialect | undefined
  readonly strict: boolean
  /** Tokens that are let in; any when absent. */
  readonly tokens: readonly string[] | undefined
  /** Whether the server is bound to loopback alone. */
  readonly loopback: boolean
}

/** Path and query of a request, null when it is none. */
export function targetOf(request: IncomingMessage): URL | null {
  try {
    return new URL(request.url ?? '/', 'http://server')
  } catch {
    return null
  }
}

/** Whether a WebSocket upgrade is let in, and as what. */
export function admit(request: IncomingMessage, rules: AdmissionRules): Admission | HttpAnswer {
  const target = targetOf(request)
  if (target === null) return deny(400, 'request invalid')
  const denial = denialOf(request, target, rules)
  if (denial) return denial
  const path = target.pathname.replace(/\/+$/, '')
  if (rules.strict && ![STOCK_PATH, FOREX_PATH, TUTORIAL_PATH, INFOWAY_PATH].includes(path))
    return deny(404, 'path not found')
  const dialect = rules.dialect ?? BY_PATH[path] ?? 'alltick'
  const business = target.searchParams.get('business') ?? 'stock'
  return {
    dialect,
    forex: dialect === 'infoway' ? business !== 'stock' : path === FOREX_PATH,
    token: secretIn(request, target),
  }
}

/** Why an HTTP request or upgrade is refused whatever its path: a foreign web page, or its token. */
export function denialOf(request: IncomingMessage, target: URL, rules: AdmissionRules): HttpAnswer | null {
  if (rules.loopback && !isAddressedHere(request)) return deny(403, 'host not allowed')
  if (!isOwnOrigin(request, rules.loopback)) return deny(403, 'origin not allowed')
  const token = secretIn(request, target) ?? ''
  if (token === '' && (rules.tokens || rules.strict)) return deny(401, 'token is required')
  if (rules.tokens && !isOneOf(token, rules.tokens)) return deny(401, 'token invalid')
  return null
}

/** A client's secret where its vendor's protocol has it: AllTick's in `token`, Infoway's in `apikey` or a header. */
function secretIn({ headers }: IncomingMessage, target: URL): string | null {
  const { apikey } = headers
  const inHeader = typeof apikey === 'string' ? apikey : null
  return target.searchParams.get('token') ?? target.searchParams.get('apikey') ?? inHeader
}

/** A refusal in the words of the protocol's error bodies. */
export function deny(status: number, message: string): HttpAnswer {
  return { status, body: JSON.stringify({ msg: message, ret: status }) }
}

/**
 * A page of another site must not read the feed. Clients outside browsers send no Origin, or that of the address they
 * connect to; where the server is on loopback a name other than loopback's may be one that was bent to it.
 */
function isOwnOrigin({ headers }: IncomingMessage, loopback: boolean): boolean {
  // A browser says so of an image or script, which it asks for without an Origin.
  if (headers.origin === undefined) return headers['sec-fetch-site'] !== 'cross-site'
  const host = URL.canParse(headers.origin) ? new URL(headers.origin).host : ''
  if (isLoopbackHost(nameOf(host))) return true
  const own = host !== '' && host === headers.host
  return own && (!loopback || isAddress(nameOf(host)))
}

/** A page whose own name was bent to loopback (DNS rebinding) asks in that name; who means this machine does not. */
function isAddressedHere({ headers: { host = '' } }: IncomingMessage): boolean {
  const name = nameOf(host)
  return name === '' || isLoopbackHost(name) || isAddress(name)
}

function nameOf(host: string): string {
  return host.replace(/:\d+$/, '')
}

function isAddress(name: string): boolean {
  return isIP(name.replace(/^\[|\]$/g, '')) !== 0
}

/** Compares with all, in time that does not tell how much of one matched. */
function isOneOf(token: string, tokens: readonly string[]): boolean {
  const digest = sha256(token)
  let found = false
  for (const known of tokens) found = timingSafeEqual(digest, sha256(known)) || found
  return found
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { SUBPROTOCOL, TOKEN_PREFIX } from './protocol.ts'

/** Who is let in. */
export interface AdmissionRules {
  /** What a request may have as its Host, with the origins that a page of it has. */
  readonly hosts: ReadonlyMap<string, readonly string[]>
  readonly token: string
  /** Whether the page is given the token: on loopback, to a page of this server alone. */
  readonly isGiven: boolean
}

/** Why a request is refused. */
export interface Denial {
  readonly status: 400 | 401 | 403
  readonly reason: string
}

/**
 * Why a request of any kind is refused: its Host is none of ours (so a name that was bent to this address, DNS rebinding,
 * gets nothing), or its Origin is another site's.
 */
export function denialOf(headers: IncomingHttpHeaders, { hosts }: AdmissionRules): Denial | null {
  const origins = hosts.get(headers.host?.toLowerCase() ?? '')
  if (origins === undefined) return { status: 403, reason: 'host not allowed: see --allow-host' }
  const { origin } = headers
  if (origin !== undefined && !origins.includes(origin)) return { status: 403, reason: 'origin not allowed' }
  return null
}

/** Why a socket is refused: as any request, or it has no Origin, speaks another protocol, or has not the token. */
export function socketDenialOf(headers: IncomingHttpHeaders, rules: AdmissionRules): Denial | null {
  const denial = denialOf(headers, rules)
  if (denial) return denial
  if (headers.origin === undefined) return { status: 403, reason: 'origin not allowed' }
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((word) => word.trim())
  if (!offered.includes(SUBPROTOCOL)) return { status: 400, reason: `speak ${SUBPROTOCOL}` }
  const token = offered.find((word) => word.startsWith(TOKEN_PREFIX))?.slice(TOKEN_PREFIX.length)
  if (token === undefined || !isSame(token, rules.token)) return { status: 401, reason: 'token not allowed' }
  return null
}

/** Whether the token may be told: to a page of this server, as its browser says where it says so. */
export function isOwnPage(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site']
  return site === undefined || site === 'same-origin'
}

/**
 * The hosts of a server at one port.
 * @param names host names that it is reached by, `[::1]` in brackets
 * @param allowed further hosts that a proxy passes on, as their pages have them: a name, with its port where that is not usual
 */
export function hostsAt(
  port: number,
  names: readonly string[],
  allowed: readonly string[] = [],
): Map<string, string[]> {
  const hosts = new Map<string, string[]>()
  for (const name of names) {
    const host = port === 80 ? name : `${name}:${port}`
    hosts.set(host.toLowerCase(), [`http://${host.toLowerCase()}`])
  }
  for (const host of allowed) {
    const lower = host.toLowerCase()
    hosts.set(lower, [`https://${lower}`, `http://${lower}`])
  }
  return hosts
}

/** Compares in a time that does not tell how much of it matched. */
function isSame(a: string, b: string): boolean {
  return timingSafeEqual(sha256(a), sha256(b))
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

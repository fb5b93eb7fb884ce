import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { resolve } from 'node:path'
import { HkqError } from '../core/errors.ts'
import { isLoopbackHost } from '../core/loopback.ts'
import { exposed, reason } from './_config.ts'
import { type Io, say } from './_io.ts'

/** Who may look, as the command line says it. */
export interface AccessOptions {
  host: string
  allowHost?: readonly string[]
  tokenFile?: string
}

/** Where the dashboard listens, and whom it lets in. */
export interface Access {
  host: string
  names: readonly string[]
  allowedHosts: readonly string[]
  token: string
  /** Whether the page is given the token: one of this run, on loopback alone. */
  isTokenGiven: boolean
}

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]']
const EVERYWHERE = new Set(['0.0.0.0', '::'])
const VARIABLE = 'HKQ_DASHBOARD_TOKEN'
/** As it may stand in a subprotocol of WebSocket and behind `#` as it is. */
const TOKEN = /^[A-Za-z0-9._~-]{16,256}$/

/**
 * Settles who is let in, before anything is opened: on loopback the pages of this machine, with a token of this run that
 * they are given; from elsewhere whoever has the user's own.
 * @throws HkqError E_TOKEN where others could come and there is none, or one that is none; E_USAGE
 */
export function accessOf(options: AccessOptions, io: Io): Access {
  const host = options.host.replace(/^\[|\]$/g, '')
  const allowedHosts = options.allowHost ?? []
  const token = ownToken(options, io)
  const isOpen = !isLoopbackHost(host) || allowedHosts.length > 0
  if (isOpen && token === undefined) {
    const why = isLoopbackHost(host) ? `--allow-host "${allowedHosts[0]}"` : `--host "${host}"`
    throw new HkqError(
      'E_TOKEN',
      `${why} lets others in: set ${VARIABLE}, or name a file with --token-file, with a token of 16 characters or more, e.g. of openssl rand -hex 16`,
    )
  }
  return {
    ...{ host, names: namesOf(host), allowedHosts },
    token: token ?? randomBytes(32).toString('base64url'),
    isTokenGiven: token === undefined,
  }
}

/** A host that a proxy passes on: a name or address, with its port where that is not the usual one. */
export function allowedHost(text: string): string {
  if (/^([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(:\d{1,5})?$/i.test(text.trim())) return text.trim().toLowerCase()
  throw new HkqError(
    'E_USAGE',
    `unknown host "${text.slice(0, 60)}": write it as browsers have it, e.g. quotes.example.com`,
  )
}

function ownToken({ tokenFile }: AccessOptions, io: Io): string | undefined {
  const direct = io.env[VARIABLE]?.trim()
  if (tokenFile === undefined) return direct ? valid(direct, VARIABLE) : undefined
  const file = resolve(io.cwd, tokenFile)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new HkqError('E_TOKEN', `cannot read the token file "${tokenFile}": ${reason(cause)}`, { cause })
  }
  for (const warning of exposed(file)) say(io, `hkq: ${warning}`)
  return valid(text.replace(/^\ufeff/, '').trim(), `the token file "${tokenFile}"`)
}

function valid(token: string, where: string): string {
  if (TOKEN.test(token)) return token
  throw new HkqError('E_TOKEN', `${where} holds no token: use 16 to 256 letters, digits and - . _ ~`)
}

/** Names that the server is reached by, as a browser has them in Host, the best one first. */
function namesOf(host: string): string[] {
  if (isLoopbackHost(host)) return [...new Set([bracketed(host), ...LOOPBACK])]
  if (!EVERYWHERE.has(host)) return [bracketed(host)]
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return [...own.filter(({ internal }) => !internal).map(({ address }) => bracketed(address)), ...LOOPBACK]
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

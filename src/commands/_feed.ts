import type { Address } from '../core/address/address.ts'
import { parseAddress } from '../core/address/address.ts'
import type { SourceOptions } from '../core/address/open-source.ts'
import { isLoopbackHost } from '../core/loopback.ts'
import type { Io } from './_io.ts'
import { findRelay } from './_relay.ts'
import type { Setup } from './_setup.ts'
import { alltickSettings, resolveToken, tokenMissing } from './_token.ts'

/**
 * Where a live command reads from: what was asked for, else a recorder on this machine that relays AllTick, else
 * AllTick itself when there is a token.
 * @throws HkqError E_TOKEN when nothing is left
 */
export async function liveAddress(from: string | undefined, setup: Setup, io: Io): Promise<Address> {
  if (from !== undefined) return parseAddress(from, 'source')
  const relay = await findRelay(io, 'alltick')
  if (relay) return parseAddress(`alltick:?token=off&endpoint=${encodeURIComponent(relay.url)}`, 'source')
  if (resolveToken(setup.config, io.env, io).token === undefined) throw tokenMissing()
  return parseAddress('alltick:', 'source')
}

/** What a source needs from the process: credentials only where the address wants them. */
export function sourceOptions(
  setup: Setup,
  io: Io,
): Pick<SourceOptions, 'sessions' | 'clock' | 'random' | 'stdin' | 'alltick' | 'proxyFor'> {
  return {
    sessions: setup.sessions,
    clock: io.clock,
    random: io.random,
    stdin: io.stdin,
    alltick: () => ({ ...alltickSettings(setup.config, io.env), ...resolveToken(setup.config, io.env, io) }),
    proxyFor: proxyFrom(io.env),
  }
}

/** `HTTPS_PROXY` and `NO_PROXY` as curl reads them; a loopback address never goes through a proxy. */
export function proxyFrom(env: Io['env']): (url: string) => string | undefined {
  const get = (name: string): string | undefined => env[name.toLowerCase()] || env[name] || undefined
  const exempt = (get('NO_PROXY') ?? '').split(/[\s,]+/).filter(Boolean)
  return (url) => {
    if (!URL.canParse(url)) return undefined
    const { hostname, protocol, port } = new URL(url)
    const host = hostname.toLowerCase()
    if (isLoopbackHost(host)) return undefined
    if (exempt.some((rule) => matches(rule.toLowerCase(), host, port))) return undefined
    return get(protocol === 'wss:' || protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY') ?? get('ALL_PROXY')
  }
}

function matches(rule: string, host: string, port: string): boolean {
  const [name = '', onlyPort] = rule.split(':')
  if (onlyPort !== undefined && onlyPort !== port) return false
  if (name === '*') return true
  const suffix = name.replace(/^\*?\./, '')
  return host === suffix || host.endsWith(`.${suffix}`)
}

import type { Address } from '../core/address/address.ts'
import { parseAddress } from '../core/address/address.ts'
import type { LongbridgeAccess, SourceOptions } from '../core/address/source-options.ts'
import { isLoopbackHost } from '../core/loopback.ts'
import type { Io } from './_io.ts'
import { findRelay, relayAddress } from './_relay.ts'
import type { Setup } from './_setup.ts'
import { ALLTICK, INFOWAY, influxTokenOf, resolveToken, tokenMissing, vendorSettings } from './_token.ts'

/**
 * Where a live command reads from: what was asked for (two feeds are read side by side), else a recorder on this machine that relays AllTick, else
 * AllTick itself when there is a token.
 * @throws HkqError E_TOKEN when nothing is left
 */
export async function liveAddresses(
  from: readonly string[] | undefined,
  setup: Setup,
  io: Io,
): Promise<readonly [Address, ...Address[]]> {
  if (from !== undefined) return from.map((text) => parseAddress(text, 'source')) as [Address, ...Address[]]
  const relay = await findRelay(io, 'alltick')
  if (relay) return [relayAddress(io, relay)]
  if (resolveToken(setup.config, io.env, io).token === undefined) throw tokenMissing()
  return [parseAddress('alltick:', 'source')]
}

/** What a source needs from the process: credentials only where the address wants them. */
export function sourceOptions(
  setup: Setup,
  io: Io,
): Pick<
  SourceOptions,
  'sessions' | 'clock' | 'random' | 'stdin' | 'alltick' | 'infoway' | 'longbridge' | 'influxToken' | 'proxyFor'
> {
  return {
    sessions: setup.sessions,
    clock: io.clock,
    random: io.random,
    stdin: io.stdin,
    alltick: () => ({ ...vendorSettings(setup.config, io.env, ALLTICK), ...resolveToken(setup.config, io.env, io) }),
    infoway: () => {
      const { token: key, others } = resolveToken(setup.config, io.env, io, INFOWAY)
      return { ...vendorSettings(setup.config, io.env, INFOWAY), ...(key !== undefined && { key }), others }
    },
    longbridge: () => longbridgeAccess(io.env),
    influxToken: influxTokenOf(setup.config, io),
    proxyFor: proxyFrom(io.env),
  }
}

/** Longbridge's three secrets, under the names that its own programs read. */
export const longbridgeSecrets = ['LONGBRIDGE_APP_KEY', 'LONGBRIDGE_APP_SECRET', 'LONGBRIDGE_ACCESS_TOKEN'] as const

function longbridgeAccess(env: Io['env']): LongbridgeAccess {
  const [appKey, appSecret, accessToken] = longbridgeSecrets.map((name) => env[name])
  return { ...(appKey && { appKey }), ...(appSecret && { appSecret }), ...(accessToken && { accessToken }) }
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

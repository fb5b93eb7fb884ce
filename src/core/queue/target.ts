import { HkqError } from '../errors.ts'

/** A queue on a server. */
export interface Target {
  readonly scheme: 'redis' | 'nats'
  readonly host: string
  readonly port: number
  readonly user: string | null
  readonly password: string | null
  /** Key of a Redis stream or channel; subject of NATS, before the symbol. */
  readonly name: string
  readonly tls: boolean
  /** What people call it, without any secret. */
  readonly label: string
}

const PORTS = { redis: 6379, nats: 4222 } as const
const NAMES = { redis: /^[^\s/]+$/, nats: /^[\w-]+(?:\.[\w-]+)*$/ } as const
const EXAMPLES = { redis: 'redis://HOST:6379/hk_ticks', nats: 'nats://HOST:4222/hk.ticks' } as const

/**
 * What stands behind the scheme of an address.
 * @param path `//[USER:PASSWORD@]HOST[:PORT]/NAME`; characters that a URL gives a meaning are percent-encoded
 * @param shown the address without secrets
 * @throws HkqError E_USAGE
 */
export function targetOf(scheme: 'redis' | 'nats', path: string, shown: string, tls: boolean): Target {
  const url = parsed(scheme, path)
  const [name, user, password] = [url?.pathname.slice(1), url?.username, url?.password].map(decoded)
  if (!url || url.hostname === '' || typeof name !== 'string' || !NAMES[scheme].test(name)) {
    throw new HkqError('E_USAGE', `"${shown}" names no queue: write ${EXAMPLES[scheme]}`)
  }
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = url.port === '' ? PORTS[scheme] : Number(url.port)
  const label = `${scheme}://${url.hostname}:${port}/${name}`
  return { scheme, host, port, user: user || null, password: password || null, name, tls, label }
}

function parsed(scheme: string, path: string): URL | null {
  try {
    return new URL(`${scheme}:${path}`)
  } catch {
    return null
  }
}

function decoded(text: string | undefined): string | null {
  try {
    return decodeURIComponent(text ?? '')
  } catch {
    return null
  }
}

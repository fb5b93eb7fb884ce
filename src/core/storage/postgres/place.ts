import { HkqError } from '../../errors.ts'

/** How a connection is secured: as libpq's `sslmode` of these names. */
export const SSL_MODES = ['disable', 'require', 'verify-full'] as const
export type SslMode = (typeof SSL_MODES)[number]

/** Where a store is: a schema in a database of a server. What is absent is the client's default (PGHOST, PGPASSWORD, ...). */
export interface Place {
  /** What people are shown: without a password. */
  readonly name: string
  readonly schema: string
  readonly database: string
  readonly host?: string
  readonly port?: number
  readonly user?: string
  readonly password?: string
  readonly ssl: SslMode
}

/** The schema where none is named: nothing of other programs lies there. */
export const DEFAULT_SCHEMA = 'hkq'

/**
 * Reads `postgres://user:password@host:port/database`; a host that begins with %2F is the folder of a socket.
 * @param name the address as it may be shown
 * @throws HkqError E_USAGE
 */
export function placeOf(
  address: string,
  name: string,
  { schema = DEFAULT_SCHEMA, ssl = 'disable' }: { schema?: string | undefined; ssl?: SslMode | undefined } = {},
): Place {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    throw new HkqError('E_USAGE', `"schema=${schema}" in address "${name}": use small letters, digits and _`)
  }
  const url = parsed(address, name)
  const database = decodeURIComponent(url.pathname.slice(1))
  if (database === '' || database.includes('/')) {
    throw new HkqError('E_USAGE', `"${name}" names no database: write postgres://USER@HOST/DATABASE`)
  }
  const [host, user, password] = [url.hostname, url.username, url.password].map(decodeURIComponent)
  return {
    ...{ name, schema, database, ssl },
    ...(host && { host: host.replace(/^\[(.*)\]$/, '$1') }),
    ...(url.port && { port: Number(url.port) }),
    ...(user && { user }),
    ...(password && { password }),
  }
}

function parsed(address: string, name: string): URL {
  try {
    const url = new URL(address)
    if (!/^postgres(ql)?:\/\//i.test(address)) throw new TypeError('no server')
    for (const part of [url.pathname, url.hostname, url.username, url.password]) decodeURIComponent(part)
    return url
  } catch {
    // what the parser says quotes the address, password and all
    throw new HkqError('E_USAGE', `"${name}" is no address: write postgres://USER@HOST:PORT/DATABASE`)
  }
}

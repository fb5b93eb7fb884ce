import { HkqError } from '../../errors.ts'

/** A database of a 1.x server. */
export interface Database {
  readonly version: 1
  /** Scheme, host and port. */
  readonly url: string
  readonly database: string
  readonly user: string | null
  readonly password: string | null
}

/** A bucket of a 2.x server. */
export interface Bucket {
  readonly version: 2
  readonly url: string
  readonly database: string
  readonly org: string
}

export type Target = Database | Bucket

const PORT = 8086

/**
 * The database or bucket that an address names.
 * @param path `influxdb://[USER:PASSWORD@]HOST[:PORT]/DATABASE`; characters that a URL gives a meaning are percent-encoded
 * @param shown the address without secrets
 * @param org organisation of a 2.x server, undefined for 1.x
 * @throws HkqError E_USAGE
 */
export function targetOf(path: string, shown: string, { org, tls }: { org?: string; tls: boolean }): Target {
  const url = parsed(path)
  const name = url && decoded(url.pathname.slice(1))
  const user = url && decoded(url.username)
  const password = url && decoded(url.password)
  if (!url || url.hostname === '' || name === null || user === null || password === null || /^$|\//.test(name)) {
    throw new HkqError('E_USAGE', `"${shown}" names no database: write influxdb://HOST:8086/DATABASE`)
  }
  const address = `${tls ? 'https' : 'http'}://${url.hostname}:${url.port || PORT}`
  if (org === undefined)
    return { version: 1, url: address, database: name, user: user || null, password: password || null }
  if (org === '') throw new HkqError('E_USAGE', `"org=" in address "${shown}" is empty: name the organisation`)
  if (user !== '' || password !== '') {
    throw new HkqError('E_USAGE', `"${shown}": InfluxDB 2 takes a token from HKQ_INFLUX_TOKEN, no user and password`)
  }
  return { version: 2, url: address, database: name, org }
}

function parsed(path: string): URL | null {
  const match = /^influxdb:\/\/([^/?#]*@)?([^/?#@]+)\/([^?#]*)$/i.exec(path)
  if (!match) return null
  const [, login = '', host, rest] = match
  try {
    return new URL(`influxdb://${login}${host}/${rest}`)
  } catch {
    return null
  }
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

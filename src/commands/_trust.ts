import { lstatSync, realpathSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { basename, dirname, join, parse, relative, resolve } from 'node:path'
import { redactUrl } from '../core/connection/secret.ts'
import { HkqError } from '../core/errors.ts'
import { isLoopbackHost } from '../core/loopback.ts'

/** Hosts of each vendor's own. */
const OWN: Readonly<Record<string, RegExp>> = {
  alltick: /(^|\.)alltick\.(co|io)$/,
  tutorial: /(^|\.)alltick\.(co|io)$/,
  infoway: /(^|\.)infoway\.io$/,
}

/**
 * A project's file comes with a directory, not from the user's own hand: it may not send the token to a host of its
 * choice, nor write outside its own directory, nor be asked for metrics from elsewhere. The vendor's own hosts and loopback are fine; other hosts, and other places,
 * belong into the user's file, a flag or the environment.
 * @throws HkqError E_CONFIG naming the file and the host or place
 */
export function checkTrust(path: string, values: unknown): void {
  for (const place of placesIn(values)) {
    if (isBelow(dirname(path), place)) continue
    throw new HkqError(
      'E_CONFIG',
      `the project's configuration "${path}" would write to "${place}", outside its directory: if you trust it, name it in your own configuration or with --to`,
    )
  }
  for (const place of listenersIn(values)) {
    throw new HkqError(
      'E_CONFIG',
      `the project's configuration "${path}" would serve metrics at "${place}", beyond this machine: if you trust it, name it in your own configuration or with --metrics`,
    )
  }
  for (const { vendor, url } of endpointsIn(values)) {
    const host = URL.canParse(url) ? new URL(url).hostname : redactUrl(url)
    if (OWN[vendor]?.test(host) || isLoopbackHost(host)) continue
    throw new HkqError(
      'E_CONFIG',
      `the project's configuration "${path}" would send your token to "${host}": if you trust it, name it in your own configuration or with --from`,
    )
  }
}

/**
 * A configuration tells where the token goes and what is run: one that belongs to another user than this one and root, or
 * that everybody may write, is not used (not on Windows, which has neither).
 * @throws HkqError E_CONFIG naming the file and what to do
 */
export function checkOwner(path: string): void {
  const { uid } = userInfo()
  if (uid === -1) return
  const found = statSync(path)
  const refused = (why: string, remedy: string): HkqError =>
    new HkqError('E_CONFIG', `the configuration "${path}" ${why}: ${remedy}`)
  if (found.uid !== uid && found.uid !== 0)
    throw refused(`belongs to another user (${found.uid})`, 'if you trust it, copy it')
  if ((found.mode & 0o002) !== 0) throw refused('can be written by everybody', `run chmod o-w ${path}`)
}

/** Every file or folder that the values name to be written: of sinks, and of a raw capture. */
function placesIn(value: unknown, key = ''): string[] {
  if (typeof value === 'string') {
    if (key === 'raw') return [value]
    return key === 'to' && !/^(?:ws:|-$|[a-z]+:\/\/[^/])/i.test(value) ? [value.replace(/^[a-z]+:|\?.*$/gis, '')] : []
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, item]) => placesIn(item, Array.isArray(value) ? key : name))
}

/** Every host but loopback that the values name for metrics. */
function listenersIn(value: unknown, key = ''): string[] {
  if (typeof value === 'string') {
    const host = key === 'metrics' ? /^\s*(.*):\d+\s*$/.exec(value)?.[1] : undefined
    return host === undefined || isLoopbackHost(host) ? [] : [value]
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, item]) => listenersIn(item, Array.isArray(value) ? key : name))
}

/** Whether a place lies in a folder, wherever links lead. */
function isBelow(folder: string, place: string): boolean {
  const way = relative(realpathSync(folder), real(resolve(folder, place)))
  return way !== '' && !/^(?:\.\.(?:[\\/]|$)|[\\/]|[a-z]:)/i.test(way)
}

/** Where a path leads, as far as it exists; a link that leads nowhere yet could lead anywhere. */
function real(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()
    return isLink || dirname(path) === path ? parse(path).root : join(real(dirname(path)), basename(path))
  }
}

interface Named {
  vendor: string
  url: string
}

/** A server behind an address, such as `influxdb://HOST/DATABASE`. A served `ws:` is none. */
const SERVER = /^(?!ws:)([a-z]+):\/\/(?:[^/]*@)?([^/?#@]+)/i

/**
 * Every endpoint named anywhere in the file: in a vendor's list of endpoints, behind `endpoint=` in addresses, and the
 * servers of stores.
 */
function endpointsIn(value: unknown, key = '', section = ''): Named[] {
  if (typeof value === 'string') {
    if (key === 'endpoints') return [{ vendor: section, url: value }]
    const [, store, host] = SERVER.exec(value) ?? []
    if (store !== undefined) return [{ vendor: store, url: `http://${host}` }]
    const [, vendor, query] = /^([a-z]+):\?(.*)$/is.exec(value) ?? []
    if (vendor === undefined || !Object.hasOwn(OWN, vendor.toLowerCase())) return []
    return new URLSearchParams(query).getAll('endpoint').map((url) => ({ vendor: vendor.toLowerCase(), url }))
  }
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap((item) => endpointsIn(item, key, section))
  return Object.entries(value).flatMap(([name, item]) => endpointsIn(item, name, key))
}

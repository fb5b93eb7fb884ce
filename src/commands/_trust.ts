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
 * choice. The vendor's own hosts and loopback are fine; others belong into the user's file, a flag or the environment.
 * @throws HkqError E_CONFIG naming file and host
 */
export function checkTrust(path: string, values: unknown): void {
  for (const { vendor, url } of endpointsIn(values)) {
    const host = URL.canParse(url) ? new URL(url).hostname : url
    if (OWN[vendor]?.test(host) || isLoopbackHost(host)) continue
    throw new HkqError(
      'E_CONFIG',
      `the project's configuration "${path}" would send your token to "${host}": if you trust it, name it in your own configuration or with --from`,
    )
  }
}

interface Named {
  vendor: string
  url: string
}

/** Every endpoint named anywhere in the file: in a vendor's list of endpoints, and behind `endpoint=` in addresses. */
function endpointsIn(value: unknown, key = '', section = ''): Named[] {
  if (typeof value === 'string') {
    if (key === 'endpoints') return [{ vendor: section, url: value }]
    const [, vendor, query] = /^([a-z]+):\?(.*)$/is.exec(value) ?? []
    if (vendor === undefined || !Object.hasOwn(OWN, vendor.toLowerCase())) return []
    return new URLSearchParams(query).getAll('endpoint').map((url) => ({ vendor: vendor.toLowerCase(), url }))
  }
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap((item) => endpointsIn(item, key, section))
  return Object.entries(value).flatMap(([name, item]) => endpointsIn(item, name, key))
}

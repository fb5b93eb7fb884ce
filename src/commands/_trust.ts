import { redactUrl } from '../core/connection/secret.ts'
import { HkqError } from '../core/errors.ts'
import { isLoopbackHost } from '../core/loopback.ts'

const OWN = /(^|\.)alltick\.(co|io)$/

/**
 * A project's file comes with a directory, not from the user's own hand: it may not send the token to a host of its
 * choice. AllTick's own hosts and loopback are fine; others belong into the user's file, a flag or the environment.
 * @throws HkqError E_CONFIG naming file and host
 */
export function checkTrust(path: string, values: unknown): void {
  for (const url of endpointsIn(values)) {
    const host = URL.canParse(url) ? new URL(url).hostname : redactUrl(url)
    if (OWN.test(host) || isLoopbackHost(host)) continue
    throw new HkqError(
      'E_CONFIG',
      `the project's configuration "${path}" would send your token to "${host}": if you trust it, name it in your own configuration or with --from`,
    )
  }
}

/** Every endpoint named anywhere in the file: in lists of endpoints, and behind `endpoint=` in addresses. */
function endpointsIn(value: unknown, key = ''): string[] {
  if (typeof value === 'string') {
    if (key === 'endpoints') return [value]
    const query = /^(?:alltick|tutorial):\?(.*)$/is.exec(value)?.[1]
    return query === undefined ? [] : new URLSearchParams(query).getAll('endpoint')
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, item]) => endpointsIn(item, Array.isArray(value) ? key : name))
}

import type { FailedPhase } from './dial.ts'

/** In a person's words what stands in the way of an endpoint, and what to do; null when nothing does. */
export function remedyOf(
  url: string,
  status: number | null,
  failed: FailedPhase | null,
  secretName = 'HKQ_ALLTICK_TOKEN',
): string | null {
  if (failed !== null) return REMEDIES[failed.phase](failed.code, new URL(url))
  if (status === null || status === 101) return null
  if (status === 401 || status === 403) return `reached; it wants a token: set ${secretName}`
  if (status === 404) return 'reached, but there is nothing at this path (HTTP 404): check the path'
  if (status >= 300 && status < 400) return `reached, but it redirects (HTTP ${status}): give the final address`
  if (status >= 500) return `reached, but the service is down (HTTP ${status}): try later, or another endpoint`
  return `reached, but it is no WebSocket (HTTP ${status}): check the path`
}

const FIREWALL = 'a firewall may block it: try another network, or set HTTPS_PROXY'

const REMEDIES: Readonly<Record<FailedPhase['phase'], (code: string, url: URL) => string>> = {
  dns: (code, { hostname }) =>
    code === 'ENOTFOUND'
      ? `the name "${hostname}" does not exist: check the spelling`
      : `the name "${hostname}" could not be looked up (${code}): check the network and its DNS server`,
  tcp: (code, url) => {
    const port = url.port || (url.protocol === 'wss:' ? '443' : '80')
    if (code === 'ECONNREFUSED') return `nothing listens on port ${port}: check the port, or whether the server runs`
    if (code === 'TIMEOUT' || code === 'ETIMEDOUT') return `port ${port} does not answer: ${FIREWALL}`
    return `port ${port} cannot be reached (${code}): check the network; ${FIREWALL}`
  },
  proxy: (code) =>
    code === '407'
      ? 'the proxy wants a user and password: put them into HTTPS_PROXY'
      : `the proxy does not let it through (${code}): check HTTPS_PROXY, or exempt the host in NO_PROXY`,
  tls: (code) =>
    /CERT|SELF_SIGNED|ALTNAME|VERIFY|ISSUER/.test(code)
      ? `its certificate is refused (${code}): the clock may be wrong, or something between reads the traffic`
      : `no encrypted connection (${code}): this port may not speak TLS, or ${FIREWALL}`,
  upgrade: (code) =>
    code === 'NOT_HTTP'
      ? 'what answers is no web server: check the port'
      : `connected, but no answer to the WebSocket request (${code}): check port and proxy`,
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import { type AdmissionRules, denialOf, isOwnPage } from './admission.ts'
import type { Asset, Assets } from './assets.ts'
import { SESSION_PATH, type SessionAnswer } from './protocol.ts'

/** What the page may do: run and load what this server serves, and talk to it. Nothing inline, nothing from elsewhere. */
const POLICY = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'"],
  ...["connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
  "require-trusted-types-for 'script'",
].join('; ')

/** Headers of every answer. */
export const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
}

/** Answers a plain request: the page's files, and the session. */
export function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { assets, rules }: { assets: Assets; rules: AdmissionRules },
): void {
  const denial = denialOf(request.headers, rules)
  const path = request.url?.replace(/\?.*$/s, '') ?? ''
  const asset = assets.files.get(path)
  if (denial) refuse(response, denial.status, denial.reason)
  else if (request.method !== 'GET' && request.method !== 'HEAD')
    refuse(response, 405, 'use GET', { allow: 'GET, HEAD' })
  else if (path === SESSION_PATH) session(request, response, assets.build, rules)
  else if (asset === undefined) refuse(response, 404, 'not found')
  else serve(request, response, asset)
}

function session(request: IncomingMessage, response: ServerResponse, build: string, rules: AdmissionRules): void {
  if (!isOwnPage(request.headers)) {
    refuse(response, 403, 'for the page of this server alone')
    return
  }
  const told: SessionAnswer = { token: rules.isGiven ? rules.token : null, build }
  write(response, 200, JSON.stringify(told), { 'content-type': 'application/json', 'cache-control': 'no-store' })
}

/** The browser asks each time whether a file is still the same: on this way that costs nothing, and none is ever old. */
function serve({ headers, method }: IncomingMessage, response: ServerResponse, asset: Asset): void {
  const { type, etag, bytes, squeezed } = asset
  const validity = { etag, 'cache-control': 'no-cache', vary: 'accept-encoding' }
  if (headers['if-none-match'] === etag) return void response.writeHead(304, { ...HEADERS, ...validity }).end()
  const takesBrotli = /\bbr\b/.test(String(headers['accept-encoding'] ?? ''))
  const body = takesBrotli && squeezed ? squeezed : bytes
  response.writeHead(200, {
    ...{ ...HEADERS, ...validity, 'content-type': type, 'content-length': body.length },
    ...(body === squeezed && { 'content-encoding': 'br' }),
  })
  response.end(method === 'HEAD' ? undefined : body)
}

function refuse(response: ServerResponse, status: number, reason: string, more: Record<string, string> = {}): void {
  write(response, status, `${reason}\n`, { 'content-type': 'text/plain', 'cache-control': 'no-store', ...more })
}

function write(response: ServerResponse, status: number, body: string, more: Record<string, string>): void {
  response.writeHead(status, { ...HEADERS, ...more, 'content-length': Buffer.byteLength(body) })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}

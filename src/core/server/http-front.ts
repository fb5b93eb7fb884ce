import type { IncomingMessage, ServerResponse } from 'node:http'
import { type AdmissionRules, denialOf, deny, type HttpAnswer, targetOf } from './admission.ts'
import { answerHttp, type Desk, methodOf } from './http-api.ts'
import { answerInfowayHttp, isInfowayPath } from './infoway-http.ts'
import { MAX_PAYLOAD } from './request.ts'

const FAILED: HttpAnswer = deny(500, 'request failed')
const HTTP_PATH = /^\/(?:quote-stock-b-api|quote-b-api)\/([a-z_-]+)$/

/** Answers a request to one of the HTTP interfaces. Never rejects. */
export async function answerRequest(
  request: IncomingMessage,
  response: ServerResponse,
  desk: Desk,
  rules: AdmissionRules,
): Promise<void> {
  const { status, body } = await answerTo(request, desk, rules).catch(() => FAILED)
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
  response.end(body)
}

async function answerTo(request: IncomingMessage, desk: Desk, rules: AdmissionRules): Promise<HttpAnswer> {
  const target = targetOf(request)
  const name = HTTP_PATH.exec(target?.pathname ?? '')?.[1] ?? ''
  const isInfoway = target !== null && isInfowayPath(target.pathname)
  const method = isInfoway ? 'GET' : methodOf(name)
  if (target === null || method === null) return deny(404, 'path not found')
  const denial = denialOf(request, target, rules)
  if (denial) return denial
  if (request.method !== method) return deny(405, `use ${method}`)
  if (isInfoway) return { status: 200, body: answerInfowayHttp(desk, target) }
  const text = method === 'GET' ? target.searchParams.get('query') : await bodyOf(request)
  return { status: 200, body: JSON.stringify(answerHttp(desk, name, text)) }
}

/** The body of a request; null when it is too long or breaks off. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > MAX_PAYLOAD) return null
      chunks.push(chunk)
    }
  } catch {
    return null
  }
  return Buffer.concat(chunks).toString('utf8')
}

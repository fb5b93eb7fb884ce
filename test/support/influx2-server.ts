import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { INFLUX } from './influx.ts'

/** How long a bucket keeps, as the API tells it; none, or 0 seconds: for ever. */
export type BucketRules = readonly { readonly type: 'expire'; readonly everySeconds: number }[]

/** What a request must bring, and the buckets that its token may see as such. */
export interface Rights {
  readonly token: string
  readonly org: string
  readonly buckets?: ReadonlyMap<string, BucketRules>
}

/** A server that speaks as InfluxDB 2 does. */
export interface Influx2 {
  readonly url: string
  /** Requests that the API does not know, in words. */
  readonly faults: readonly string[]
  close(): Promise<void>
}

/**
 * The endpoints of InfluxDB 2 that hkq uses, in front of the 1.x server of the tests, which stores a bucket as a
 * database: `/api/v2/write` (line protocol, 204) and `/query` (InfluxQL of the 1.x compatibility API), and for who looks at it `/ping`
 * (no token) and `/api/v2/buckets`. Each request is held
 * to what the documentation asks of it, and errors have the shape it gives: `{"code", "message"}`, of `/query` `{"error"}`.
 * Source: docs.influxdata.com/influxdb/v2/api, "Write data", "Get /ping", "List buckets", and /influxdb/v2/api-guide/influxdb-1x/query.
 */
export async function openInflux2({ token, org, buckets = new Map() }: Rights): Promise<Influx2> {
  const faults: string[] = []
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request)
    const { pathname, searchParams: query } = new URL(request.url!, 'http://localhost')
    if (pathname === '/ping') return void response.writeHead(204, { 'x-influxdb-version': 'v2.7.1' }).end()
    if (request.headers.authorization !== `Token ${token}`)
      return refuse(response, 401, 'unauthorized', 'unauthorized access')
    if (pathname === '/api/v2/buckets') {
      check(faults, 'buckets', query, ['org', 'name'])
      return listed(response, query.get('name')!, buckets.get(query.get('name')!))
    }
    if (request.method !== 'POST') return refuse(response, 405, 'method not allowed', request.method!)
    if (pathname === '/api/v2/write') {
      check(faults, 'write', query, ['org', 'bucket', 'precision'])
      if (query.get('precision') !== 'ns') faults.push(`write with precision ${query.get('precision')}`)
      if (!/^text\/plain/.test(request.headers['content-type'] ?? '')) faults.push('write that is no text/plain')
      if (query.get('org') !== org)
        return refuse(response, 404, 'not found', `organization name "${query.get('org')}" not found`)
      return pass(
        response,
        `/write?${new URLSearchParams({ db: query.get('bucket')!, precision: 'ns' })}`,
        body,
        (text) => {
          const error = String((JSON.parse(text) as { error: string }).error)
          const bucket = /^database not found: "(.*)"$/.exec(error)?.[1]
          return bucket === undefined
            ? [400, { code: 'invalid', message: error }]
            : [404, { code: 'not found', message: `bucket "${bucket}" not found` }]
        },
      )
    }
    if (pathname === '/query') {
      check(faults, 'query', query, ['db', 'epoch'])
      const type = request.headers['content-type'] ?? ''
      if (!type.startsWith('application/x-www-form-urlencoded')) faults.push(`query of type ${type}`)
      return pass(response, `/query?${query}`, body, (text) => [400, JSON.parse(text) as object], type)
    }
    faults.push(`${request.method} ${pathname}`)
    return refuse(response, 404, 'not found', 'path not found')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, faults, close }
}

function listed(response: ServerResponse, name: string, retentionRules: BucketRules | undefined): void {
  const buckets = retentionRules === undefined ? [] : [{ type: 'user', name, retentionRules }]
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ buckets }))
}

function check(faults: string[], what: string, query: URLSearchParams, known: readonly string[]): void {
  const names = [...query.keys()].sort().join(', ')
  if (names !== [...known].sort().join(', ')) faults.push(`${what} with parameters ${names}`)
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks)
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
}

async function pass(
  response: ServerResponse,
  path: string,
  body: Buffer,
  translated: (text: string) => [status: number, body: object],
  type = 'text/plain',
): Promise<void> {
  const answer = await fetch(`${INFLUX}${path}`, { method: 'POST', body, headers: { 'content-type': type } })
  const text = await answer.text()
  const [status, error] = answer.ok ? [answer.status, null] : translated(text)
  response.writeHead(status, { 'content-type': 'application/json' }).end(error === null ? text : JSON.stringify(error))
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ code, message }))
}

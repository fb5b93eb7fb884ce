import { type Answer, answerIn } from './answer.ts'
import { refusal, unanswered } from './refusal.ts'
import type { Bucket, Database, Target } from './target.ts'

/** Precision of the times of an answer. */
export type Epoch = 'ms' | 'ns'

/** What carries points and questions to a server and answers back. */
export interface Wire {
  readonly target: Target
  /**
   * Stores points in line protocol, times in ns; resolves when the server has them on its disk.
   * @throws HkqError E_STORAGE; then some of them may be stored
   */
  write(lines: readonly string[]): Promise<void>
  /** The answer to one statement of InfluxQL. @throws HkqError E_STORAGE */
  ask(statement: string, epoch?: Epoch): Promise<Answer>
  close(): void
}

/** Longest wait for an answer, ms: to a write, and to a question. */
const WRITING = 30_000
const ASKING = 300_000

/**
 * InfluxDB 1.x by its HTTP API (`/write`, `/query`).
 * @param askingMs how long the answer to a question may take
 */
export function wireOf(target: Database, askingMs = ASKING): Wire {
  const { url, database, user, password } = target
  const headers: Record<string, string> = {}
  if (user !== null) headers.authorization = `Basic ${Buffer.from(`${user}:${password ?? ''}`).toString('base64')}`
  const db = encodeURIComponent(database)

  async function post(path: string, body: string | URLSearchParams, ms: number): Promise<string> {
    let response: Response
    let text: string
    try {
      const signal = AbortSignal.timeout(ms)
      response = await fetch(`${url}${path}`, { method: 'POST', body, headers, signal, redirect: 'error' })
      text = await response.text()
    } catch (error) {
      throw unanswered(target, error)
    }
    if (!response.ok) throw refusal(target, response.status, text)
    return text
  }

  return {
    target,
    write: async (lines) => void (await post(`/write?db=${db}&precision=ns`, lines.join('\n'), WRITING)),
    ask: async (statement, epoch = 'ms') =>
      answerIn(target, await post(`/query?db=${db}&epoch=${epoch}`, new URLSearchParams({ q: statement }), askingMs)),
    close: () => {},
  }
}

/**
 * InfluxDB 2.x by its official client, which is loaded when it is used; questions go to its endpoint for InfluxQL.
 * @param askingMs how long the answer to a question may take
 */
export async function clientWireOf(target: Bucket, token: string, askingMs = ASKING): Promise<Wire> {
  const [{ InfluxDB, HttpError, setLogger }, agent] = await Promise.all([
    import('@influxdata/influxdb-client'),
    agentFor(target),
  ])
  // what goes wrong is thrown; the client would print it too
  setLogger({ error: () => {}, warn: () => {} })
  const client = new InfluxDB({ url: target.url, token, timeout: WRITING, transportOptions: { agent } })
  const asking = new InfluxDB({ url: target.url, token, timeout: askingMs, transportOptions: { agent } })
  const path = `/query?${new URLSearchParams({ db: target.database })}`

  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      if (error instanceof HttpError) throw refusal(target, error.statusCode, error.body ?? error.statusMessage ?? '')
      throw unanswered(target, error)
    }
  }
  const texts = async (statement: string, epoch: Epoch): Promise<string> => {
    const body = new URLSearchParams({ q: statement }).toString()
    const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' }
    const chunks: Uint8Array[] = []
    for await (const chunk of asking.transport.iterate(`${path}&epoch=${epoch}`, body, { method: 'POST', headers }))
      chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  }

  return {
    target,
    write: (lines) =>
      attempt(async () => {
        // one at a time, never sent again behind our back: what is not stored is told at once
        const options = { maxRetries: 0, flushInterval: 0, batchSize: lines.length + 1, maxBatchBytes: 2 ** 30 }
        const api = client.getWriteApi(target.org, target.database, 'ns', options)
        for (const line of lines) api.writeRecord(line)
        await api.flush()
        api.dispose()
      }),
    ask: async (statement, epoch = 'ms') => answerIn(target, await attempt(() => texts(statement, epoch))),
    close: () => agent.destroy(),
  }
}

async function agentFor({ url }: Bucket): Promise<import('node:http').Agent> {
  const { Agent } = url.startsWith('https:') ? await import('node:https') : await import('node:http')
  return new Agent({ keepAlive: true })
}

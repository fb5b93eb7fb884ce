import { HkqError, messageOf } from '../../errors.ts'
import type { Target } from './target.ts'

/** A server that cannot be reached, or has no time or room now: what was refused may be sent again later. */
class Away extends Error {}

/** A server whose disk is full. */
class Full extends Away {}

/** Whether an error tells that the server refused something because its disk is full. */
export function isFull(error: unknown): boolean {
  return error instanceof HkqError && error.cause instanceof Full
}

/** Whether an error tells that the server is away and may come back. */
export function isAway(error: unknown): boolean {
  return error instanceof HkqError && error.cause instanceof Away
}

/** A server that has no such database or bucket. */
class Missing extends Error {}

/** Whether an error tells that the database, or bucket, is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof HkqError && error.cause instanceof Missing
}

/** What a server is called in a message: no secret is part of it. */
export function nameOf({ url, database }: Target): string {
  return `influxdb://${url.replace(/^https?:\/\//, '')}/${database}`
}

/** Failures of a network that pass by themselves. */
const PASSING =
  /^(ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENETDOWN|ENOTFOUND|EAI_AGAIN|UND_ERR_\w+|ERR_SOCKET\w*|ABORT_ERR)$/

/** E_STORAGE for a request that got no answer. */
export function unanswered(target: Target, error: unknown): HkqError {
  const cause = causeOf(error)
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  const why = code.startsWith('ECONN') || code === '' ? messageOf(cause) || code : `${code}: ${messageOf(cause)}`
  const passes = PASSING.test(code) || /timeout|timed ?out|aborted/i.test(`${cause.name} ${cause.message}`)
  const remedy = passes && code !== 'ENOTFOUND' ? 'see that the server runs' : 'check host, port and tls'
  return new HkqError('E_STORAGE', `"${nameOf(target)}" does not answer (${why}): ${remedy}`, {
    cause: passes ? new Away(why, { cause: error }) : error,
  })
}

/** The innermost error: what Node's fetch and its lookups of several addresses wrap. */
function causeOf(error: unknown): Error {
  if (error instanceof AggregateError && error.errors.length > 0) return causeOf(error.errors[0])
  if (error instanceof Error && error.cause instanceof Error) return causeOf(error.cause)
  return error instanceof Error ? error : new Error(String(error))
}

type Verdict = (target: Target, text: string) => [remedy: string, cause?: Error]

/** InfluxDB 1.x may go on refusing when there is room again, until it is started anew. */
const FULL = 'the disk of the server is full; free some space there, then restart it where it still refuses'

const VERDICTS: readonly (readonly [RegExp, Verdict])[] = [
  [/no space left|disk quota/i, () => [`cannot grow: ${FULL}`, new Full(FULL)]],
  [
    /retention policy|retention period|dropped=\d/i,
    (_, text) => [`drops what is stored after some time (${text}): name one that keeps for ever`],
  ],
  [
    /field type conflict|conflicting type/i,
    () => ['holds other fields under our names, of another program: name another database'],
  ],
  [
    /database not found|bucket.*not found|database.*not found|mapping not found/i,
    (target, text) => [missing(target), new Missing(text)],
  ],
  [
    /cache.*maximum memory|timeout|max-?concurrent|too many requests/i,
    (_, text) => [`is busy (${text})`, new Away(text)],
  ],
  // what a server says while it is stopped in order. Source: influxdb 1.x, coordinator/points_writer.go, query/executor.go,
  // tsdb/store.go, engine.go, wal.go
  [
    /shutdown|^write failed$|(store|engine|shard|index|wal) (is )?(closed|closing|disabled)|query (interrupted|aborted)/i,
    (_, text) => [`is stopping (${text})`, new Away(text)],
  ],
]

function missing({ version }: Target): string {
  return version === 1
    ? 'is no database of this server: create it (CREATE DATABASE), record into it first, or name another'
    : 'is no bucket of this organisation, or is mapped to no database for InfluxQL: create it (influx bucket create), or name another'
}

/**
 * E_STORAGE for what a server answered instead of doing what it was asked for.
 * @param status of HTTP; 200 where the answer itself tells of the error
 * @param body what it said
 */
export function refusal(target: Target, status: number, body: string): HkqError {
  const text = saidIn(body)
  const [remedy, cause] = verdict(target, status, text)
  return new HkqError('E_STORAGE', `"${nameOf(target)}" ${remedy}`, { cause })
}

function verdict(target: Target, status: number, text: string): [remedy: string, cause?: Error] {
  if (status === 401) {
    return target.version === 1
      ? [`refuses the user and password (${text}): check them in influxdb://USER:PASSWORD@HOST/DATABASE`]
      : [`refuses the token (${text}): check HKQ_INFLUX_TOKEN`]
  }
  if (status === 403) return [`may not be used so (${text}): ask its administrator for the right to read and write it`]
  const known = VERDICTS.find(([pattern]) => pattern.test(text))
  if (known) return known[1](target, text)
  if (status === 429 || (status >= 502 && status <= 504)) return [`is busy (${status} ${text})`, new Away(text)]
  return [`refuses (${status} ${text})`]
}

/** The words of an answer, on one line. */
function saidIn(body: string): string {
  let said = body
  try {
    const { error, message } = JSON.parse(body) as { error?: unknown; message?: unknown }
    said = String(message ?? error ?? body)
  } catch {}
  return said.replace(/\s+/g, ' ').trim().slice(0, 300)
}

import { HkqError } from '../errors.ts'
import type { Target } from './target.ts'

/** A server that cannot be reached, or takes nothing now: what was refused may be sent again later. */
class Away extends Error {}

/** Whether an error tells that a queue's server is away, or full, and may take it later. */
export function isAway(error: unknown): boolean {
  return error instanceof HkqError && error.cause instanceof Away
}

/** E_STORAGE for a queue that is away or full for now. */
export function away(message: string, cause: unknown): HkqError {
  return new HkqError('E_STORAGE', message, { cause: new Away(message, { cause }) })
}

const PASSING = /^(ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENETDOWN|ENOTFOUND|EAI_AGAIN)$/

/**
 * E_STORAGE for a server that cannot be reached: away where that may pass by itself, as a resolver that is down does.
 */
export function unreachable({ label, tls }: Target, error: unknown): HkqError {
  const { code, message } = innermost(error)
  const text =
    code === 'ENOTFOUND'
      ? `"${label}": nobody knows this host: check its name`
      : `"${label}" does not answer (${message || code || 'no answer'}): see that the server runs${tls ? ' and speaks TLS' : ''}`
  const passes = code === undefined || PASSING.test(code)
  return passes ? away(text, error) : new HkqError('E_STORAGE', text, { cause: error })
}

/** What Node's lookups of several addresses and the clients wrap. */
function innermost(error: unknown): { code?: string; message: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0])
  if (error instanceof Error && error.cause instanceof Error) return innermost(error.cause)
  return error instanceof Error ? error : { message: String(error) }
}

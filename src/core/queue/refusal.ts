import { HkqError } from '../errors.ts'

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

const PASSING = /^(ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENETDOWN|EAI_AGAIN)$/

/**
 * E_STORAGE for a server that cannot be reached: away where that may pass by itself; a name that nobody knows may not.
 * @param label the queue, without secrets
 */
export function unreachable(label: string, error: unknown): HkqError {
  const { code, message } = innermost(error)
  const why = message || code || 'no answer'
  if (code === 'ENOTFOUND') {
    return new HkqError('E_STORAGE', `"${label}": nobody knows this host: check its name`, { cause: error })
  }
  const isKnown = code === undefined || PASSING.test(code)
  const text = `"${label}" does not answer (${why}): see that the server runs`
  return isKnown ? away(text, error) : new HkqError('E_STORAGE', text, { cause: error })
}

/** What Node's lookups of several addresses and the clients wrap. */
function innermost(error: unknown): { code?: string; message: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0])
  if (error instanceof Error && error.cause instanceof Error) return innermost(error.cause)
  return error instanceof Error ? error : { message: String(error) }
}

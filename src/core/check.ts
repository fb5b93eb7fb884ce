import { type ErrorCode, HkqError, messageOf } from './errors.ts'

/** One thing that was looked at: how it is, and what to do where it is not well. A line of hkq doctor. */
export interface Check {
  readonly type: 'check'
  readonly name: string
  readonly state: 'ok' | 'warning' | 'failure'
  /** Of a failure. */
  readonly code: ErrorCode | null
  readonly detail: string
  readonly remedy: string | null
}

export function ok(name: string, detail: string): Check {
  return { type: 'check', name, state: 'ok', code: null, detail, remedy: null }
}

export function warning(name: string, detail: string, remedy: string): Check {
  return { type: 'check', name, state: 'warning', code: null, detail, remedy }
}

export function failure(name: string, code: ErrorCode, detail: string, remedy: string): Check {
  return { type: 'check', name, state: 'failure', code, detail, remedy }
}

/** The failure that an error is: hkq's own messages say what happened, a colon, and what to do. */
export function failed(name: string, error: unknown): Check {
  const code = error instanceof HkqError ? error.code : 'E_UNEXPECTED'
  const message = messageOf(error)
  const [, detail, remedy] = MESSAGE.exec(message) ?? [message, message, 'report it with hkq doctor --bundle FILE']
  return failure(name, code, detail!, remedy!)
}

/** Colons in quotes and brackets are not the one, nor is the one behind a name that comes before what happened. */
const MESSAGE = /^((?:"[^"]*": )?(?:"[^"]*"|\([^)]*\)|(?!: ).)+): (.*)$/s

/** How long a server that is looked at may take for an answer, ms. */
export const ANSWER = 5_000

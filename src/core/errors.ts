/** Stable codes of everything that can go wrong, each with the exit code of the command line (docs/commands.md). */
export const ERROR_CODES = {
  E_UNEXPECTED: 1,
  E_USAGE: 2,
  E_SYMBOL: 2,
  E_CONFIG: 2,
  E_INPUT: 2,
  E_NO_DATA: 3,
  E_TOKEN: 4,
  E_NETWORK: 5,
  E_STORAGE: 6,
  E_LOCKED: 7,
} as const

export type ErrorCode = keyof typeof ERROR_CODES

/**
 * The one error class of hkq. The message says what happened, the value in quotes, and what to do:
 * `unknown symbol "70.HKX": use digits and .HK, e.g. 00700.HK`.
 */
export class HkqError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'HkqError'
    this.code = code
  }

  /** Exit code of the command line for this error. */
  get exitCode(): number {
    return ERROR_CODES[this.code]
  }
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Whether whoever read a stream has gone: a pipe or a terminal was closed. */
export function isReaderGone(
  { code }: NodeJS.ErrnoException,
  stream: NodeJS.WritableStream & { isTTY?: boolean },
): boolean {
  return code === 'EPIPE' || (code === 'EIO' && stream.isTTY === true)
}

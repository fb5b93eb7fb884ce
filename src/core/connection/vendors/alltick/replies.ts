import type { Reply } from '../../vendor.ts'
import { wireNumber } from '../../wire.ts'

type Refusal = Extract<Reply, { type: 'refused' }>

/** What each answer's command accepts; 22001 answers the heartbeat. */
const KINDS: Readonly<Record<number, string>> = {
  22001: 'heartbeat',
  22003: 'quotes',
  22005: 'trades',
  22007: 'cancel',
}

/** AllTick's error codes (its error_code_description page, and 403, which others have seen). */
const VERDICTS: Readonly<Record<number, Refusal['verdict']>> = {
  201: 'fatal',
  202: 'fatal',
  400: 'fatal',
  401: 'token',
  402: 'fatal',
  403: 'token',
  429: 'backoff',
  600: 'symbols',
  601: 'fatal',
  603: 'limit',
  604: 'symbols',
  605: 'backoff',
  606: 'backoff',
}

/** What to do about an error code, over WebSocket and HTTP alike; a code not listed is worth another try. */
export function verdictOf(code: number): Refusal['verdict'] {
  return VERDICTS[code] ?? 'backoff'
}

/**
 * The answer in a message that is no push, undefined when it is none that we know. An error may come without the
 * echoes of its request (0 and ""), so its id and kind may be null.
 */
export function replyIn(
  message: Readonly<Record<string, unknown>>,
  scrub: (text: string) => string,
): Reply | undefined {
  const kind = KINDS[wireNumber(message.cmd_id)] ?? null
  const code = message.ret === undefined ? 200 : wireNumber(message.ret)
  const id = wireNumber(message.seq_id) > 0 ? wireNumber(message.seq_id) : null
  if (Number.isNaN(code)) return undefined
  if (code !== 200) {
    const words = typeof message.msg === 'string' ? scrub(message.msg).slice(0, 200) : ''
    return { type: 'refused', id, kind, code, message: words, verdict: verdictOf(code) }
  }
  if (kind === null) return undefined
  return kind === 'heartbeat' ? { type: 'heartbeat' } : { type: 'accepted', id, kind }
}

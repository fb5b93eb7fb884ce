import type { Reply } from '../../vendor.ts'
import { wireNumber } from '../../wire.ts'
import type { Fields } from './fields.ts'

type Refusal = Extract<Reply, { type: 'refused' }>

/** Which kind of request each acknowledgement accepts. */
const KINDS: Readonly<Record<number, string>> = { 10001: 'trades', 10004: 'quotes' }
/** Answers a heartbeat, where the server answers one at all. */
const HEARTBEAT_ANSWER = 10011
/** The traces of our own requests end in their number. */
const OWN_TRACE = /^hkq-\d+-(\d{1,15})$/

/**
 * Infoway's WebSocket error codes that another try does not mend (those of its HTTP interface mean other things). 508 to
 * 511 are the key's own, 517 to 521 the handshake's; 505 and 516 count symbols, of the connection and of all.
 */
const VERDICTS: Readonly<Record<number, Refusal['verdict']>> = {
  401: 'token',
  404: 'fatal',
  505: 'limit',
  506: 'fatal',
  507: 'fatal',
  508: 'token',
  509: 'token',
  510: 'token',
  511: 'token',
  514: 'fatal',
  515: 'fatal',
  516: 'limit',
  517: 'token',
  518: 'token',
  519: 'token',
  520: 'token',
  521: 'token',
}

/** The answer in a message that is no push, undefined when it is none that we know. */
export function replyIn(message: Fields, scrub: (text: string) => string): Reply | undefined {
  const code = wireNumber(message.code)
  if (code === HEARTBEAT_ANSWER) return { type: 'heartbeat' }
  const id = idOf(message.trace) ?? idOf(message.traceId)
  const kind = KINDS[code]
  if (kind !== undefined) return { type: 'accepted', id, kind }
  if (!(code >= 400 && code < 600)) return undefined
  const words = typeof message.msg === 'string' ? scrub(message.msg).slice(0, 200) : ''
  return { type: 'refused', id, kind: null, code, message: words, verdict: VERDICTS[code] ?? 'backoff' }
}

function idOf(trace: unknown): number | null {
  const digits = typeof trace === 'string' ? OWN_TRACE.exec(trace)?.[1] : undefined
  return digits === undefined ? null : Number(digits)
}

import { HkqError, messageOf } from '../../errors.ts'
import type { Place } from './place.ts'

/** Code of an error that ended the connection, where neither the server nor the system gave one. */
export const LOST = 'CONNECTION_LOST'

/** Codes of what the client says in words alone. */
const UNCODED: readonly (readonly [RegExp, string])[] = [
  [/^(SASL|password)/i, '28P01'],
  [/does not support SSL/i, 'NO_TLS'],
]

/**
 * The server cannot be reached, or cannot take anything for now: connection exceptions (08), insufficient resources (53: a
 * full disk too), operator intervention (57), system errors (58), and what the network says.
 * Source: PostgreSQL's manual, appendix A, "PostgreSQL Error Codes"
 */
const AWAY =
  /^(08|53|57|58)...$|^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|ENOTFOUND|EAI_AGAIN|ENOENT)$/

/**
 * Two transactions stood in each other's way, or one put in first what the other had found absent (23505): the same again may
 * pass.
 */
const CONTENTION = /^(23505|40001|40P01|55P03)$/

/** Whether an error tells that the server is away for now, so that what is to be written may wait. */
export function isAway(error: unknown): boolean {
  return codesOf(error).some((code) => code === LOST || AWAY.test(code) || CONTENTION.test(code))
}

export function isContention(error: unknown): boolean {
  return codesOf(error).some((code) => CONTENTION.test(code))
}

const REMEDIES: readonly (readonly [RegExp, (place: Place) => string])[] = [
  [
    /^28/,
    ({ user }) =>
      `refuses ${user ? `user "${user}"` : 'the user'}: check name and password (in the address, PGPASSWORD or ~/.pgpass)`,
  ],
  [/^3D000$/, ({ database }) => `has no database "${database}": create it first (createdb ${database})`],
  [/^42501$/, ({ schema }) => `does not permit that: its owner must grant rights on the schema "${schema}"`],
  [/^25006$/, () => 'is read-only: name the primary server'],
  [/^53100$/, () => 'has a full disk: free some space there'],
  [/^53300$/, () => 'has no connection left: close some, or raise max_connections'],
  [/^(42P01|3F000)$/, ({ schema }) => `is not as hkq makes it: the schema "${schema}" has changed`],
  [/^NO_TLS$/, () => 'speaks no TLS: turn it on there (ssl = on), or leave sslmode out where the way is private'],
  [
    /CERT|^UNABLE_TO_/,
    () =>
      'shows a certificate that is not trusted: name the host as the certificate does, and its authority in NODE_EXTRA_CA_CERTS',
  ],
  [AWAY, () => 'does not answer: check that the server runs, and host and port'],
  [new RegExp(`^${LOST}$`), () => 'has closed the connection: see that the server runs'],
]

/** E_STORAGE for whatever the client threw, in one line, with the remedy for it. */
export function storageError(place: Place, error: unknown): HkqError {
  if (error instanceof HkqError) return error
  const code = codesOf(error)[0] ?? ''
  const remedy = REMEDIES.find(([pattern]) => pattern.test(code))?.[1](place) ?? 'failed'
  const detail = messageOf(error).replaceAll(/\s+/g, ' ') || code
  return new HkqError('E_STORAGE', `"${place.name}" ${remedy} (${detail})`, { cause: error })
}

/** The codes of an error and of its causes, the outermost first. An attempt at several addresses of a host has one each. */
function codesOf(error: unknown): string[] {
  const codes: string[] = []
  for (let each = error; each instanceof Error; each = each.cause) {
    const code = 'code' in each && !(each instanceof HkqError) ? String(each.code) : ''
    if (code !== '') codes.push(code)
    else codes.push(...UNCODED.filter(([words]) => words.test(each.message)).map(([, known]) => known))
  }
  return codes
}

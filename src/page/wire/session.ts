import { SESSION_PATH, type SessionAnswer } from '../../core/dashboard/protocol.ts'

const KEPT = 'hkq.token'

/** The key of the server that serves the page: what a socket is opened with. */
export type Token = string

/**
 * Takes the token out of the address (`#token=...`), where it must not stay: it would be in bookmarks and over shoulders. It is kept for
 * this tab alone.
 */
export function takeToken(): void {
  const given = new URLSearchParams(location.hash.slice(1)).get('token')
  if (given === null) return
  sessionStorage.setItem(KEPT, given)
  history.replaceState(null, '', location.pathname + location.search)
}

/**
 * The token to open a socket with: the one that the server gives to a page on its own machine, or the one that came in the address.
 * @returns null where there is neither
 * @throws TypeError when the server does not answer
 */
export async function findToken(): Promise<Token | null> {
  const answer = await fetch(SESSION_PATH, { cache: 'no-store', signal: AbortSignal.timeout(5_000) })
  if (answer.ok) {
    const { token } = (await answer.json()) as SessionAnswer
    if (token !== null) return token
  }
  return sessionStorage.getItem(KEPT)
}

import { HkqError } from '../../errors.ts'

/** Longbridge's codes: 401... and 403... for keys, tokens and signatures, 301605 for too many subscriptions. */
const CREDENTIALS = /\b40[13]\d{3}\b/
const TOO_MANY = /\b301605\b/

/** The error that a failed call means for good, null where it is worth another try. @param words without secrets */
export function refusalIn(words: string): HkqError | null {
  if (CREDENTIALS.test(words)) {
    const remedy = 'check that they are complete and not expired'
    return new HkqError('E_TOKEN', `longbridge refuses the credentials (${words}): ${remedy}`)
  }
  if (TOO_MANY.test(words)) {
    return new HkqError('E_USAGE', `longbridge refuses so many symbols (${words}): ask for fewer`)
  }
  return null
}

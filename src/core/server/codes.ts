import { canonicalSymbol, toShort } from '../market/symbol.ts'

/** Canonical symbol of whatever a client sent as a code, null when it is none. */
export function knownSymbol(code: unknown): string | null {
  return typeof code === 'string' && code.length <= 32 ? canonicalSymbol(code) : null
}

/** As knownSymbol, but only AllTick's own spelling, case included, counts: `700.HK`, not `00700.HK`. */
export function exactSymbol(code: unknown): string | null {
  const symbol = knownSymbol(code)
  return symbol !== null && toShort(symbol) === code ? symbol : null
}

import { INTERVALS, type Interval, type PageMessage } from './protocol.ts'

/** Most characters of a symbol. */
const LONGEST = 32
/** A page can rest so long between two frames, ms. */
const LONGEST_REST = 60_000

/** What a page has said; null for what no page says. */
export function parsePageMessage(text: string): PageMessage | null {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof given !== 'object' || given === null) return null
  const { type, id, n, rest, symbol, every, before } = given as Record<string, unknown>
  if (type === 'painted') return isWhole(n) && isRest(rest) ? { type, n, ...(rest !== undefined && { rest }) } : null
  if (!isWhole(id)) return null
  if (type === 'watch') return isSymbol(symbol) && isInterval(every) ? { type, id, symbol, every } : null
  if (type === 'older') return isWhole(before) ? { type, id, before } : null
  return null
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

function isRest(value: unknown): value is number | undefined {
  return value === undefined || (isWhole(value) && value >= 0 && value <= LONGEST_REST)
}

function isSymbol(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST
}

function isInterval(value: unknown): value is Interval {
  return (INTERVALS as readonly unknown[]).includes(value)
}

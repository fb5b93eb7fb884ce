import { MAX_SEQ, type Seq } from '../market/event.ts'
import { canonicalSymbol } from '../market/symbol.ts'

const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/
const DIGITS = /^\d+$/
/** No number of a market is written with more characters, and no sequence number with more digits. */
const LONGEST_NUMBER = 400
const LONGEST_SEQ = 30

/** A number that a vendor sent as a number or as a decimal string; NaN when it is neither. */
export function wireNumber(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || value.length > LONGEST_NUMBER) return Number.NaN
  return DECIMAL.test(value) ? Number(value) : Number.NaN
}

/**
 * A sequence number of up to 63 bits, sent as an integer or as its digits: a number where that is exact, a bigint
 * beyond 2^53, null when it is neither or would not fit a 64-bit signed column.
 */
export function wireSeq(value: unknown): Seq | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : null
  if (typeof value !== 'string' || value.length > LONGEST_SEQ || !DIGITS.test(value)) return null
  const number = Number(value)
  if (Number.isSafeInteger(number)) return number
  const exact = BigInt(value)
  return exact <= MAX_SEQ ? exact : null
}

/**
 * Epoch milliseconds of a vendor's time in seconds, milli-, micro- or nanoseconds, told apart by magnitude: 1e11 seconds
 * is the year 5138 and 1e11 milliseconds is 1973, so the ranges never meet for market data. NaN when it is not a time.
 */
export function wireTime(value: unknown): number {
  const number = wireNumber(value)
  if (!(number > 0) || number === Number.POSITIVE_INFINITY) return Number.NaN
  if (number < 1e11) return Math.floor(Math.round(number * 1e6) / 1e3)
  if (number < 1e14) return Math.floor(number)
  const digits = typeof value === 'string' && DIGITS.test(value) ? value : null
  if (number < 1e17) return digits ? Number(digits.slice(0, -3)) : Math.floor(number / 1e3)
  const ms = digits ? Number(digits.slice(0, -6)) : Math.floor(number / 1e6)
  return ms <= MAX_TIME ? ms : Number.NaN
}
const MAX_TIME = Date.UTC(9999, 11, 31)

/** What a text says in JSON, undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * JSON whose integers beyond 2^53 stay exact: those of the named keys come out as strings of digits.
 * @returns undefined when the text is not JSON
 */
export function parseExact(text: string, keys: RegExp): unknown {
  return parseJson(LONG_RUN.test(text) ? text.replace(keys, '$1"$2"') : text)
}
const LONG_RUN = /\d{16}/

/**
 * What parseExact replaces for these key names. A quote inside a JSON string is escaped, so `"seq":` outside of one is
 * always a key.
 */
export function longIntegers(...keys: string[]): RegExp {
  return new RegExp(`((?<!\\\\)"(?:${keys.join('|')})"\\s*:\\s*)(\\d{16,})(?=\\s*[,}\\]])`, 'g')
}

/** An object that came over the wire, null when the value is anything else. */
export function wireObject(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null
}

/** The rows of a list by the canonical symbol of the code under `key`; what is no row, or of no known market, is left out. */
export function wireRows(list: unknown, key: string): [symbol: string, row: Readonly<Record<string, unknown>>][] {
  if (!Array.isArray(list)) return []
  return list.flatMap((item): [string, Readonly<Record<string, unknown>>][] => {
    const row = wireObject(item)
    const code = row?.[key]
    const symbol = typeof code === 'string' ? canonicalSymbol(code) : null
    return row === null || symbol === null ? [] : [[symbol, row]]
  })
}

/** The text of the frame in hand for the quarantine, made only when asked for, without secrets. */
export class RawText {
  #bytes: Buffer = Buffer.alloc(0)
  #start = 0
  #end = 0
  readonly #scrub: (text: string) => string

  constructor(scrub: (text: string) => string) {
    this.#scrub = scrub
  }

  /** The frame stands between `start` and `end`. */
  set(bytes: Buffer, start = 0, end = bytes.length): void {
    this.#bytes = bytes
    this.#start = start
    this.#end = end
  }

  toString(): string {
    return this.#scrub(this.#bytes.toString('utf8', this.#start, this.#end))
  }
}

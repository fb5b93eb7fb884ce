import { HkqError } from '../errors.ts'

/** Indices by canonical name: they have no volume, turnover or quote. */
export const INDICES = ['HSI', 'HSCEI', 'HSTECH'] as const

const FUTU_INDICES: Readonly<Record<string, string>> = { '800000': 'HSI', '800100': 'HSCEI', '800700': 'HSTECH' }
const ALIASES: Readonly<Record<string, string>> = { HSCE: 'HSCEI' }
const STOCK = /^(?:\$|hk\.?|rt_hk)?(\d{1,5})(?:\.hk|\$hk)?$/i
const INDEX = /^(?:\^|\$|hk\.?|rt_hk)?([a-z]+)(?:\.hk|\$hk)?$/i

/**
 * Canonical symbol of any usual spelling: `700`, `0700.HK`, `HK.00700`, `hk00700`, `700$HK`, `$700` are `00700.HK`;
 * `HSI.HK`, `^HSI`, `HK.800000` are `HSI`.
 * @throws HkqError E_SYMBOL with a suggestion
 */
export function parseSymbol(text: string): string {
  const symbol = canonicalSymbol(text)
  if (symbol === null) {
    throw new HkqError('E_SYMBOL', `unknown symbol "${printable(text)}": ${suggestion(text)}`)
  }
  return symbol
}

/** As parseSymbol, null instead of an error: for the wire. */
export function canonicalSymbol(text: string): string | null {
  if (text.length > LONGEST) return null
  const known = CACHE.get(text)
  if (known !== undefined) return known
  const symbol = canonical(text.trim())
  if (symbol !== null && CACHE.size < 10_000) CACHE.set(text, symbol)
  return symbol
}
const CACHE = new Map<string, string>()
/** No spelling is longer, spaces around it included. */
const LONGEST = 32

function canonical(text: string): string | null {
  const stock = STOCK.exec(text)
  if (stock) return Number(stock[1]) === 0 ? null : `${stock[1]!.padStart(5, '0')}.HK`
  const futu = /^HK\.(\d{6})$/i.exec(text)
  if (futu) return FUTU_INDICES[futu[1]!] ?? null
  const name = INDEX.exec(text)?.[1]?.toUpperCase()
  if (name === undefined) return null
  const index = Object.hasOwn(ALIASES, name) ? ALIASES[name]! : name
  return (INDICES as readonly string[]).includes(index) ? index : null
}

function suggestion(text: string): string {
  const digits = /(?<!\d)0*([1-9]\d{0,4})(?!\d)/.exec(text.slice(0, LONGEST))?.[1]
  const example = digits ? `did you mean ${digits.padStart(5, '0')}.HK?` : 'use digits and .HK, e.g. 00700.HK'
  return digits ? example : `${example}, or an index: ${INDICES.join(', ')}`
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 40)
}

const NINE = 0x39

/** Whether a canonical symbol is an index. */
export function isIndex(symbol: string): boolean {
  return symbol.charCodeAt(0) > NINE
}

/** The spelling of AllTick and Longbridge: `700.HK`, `HSI.HK`. */
export function toShort(symbol: string): string {
  return isIndex(symbol) ? `${symbol}.HK` : symbol.replace(/^0+/, '')
}

/** The spelling of Infoway: `00700.HK`, `HSI.HK`. */
export function toPadded(symbol: string): string {
  return isIndex(symbol) ? `${symbol}.HK` : symbol
}

/** Warrants and CBBCs, by their code ranges 1xxxx, 2xxxx, 5xxxx, 6xxxx: their prices jump by nature. */
export function isStructured(symbol: string): boolean {
  return /^[1256]\d{4}\.HK$/.test(symbol)
}

import type { Instrument } from '../../market/instrument.ts'
import { canonicalSymbol, isIndex, toShort } from '../../market/symbol.ts'
import type { QuoteContext } from './sdk.ts'

/**
 * Names, currency, board lot and previous close of each symbol as far as Longbridge tells them; never rejects.
 * @param date Hong Kong day of asking, YYYY-MM-DD
 */
export async function factsFrom(
  context: QuoteContext,
  symbols: readonly string[],
  date: string,
): Promise<readonly Instrument[]> {
  const codes = symbols.map(toShort)
  const [facts, quotes] = await Promise.all([
    context.staticInfo(codes).catch(() => []),
    context.quote(codes).catch(() => []),
  ])
  const closes = new Map(quotes.map(({ symbol, prevClose }) => [symbol, prevClose.toNumber()]))
  return facts.flatMap(({ symbol: code, nameEn, nameHk, nameCn, currency, lotSize }): Instrument[] => {
    const symbol = canonicalSymbol(code)
    if (symbol === null) return []
    return [
      {
        symbol,
        date,
        name_en: nameEn || null,
        name_zh: nameHk || nameCn || null,
        currency: currency || null,
        lot_size: lotSize > 0 ? lotSize : null,
        kind: isIndex(symbol) ? 'index' : 'unknown',
        prev_close: closes.get(code) || null,
        vendor: 'longbridge',
        vendor_code: code,
      },
    ]
  })
}

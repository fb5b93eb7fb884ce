import type { Instrument, InstrumentKind } from '../market/instrument.ts'
import type { Sessions, TradingDay } from '../market/session.ts'
import { isIndex, toShort } from '../market/symbol.ts'
import { closingPrice } from './close.ts'
import { KNOWN, type KnownSecurity } from './known.ts'
import { hash, Random } from './random.ts'

/** What the simulated market knows of a security: enough to make its prices. */
export interface Security {
  readonly symbol: string
  readonly name_en: string
  readonly name_zh: string
  readonly currency: string
  readonly kind: InstrumentKind
  readonly lot: number
  /** Level around which the closing prices wander, traded currency. */
  readonly price: number
  /** Standard deviation of a day's return. */
  readonly volatility: number
}

const LOTS = [50, 100, 200, 500, 1000, 2000, 5000, 10_000]
const RENMINBI_PER_DOLLAR = 0.92

/** The security behind any canonical symbol: a well-known name, or one made up from its code. */
export function securityOf(symbol: string): Security {
  const known = KNOWN[symbol]
  if (known) return fromTable(symbol, known, 'HKD')
  const main = /^8(\d{4}\.HK)$/.exec(symbol)?.[1]
  const counterpart = main === undefined ? undefined : KNOWN[`0${main}`]
  if (counterpart) {
    const [en, zh, price, ...rest] = counterpart
    return fromTable(symbol, [`${en}-R`, `${zh}-R`, price * RENMINBI_PER_DOLLAR, ...rest], 'CNY')
  }
  return madeUp(symbol)
}

function fromTable(symbol: string, known: KnownSecurity, currency: string): Security {
  const [name_en, name_zh, price, lot, volatility, kind = 'equity'] = known
  return { symbol, name_en, name_zh, currency, kind, lot, price, volatility }
}

function madeUp(symbol: string): Security {
  const random = new Random(hash(symbol))
  const kind = kindByCode(symbol)
  const code = symbol.slice(0, 5)
  const structured = kind !== 'equity'
  const price = structured ? 0.05 + 0.4 * random.uniform() : 0.5 * 160 ** random.uniform()
  const lot = structured
    ? 10_000
    : LOTS.reduce((a, b) => (Math.abs(b * price - 8000) < Math.abs(a * price - 8000) ? b : a))
  const volatility = structured ? 0.08 : 0.015 + 0.015 * random.uniform()
  return {
    symbol,
    name_en: `SIMULATED ${code}`,
    name_zh: `模擬 ${code}`,
    currency: 'HKD',
    kind,
    lot,
    price,
    volatility,
  }
}

function kindByCode(symbol: string): InstrumentKind {
  if (/^[12]\d{4}/.test(symbol)) return 'warrant'
  return /^[56]\d{4}/.test(symbol) ? 'cbbc' : 'equity'
}

/** Static facts of simulated securities as of `day`, the previous close being where their paths left off. */
export function simulatedInstruments(
  symbols: readonly string[],
  { seed, day, sessions }: { seed: number; day: TradingDay; sessions: Sessions },
): Instrument[] {
  const before = sessions.daysBefore(day.phases[0]!.open, 1)[0]!
  return symbols.map((symbol) => {
    const { name_en, name_zh, currency, kind, lot, ...rest } = securityOf(symbol)
    return {
      symbol,
      date: day.date,
      name_en,
      name_zh,
      currency,
      lot_size: isIndex(symbol) ? null : lot,
      kind,
      prev_close: closingPrice({ kind, ...rest }, seed, before) / 1000,
      vendor: 'sim',
      vendor_code: toShort(symbol),
    }
  })
}

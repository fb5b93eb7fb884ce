import type { InstrumentKind } from './instrument.ts'

/** One band of a spread table, in thousandths of the currency: prices over the band before, up to and including `upTo`. */
export type Band = readonly [upTo: number, tick: number]

const bands = (...rows: readonly (readonly [number, number])[]): readonly Band[] =>
  rows.map(([upTo, tick]) => [Math.round(upTo * 1000), Math.round(tick * 1000)] as const)

const LOW = [
  [0.25, 0.001],
  [0.5, 0.005],
] as const
const HIGH = [
  [200, 0.1],
  [500, 0.2],
  [1000, 0.5],
  [2000, 1],
  [5000, 2],
  [9995, 5],
] as const

/** Part A, equities and REITs, by the day from which it holds. */
const EQUITY: readonly (readonly [from: string, table: readonly Band[]])[] = [
  ['', bands(...LOW, [10, 0.01], [20, 0.02], [100, 0.05], ...HIGH)],
  ['2025-08-04', bands(...LOW, [10, 0.01], [20, 0.01], [50, 0.02], [100, 0.05], ...HIGH)],
  ['2026-08-03', bands(...LOW, [10, 0.005], [20, 0.01], [50, 0.02], [100, 0.05], ...HIGH)],
]
const STRUCTURED = EQUITY[0]![1]
const ETF = bands(
  [1, 0.001],
  [5, 0.002],
  [10, 0.005],
  [20, 0.01],
  [100, 0.02],
  [200, 0.05],
  [500, 0.1],
  [1000, 0.2],
  [2000, 0.5],
  [9999, 1],
)
const DEBT = bands([9995, 0.05])
const INDEX = bands([1e6, 0.01])

/**
 * The minimum spread table in force on `date` (Hong Kong day, YYYY-MM-DD). Source: SEHK Rules, Second Schedule; the
 * equity table was narrowed on 2025-08-04 and 2026-08-03. A security of unknown kind counts as an equity.
 */
export function spreadTable(date: string, kind: InstrumentKind = 'equity'): readonly Band[] {
  switch (kind) {
    case 'warrant':
    case 'cbbc':
      return STRUCTURED
    case 'etf':
      return ETF
    case 'debt':
      return DEBT
    case 'index':
      return INDEX
    default:
      return EQUITY.findLast(([from]) => date >= from)![1]
  }
}

/** The smallest step at `price` (thousandths) of a table: bands include their upper end. */
export function tickIn(table: readonly Band[], price: number): number {
  for (const band of table) if (price <= band[0]) return band[1]
  return table.at(-1)![1]
}

/**
 * Minimum price step at `price`, in the traded currency: `tickSize(10, '2026-11-23')` is 0.005. For synthetic prices
 * and plausibility only: averages and adjusted prices are off the grid and still real.
 */
export function tickSize(price: number, date: string, kind?: InstrumentKind): number {
  return tickIn(spreadTable(date, kind), Math.round(price * 1e6) / 1000) / 1000
}

/** The price on the grid nearest to `price`. */
export function roundToTick(price: number, date: string, kind?: InstrumentKind): number {
  const tick = tickIn(spreadTable(date, kind), Math.round(price * 1e6) / 1000)
  return (Math.round((price * 1000) / tick) * tick) / 1000
}

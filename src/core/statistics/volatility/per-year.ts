import type { VolatilityRecord } from './record.ts'

/**
 * The record with volatility, usual and threshold as fractions per year, scaled as its own `annualized` is; all of them
 * null where that is not known.
 */
export function perYear(record: VolatilityRecord): VolatilityRecord {
  const { annualized, volatility, usual, threshold } = record
  const factor = annualized === null || !volatility ? null : annualized / volatility
  const scaled = (value: number | null): number | null => (value === null || factor === null ? null : value * factor)
  return { ...record, volatility: annualized, usual: scaled(usual), threshold: scaled(threshold) }
}

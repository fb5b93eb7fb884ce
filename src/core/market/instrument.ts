export type InstrumentKind = 'equity' | 'etf' | 'warrant' | 'cbbc' | 'index' | 'debt' | 'reit' | 'unknown'

/** Static facts of a security as a vendor told them on `date` (Hong Kong day, YYYY-MM-DD). Unknown is null, never guessed. */
export interface Instrument {
  symbol: string
  date: string
  name_en: string | null
  name_zh: string | null
  currency: string | null
  lot_size: number | null
  kind: InstrumentKind
  prev_close: number | null
  vendor: string
  vendor_code: string
}

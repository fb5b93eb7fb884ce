import { HkqError } from './errors.ts'

/** The part of danfojs-node's DataFrame that hkq itself uses; the object is the whole thing. */
export interface DataFrame {
  /** A row a figure (`count`, `mean`, `std`, `min`, `median`, `max`, `variance`), a column a numeric field. */
  describe(): { readonly index: readonly (string | number)[]; readonly values: readonly (readonly unknown[])[] }
  readonly shape: readonly [rows: number, columns: number]
  readonly columns: readonly string[]
}

/**
 * Ticks, bars or volatility records as a danfojs-node DataFrame: one column a field, in the order of the first record.
 * Symbols stay text (`00700.HK` is never read as a number), sequence numbers beyond 2^53 become text, lists are joined.
 * @throws HkqError E_USAGE when danfojs-node is not installed, with the line that adds it; E_NO_DATA without rows
 */
export async function toDataFrame(rows: readonly object[]): Promise<DataFrame> {
  if (rows.length === 0) throw new HkqError('E_NO_DATA', 'no rows to make a DataFrame of')
  const { DataFrame } = await loadDanfo()
  return new DataFrame(rows.map(plain))
}

async function loadDanfo(): Promise<{ DataFrame: new (rows: readonly object[]) => DataFrame }> {
  try {
    const module = await import('danfojs-node')
    return (module.default ?? module) as never
  } catch (cause) {
    throw new HkqError('E_USAGE', 'a DataFrame needs danfojs-node, which is not installed: npm install danfojs-node', {
      cause,
    })
  }
}

function plain(row: object): object {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (typeof value === 'bigint') return [name, String(value)]
      if (Array.isArray(value)) return [name, value.join(' ')]
      return [name, value === undefined ? null : value]
    }),
  )
}

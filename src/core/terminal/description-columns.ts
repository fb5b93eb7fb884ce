import type { Description } from '../describe.ts'
import type { Column } from './columns.ts'
import { amount, count, finePrice, fixed, percent, ratio } from './figures.ts'

type Figure = (value: number) => string

const oneDecimal: Figure = (value) => fixed(value, Number.isInteger(value) ? 0 : 1)
const sevenDigits: Figure = (value) => (Number.isInteger(value) ? count(value) : String(Number(value.toPrecision(7))))

/** How the figures of a field are written: prices, shares and money, fractions, ratios, counts. */
const FIELDS: Readonly<Record<string, Figure>> = {
  ...fields(finePrice, 'last_price', 'open', 'high', 'low', 'close', 'vwap', 'mean'),
  ...fields(amount, 'volume', 'turnover'),
  ...fields(percent, 'volatility', 'annualized', 'usual', 'threshold'),
  ...fields(ratio, 'ratio', 'volume_ratio'),
  ...fields(oneDecimal, 'percentile', 'samples', 'trades'),
}

function fields(figure: Figure, ...names: string[]): Record<string, Figure> {
  return Object.fromEntries(names.map((name) => [name, figure]))
}

const NAMES = ['mean', 'std', 'min', 'median', 'max'] as const

/** Columns of a summary of bars or volatility records; each field's figures are written as its tables write them. */
export const DESCRIPTION_COLUMNS: readonly Column<Description>[] = [
  { title: 'field', align: 'left', rank: 0, text: ({ field }) => field, paint: (_, p) => p.strong },
  { title: 'count', align: 'right', rank: 2, text: (row) => count(row.count) },
  ...NAMES.map(
    (name): Column<Description> => ({
      title: name,
      align: 'right',
      rank: 1,
      text: (row) => (FIELDS[row.field] ?? sevenDigits)(row[name]),
    }),
  ),
]

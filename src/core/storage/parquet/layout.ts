import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { HkqError } from '../../errors.ts'
import { dayNumber, dayStart, formatDate, parseTime } from '../../market/time.ts'
import { isFitName } from '../symbol-name.ts'

/** What a lake holds by date and symbol. */
export const PARTS = ['ticks', 'quotes', 'minutes'] as const
export type Part = (typeof PARTS)[number]

/** What it holds in one file each. */
export const LISTS = ['gaps', 'rejected', 'checkpoints', 'instruments', 'completeness'] as const
export type List = (typeof LISTS)[number]

/** A Hong Kong day of a symbol; `day` is the number of days since 1970-01-01. */
export interface SymbolDay {
  readonly symbol: string
  readonly day: number
}

/** The file of a day of a symbol, in Hive's way: `ticks/date=2026-11-20/symbol=00700.HK/ticks.parquet`. */
export function partFile(directory: string, part: Part, { symbol, day }: SymbolDay): string {
  const date = formatDate(dayStart(day))
  return join(directory, part, `date=${date}`, `symbol=${encodeURIComponent(symbol)}`, `${part}.parquet`)
}

/** The one file of a list: `gaps/gaps.parquet`. */
export function listFile(directory: string, list: List): string {
  return join(directory, list, `${list}.parquet`)
}

/** The days that have a file of `part`, by symbol in order of name, each symbol's by date. */
export function daysIn(directory: string, part: Part): Map<string, number[]> {
  const bySymbol = new Map<string, number[]>()
  for (const [date, folder] of valuesIn(join(directory, part), 'date')) {
    const start = parseTime(date)
    if (Number.isNaN(start)) continue
    for (const [symbol, place] of valuesIn(folder, 'symbol')) {
      if (!isFitName(symbol) || !existsSync(join(place, `${part}.parquet`))) continue
      const days = bySymbol.get(symbol) ?? []
      days.push(dayNumber(start))
      bySymbol.set(symbol, days)
    }
  }
  const sorted = [...bySymbol].sort(([a], [b]) => (a < b ? -1 : 1))
  return new Map(sorted.map(([symbol, days]) => [symbol, days.sort((a, b) => a - b)]))
}

/** The folders `KEY=VALUE` of a folder. */
function valuesIn(folder: string, key: string): [value: string, folder: string][] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.startsWith(`${key}=`))
    .map((name) => [decodeURIComponent(name.slice(key.length + 1)), join(folder, name)])
}

/** @throws HkqError E_USAGE for a name that DuckDB would take for a pattern of names */
export function refusePattern(directory: string): void {
  if (!/[*?[\]{}]/.test(directory)) return
  throw new HkqError('E_USAGE', `"${directory}" has one of * ? [ ] { } in its name: name another folder for Parquet`)
}

import { minuteOf, type Summary, withTick } from '../../bars/summary.ts'
import type { Tick } from '../../market/event.ts'
import type { Ask } from './connection.ts'
import type { Dictionary } from './dictionary.ts'
import type { Placed } from './place-all.ts'
import { numbers, texts } from './values.ts'

const COLUMNS = {
  open: 'float8',
  high: 'float8',
  low: 'float8',
  close: 'float8',
  first_time: 'bigint',
  first_seq: 'bigint',
  last_time: 'bigint',
  last_seq: 'bigint',
  volume: 'float8',
  turnover_mills: 'float8',
  value_mills: 'float8',
  price_mills: 'float8',
  trades: 'int',
  left_out: 'int',
  origin: 'text',
} as const satisfies Partial<Record<keyof Summary, string>>
const NAMES = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[]

/** The column list of a SELECT that `readMinute` understands. */
export const MINUTE_COLUMNS = `start, ${NAMES.join(', ')}`

export function readMinute(row: readonly unknown[], symbol: string): Summary {
  return Object.fromEntries([['symbol', symbol], ['start', row[0]], ...NAMES.map((name, i) => [name, row[i + 1]])])
}

/** Minutes by `keyOf`. */
export type Minutes = ReadonlyMap<string, Summary>

const keyOf = (symbol: string, start: number): string => `${symbol} ${start}`

/** The stored minutes that these ticks or minutes fall in. Only while their symbols are locked. */
export async function minutesOf(
  ask: Ask,
  within: readonly { readonly symbol: string; readonly time: number }[],
  symbols: Dictionary,
): Promise<Minutes> {
  const wanted = new Map(
    within.map(({ symbol, time }) => [keyOf(symbol, minuteOf(time)), [symbol, minuteOf(time)] as const]),
  )
  if (wanted.size === 0) return new Map()
  const rows = await ask<[number, ...unknown[]]>(
    `SELECT wanted.symbol, ${MINUTE_COLUMNS} FROM unnest($1::int[], $2::bigint[]) wanted (symbol, at) CROSS JOIN LATERAL (
      SELECT * FROM minute m WHERE m.symbol = wanted.symbol AND m.start = at OFFSET 0) m`,
    [
      numbers([...wanted.values()].map(([symbol]) => symbols.id(symbol))),
      numbers([...wanted.values()].map(([, start]) => start)),
    ],
  )
  return new Map(
    rows.map(([id, ...row]) => {
      const minute = readMinute(row, symbols.name(id))
      return [keyOf(minute.symbol, minute.start), minute]
    }),
  )
}

/** The minutes that ticks which were not there yet change, with these ticks in them. */
export function withTicks(before: Minutes, ticks: readonly Placed<Tick>[]): Summary[] {
  const changed = new Map<string, Summary>()
  for (const { record, seq } of ticks) {
    const start = minuteOf(record.timestamp)
    const key = keyOf(record.symbol, start)
    const tick = seq === record.seq ? record : { ...record, seq }
    changed.set(key, withTick(changed.get(key) ?? before.get(key), tick, start))
  }
  return [...changed.values()]
}

/** A vendor's whole minutes, to be put in the place of those stored. */
export function inPlaceOf(before: Minutes, minutes: readonly Summary[]): Summary[] {
  const replaced = new Map(
    minutes.map((minute) => {
      const key = keyOf(minute.symbol, minute.start)
      return [key, { ...minute, left_out: before.get(key)?.left_out ?? 0 }]
    }),
  )
  return [...replaced.values()]
}

/** Puts minutes in, in the place of those stored. */
export async function putMinutes(ask: Ask, minutes: readonly Summary[], symbols: Dictionary): Promise<void> {
  if (minutes.length === 0) return
  const columns = NAMES.map((name) =>
    name === 'origin' ? texts(minutes.map(({ origin }) => origin)) : numbers(minutes.map((minute) => minute[name])),
  )
  await ask(UPSERT, [
    numbers(minutes.map(({ symbol }) => symbols.id(symbol))),
    numbers(minutes.map(({ start }) => start)),
    ...columns,
  ])
}
const UPSERT = `INSERT INTO minute (symbol, start, ${NAMES.join(', ')})
  SELECT * FROM unnest($1::int[], $2::bigint[], ${NAMES.map((name, i) => `$${i + 3}::${COLUMNS[name]}[]`).join(', ')})
  ON CONFLICT (symbol, start) DO UPDATE SET ${NAMES.map((name) => `${name} = excluded.${name}`).join(', ')}`

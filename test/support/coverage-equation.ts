import assert from 'node:assert/strict'
import Sqlite from 'better-sqlite3'
import { isTrade, priceOf, type Tape, volumeOf } from './tape.ts'

/** A tick as it is stored. */
export interface StoredTick {
  readonly symbol: string
  readonly number: number
  readonly time: number
  readonly price: number
  readonly volume: number
}

/** A hole that is written down: of one symbol, null for all. */
export interface StoredGap {
  readonly symbol: string | null
  readonly from: number
  readonly to: number
  readonly cause: string
}

/** What a store holds of a tape. */
export interface Recorded {
  readonly ticks: Iterable<StoredTick>
  readonly quarantined: Iterable<{ readonly symbol: string; readonly number: number }>
  /** Those that may stand for lost trades: not the ones that a second feed has filled. */
  readonly gaps: readonly StoredGap[]
  /** Those in which a second feed is said to have brought every trade. */
  readonly filled?: readonly StoredGap[]
}

/** How the equation sent = stored + quarantined + listed in gaps came out; all of it by number. */
export interface Audit {
  readonly sent: number
  readonly stored: number
  readonly quarantined: number
  /** Neither stored nor quarantined, but inside a gap row. */
  readonly listed: number
  /** Numbers that are nowhere. */
  readonly missing: readonly string[]
  /** Numbers that are stored more than once. */
  readonly doubled: readonly string[]
  /** Rows that are no trade of the tape: another number, time, price or volume. */
  readonly foreign: readonly string[]
  /** Gap rows in which nothing is lost. */
  readonly empty: readonly string[]
  /** Gap rows with something lost that reach over a kept trade: the lost ones could be told with less. */
  readonly wide: readonly string[]
  /** Rows that a second feed is said to have filled, with numbers in them that it has not. */
  readonly unfilled: readonly string[]
}

const STORED = 1
const QUARANTINED = 2
const LISTED = 4

/** Connections to whose sockets a number was handed. */
export type HandedTo = (symbol: string, number: number) => readonly number[]

/**
 * Holds a tape against what was recorded of it.
 * @param handedTo tells where a missing number was last seen; a socket that took it proves nothing
 */
export function audit(tape: Tape, recorded: Recorded, handedTo: HandedTo = () => []): Audit {
  const marks = new Map(tape.symbols.map((symbol) => [symbol, new Uint8Array(tape.times(symbol).length)]))
  const doubled: string[] = []
  const foreign: string[] = []
  const counts = { stored: 0, quarantined: 0 }
  for (const tick of recorded.ticks) {
    const { symbol, number } = tick
    if (!isOnTape(tape, tick)) foreign.push(`${symbol} ${number} at ${tick.time}`)
    else if (marks.get(symbol)![number - 1]! & STORED) doubled.push(`${symbol} ${number}`)
    else {
      marks.get(symbol)![number - 1]! |= STORED
      counts.stored++
    }
  }
  for (const { symbol, number } of recorded.quarantined) {
    const mark = marks.get(symbol)?.[number - 1]
    if (mark === undefined || isTrade(number)) foreign.push(`${symbol} ${number} quarantined`)
    else if (mark & (STORED | QUARANTINED)) doubled.push(`${symbol} ${number} quarantined`)
    else {
      marks.get(symbol)![number - 1]! |= QUARANTINED
      counts.quarantined++
    }
  }
  const unfilled = (recorded.filled ?? []).flatMap((gap) => lackIn(gap, tape, marks))
  const judged = recorded.gaps.map((gap) => judge(gap, tape, marks))
  const missing: string[] = []
  let listed = 0
  for (const [symbol, numbers] of marks) {
    for (const [first, last] of runs(numbers, (mark) => mark === 0))
      missing.push(told(tape, symbol, first, last) + trace(handedTo(symbol, first + 1)))
    for (const mark of numbers) if (mark === LISTED) listed++
  }
  const of = (kind: 'empty' | 'wide') => judged.flatMap((row) => (row.kind === kind ? [row.text] : []))
  return {
    sent: tape.published,
    ...counts,
    listed,
    missing,
    doubled,
    foreign,
    empty: of('empty'),
    wide: of('wide'),
    unfilled,
  }
}

/** Fails with what is wrong, unless sent = stored + quarantined + listed in gaps, number by number. */
export function expectExact(result: Audit): void {
  const { sent, stored, quarantined, listed, missing, doubled, foreign, unfilled } = result
  const nothing = { missing: [], doubled: [], foreign: [], unfilled: [] }
  assert.deepEqual({ missing, doubled, foreign, unfilled }, nothing)
  assert.equal(sent, stored + quarantined + listed, 'sent = stored + quarantined + listed in gaps')
}

/** The equation in figures. */
export function figuresOf({ sent, stored, quarantined, listed }: Audit): string {
  return `${sent} sent = ${stored} stored + ${quarantined} quarantined + ${listed} listed in gaps`
}

function isOnTape(tape: Tape, { symbol, number, time, price, volume }: StoredTick): boolean {
  if (!tape.symbols.includes(symbol) || !isTrade(number)) return false
  return tape.times(symbol)[number - 1] === time && priceOf(number) === price && volumeOf(number) === volume
}

/** Marks what a gap row lists, and says whether the row is as narrow as what was kept allows. */
function judge(gap: StoredGap, tape: Tape, marks: ReadonlyMap<string, Uint8Array>) {
  let lost = 0
  let kept = 0
  for (const symbol of gap.symbol === null ? tape.symbols : [gap.symbol]) {
    const times = tape.times(symbol)
    const numbers = marks.get(symbol)!
    for (let i = firstAt(times, gap.from); i < times.length && times[i]! <= gap.to; i++) {
      if ((numbers[i]! & (STORED | QUARANTINED)) === 0) lost++
      else if (numbers[i]! & STORED && times[i]! > gap.from && times[i]! < gap.to) kept++
      numbers[i]! |= LISTED
    }
  }
  const kind = lost === 0 ? 'empty' : kept > 0 ? 'wide' : 'tight'
  const text = `${gap.symbol ?? 'all'} ${gap.from}..${gap.to} ${gap.cause}: ${lost} lost, ${kept} kept inside`
  return { kind, text } as const
}

/** What is neither stored nor quarantined inside a row that is said to be filled; its ends it shares with its neighbours. */
function lackIn(gap: StoredGap, tape: Tape, marks: ReadonlyMap<string, Uint8Array>): string[] {
  return (gap.symbol === null ? tape.symbols : [gap.symbol]).flatMap((symbol) => {
    const times = tape.times(symbol)
    const lacks = [...marks.get(symbol)!.keys()].filter((i) => {
      return marks.get(symbol)![i] === 0 && times[i]! > gap.from && times[i]! < gap.to
    })
    return lacks.length === 0 ? [] : [`${symbol} ${gap.from}..${gap.to} lacks ${lacks.map((i) => i + 1).join(' ')}`]
  })
}

/** Index of the first time that is not before `time`. */
function firstAt(times: readonly number[], time: number): number {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (times[middle]! < time) low = middle + 1
    else high = middle
  }
  return low
}

/** Stretches of indices, both ends inclusive, that fulfil `isIn`. */
function* runs(marks: Uint8Array, isIn: (mark: number) => boolean): Generator<[number, number]> {
  for (let i = 0; i < marks.length; i++) {
    if (!isIn(marks[i]!)) continue
    const first = i
    while (i + 1 < marks.length && isIn(marks[i + 1]!)) i++
    yield [first, i]
  }
}

function told(tape: Tape, symbol: string, first: number, last: number): string {
  const times = tape.times(symbol)
  return `${symbol} ${first + 1}..${last + 1}, exchange time ${times[first]}..${times[last]}`
}

function trace(connections: readonly number[]): string {
  return connections.length === 0 ? '' : `, the first handed to connection ${connections.join(' and ')}`
}

/** How the rows of a store are brought back to the tape. */
export interface Reading {
  /** The number of a stored trade, its time by the tape's clock; default its sequence number. */
  numberOf?(tick: Omit<StoredTick, 'number'> & { seq: number; source: string }): number
  /** How far a source's clock is ahead of the tape's, ms; default not at all. */
  ahead?(source: string): number
}

/** What the SQLite store at `path` holds, read past hkq's own readers; the ticks one by one. */
export function recordedIn(path: string, reading: Reading = {}): Recorded {
  const { ahead = () => 0 } = reading
  const db = new Sqlite(path, { readonly: true })
  try {
    const raw = db.prepare<[], { symbol: string; raw: string }>('SELECT symbol, raw FROM rejected')
    const rows = db.prepare<[], StoredGap & { source: string; filled_by: string | null }>(
      `SELECT symbol.name AS symbol, source.name AS source, start AS "from", finish AS "to", cause, filled_by
      FROM gap LEFT JOIN symbol ON symbol.id = gap.symbol JOIN source ON source.id = gap.source`,
    )
    const all = rows.all()
    const gapsWhere = (isFilled: boolean): StoredGap[] =>
      all
        .filter(({ filled_by }) => (filled_by === 'second feed') === isFilled)
        .map(({ symbol, source, from, to, cause }) => ({
          symbol,
          from: from - ahead(source),
          to: to - ahead(source),
          cause,
        }))
    return {
      ticks: { [Symbol.iterator]: () => ticksIn(path, reading) },
      quarantined: raw.all().map((row) => ({ symbol: row.symbol, number: numberIn(row.raw) })),
      gaps: gapsWhere(false),
      filled: gapsWhere(true),
    }
  } finally {
    db.close()
  }
}

function* ticksIn(path: string, { numberOf = ({ seq }) => seq, ahead = () => 0 }: Reading): Generator<StoredTick> {
  const db = new Sqlite(path, { readonly: true })
  try {
    const ticks = db.prepare<[], Omit<StoredTick, 'number'> & { seq: number; source: string }>(
      `SELECT symbol.name AS symbol, source.name AS source, seq, time, price / 1000.0 AS price, volume
      FROM tick JOIN symbol ON symbol.id = tick.symbol JOIN source ON source.id = tick.source`,
    )
    for (const row of ticks.iterate()) {
      const tick = { ...row, time: row.time - ahead(row.source) }
      yield { ...tick, number: numberOf(tick) }
    }
  } finally {
    db.close()
  }
}

/** The number in the raw text of a quarantined trade. */
export function numberIn(raw: string): number {
  return Number(/"seq":"?(\d+)/.exec(raw)?.[1])
}

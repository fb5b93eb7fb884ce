import type { Row } from './answer.ts'
import { LAST_TIME } from './line.ts'
import type { Wire } from './wire.ts'

/**
 * Rows asked for at once. A server cuts longer answers by its own `max-row-limit` and says so; beyond 10,000 rows 1.x says so
 * of whole answers too.
 */
const PAGE = 10_000

/** Which points are read: of a measurement, with these tags and fields, in order of time. */
export interface Question {
  readonly measurement: string
  /** Tags and fields, in the order of a row behind its time. */
  readonly columns: readonly string[]
  /** Conditions beside the time, joined by AND. */
  readonly where: readonly string[]
  /** Epoch ms, inclusive and exclusive; absent means all. */
  readonly since?: number | undefined
  readonly until?: number | undefined
}

/**
 * Rows in order of time (epoch ms), a page at a time; those of one millisecond are never apart. The next page is asked for
 * while one is taken, and a reader that rests holds nothing open.
 * @throws HkqError E_STORAGE
 */
export async function* pagesOf(wire: Wire, question: Question): AsyncGenerator<readonly Row[]> {
  let since = Math.max(0, question.since ?? 0)
  /** Rows of the millisecond `since`, where it has more than a page. */
  let held: readonly Row[] = []
  let coming = wire.ask(statement(question, since, 0))
  while (true) {
    const { rows: more, isPartial } = await coming
    const rows = held.length === 0 ? more : [...held, ...more]
    if (more.length < PAGE && !isPartial) {
      if (rows.length > 0) yield rows
      return
    }
    const last = rows.at(-1)![0] as number
    const whole = rows.findIndex(([time]) => time === last)
    held = whole === 0 ? rows : []
    since = last
    coming = wire.ask(statement(question, since, held.length))
    if (whole === 0) continue
    // whoever leaves meanwhile does not wait for it
    coming.catch(() => {})
    yield rows.slice(0, whole)
  }
}

/** All rows at once, for what is known to be short. */
export async function rowsOf(wire: Wire, question: Question): Promise<Row[]> {
  const all: Row[] = []
  for await (const rows of pagesOf(wire, question)) all.push(...rows)
  return all
}

function statement(
  { measurement, columns, where, until = LAST_TIME }: Question,
  since: number,
  offset: number,
): string {
  const conditions = [...where, `time >= ${since}ms`, `time < ${Math.min(until, LAST_TIME)}ms`]
  return `SELECT ${quoted(columns)} FROM "${measurement}" WHERE ${conditions.join(' AND ')} LIMIT ${PAGE} OFFSET ${offset}`
}

/** Names as InfluxQL has them. */
export function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ')
}

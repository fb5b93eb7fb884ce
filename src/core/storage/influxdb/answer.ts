import { refusal } from './refusal.ts'
import type { Target } from './target.ts'

/** A value of an answer; a whole number beyond 2^53 comes as text. */
export type Value = number | string | boolean | null

/** A row: its time first. */
export type Row = readonly [time: number | string, ...values: Value[]]

/** What a statement gave. */
export interface Answer {
  readonly rows: readonly Row[]
  /** Whether the server left out rows, since it gives no more at once. */
  readonly isPartial: boolean
}

interface Reply {
  readonly error?: string
  readonly results?: readonly {
    readonly error?: string
    readonly series?: readonly { readonly values: Row[]; readonly partial?: boolean }[]
  }[]
}

/** The answer to one statement. @throws HkqError E_STORAGE for one that tells of an error, or is none */
export function answerIn(target: Target, text: string): Answer {
  const reply = read(text)
  if (reply === null) throw refusal(target, 200, `this is no answer of InfluxDB: ${text.slice(0, 80)}`)
  const [result] = reply.results ?? []
  const error = reply.error ?? result?.error
  if (error !== undefined) throw refusal(target, 200, error)
  const series = result?.series ?? []
  const isPartial = series.some(({ partial }) => partial === true)
  return { rows: series.length === 1 ? series[0]!.values : series.flatMap(({ values }) => values), isPartial }
}

function read(text: string): Reply | null {
  try {
    const reply: unknown = JSON.parse(exact(text))
    return typeof reply === 'object' && reply !== null && !Array.isArray(reply) ? (reply as Reply) : null
  } catch {
    return null
  }
}

/** The same JSON, numbers of more digits than a double holds for certain as texts. */
function exact(text: string): string {
  if (!LONG.test(text)) return text
  return text.replace(STRING_OR_LONG, (token) => (token.startsWith('"') ? token : `"${token}"`))
}
const LONG = /[[,]-?\d{16,}[\],]/
const STRING_OR_LONG = /"(?:[^"\\]|\\.)*"|(?<=[[,])-?\d{16,}(?=[\],])/g

/** A number of an answer. */
export function numberIn(value: Value | undefined): number | null {
  return value === null || value === undefined ? null : Number(value)
}

/** A text of an answer. */
export function textIn(value: Value | undefined): string | null {
  return value === null || value === undefined ? null : String(value)
}

/** A sequence number of an answer: a number where it is exact. */
export function seqIn(value: Value | undefined): number | bigint {
  if (typeof value === 'number') return value
  const seq = BigInt(String(value))
  return seq >= BigInt(Number.MIN_SAFE_INTEGER) && seq <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(seq) : seq
}

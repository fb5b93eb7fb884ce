import type { Seq } from '../../market/event.ts'

/** An array parameter of numbers, every one exactly as it is. */
export function numbers(values: readonly (number | bigint | null)[]): string {
  let text = '{'
  for (let i = 0; i < values.length; i++) text += i === 0 ? (values[i] ?? 'NULL') : `,${values[i] ?? 'NULL'}`
  return `${text}}`
}

/**
 * An array parameter of texts. PostgreSQL holds no NUL: it turns into the replacement character.
 * @throws TypeError for what is no text: a value of another type must fail a write, not be stored as something else
 */
export function texts(values: readonly (string | null)[]): string {
  return `{${values.map(quoted).join(',')}}`
}

function quoted(value: string | null): string {
  if (value === null) return 'NULL'
  if (typeof value !== 'string') throw new TypeError(`"${typeof value}" is no text`)
  return `"${value.replaceAll('\0', '\ufffd').replaceAll(/["\\]/g, '\\$&')}"`
}

/** A text as it is stored. */
export function storedText(value: string): string {
  return value.replaceAll('\0', '\ufffd')
}

/** An integer of 64 bits: a number where that is exact, else a bigint. */
export function exact(text: string): Seq {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : BigInt(text)
}

/** The ends of a span as integers of 64 bits, whatever it leaves open. */
export function endsOf({ since, until }: { since?: number; until?: number }): { since: number; until: number } {
  const within = (time: number): number =>
    Math.ceil(Math.min(Number.MAX_SAFE_INTEGER, Math.max(Number.MIN_SAFE_INTEGER, time)))
  return { since: within(since ?? Number.MIN_SAFE_INTEGER), until: within(until ?? Number.MAX_SAFE_INTEGER) }
}

const HEX = 2

/** Reads the text of a value by its type's number (catalogue pg_type): integers, doubles, bytes; all else is text. */
export function parserOf(oid: number): (text: string) => unknown {
  if (oid === INT8) return exact
  if (oid === INT2 || oid === INT4 || oid === FLOAT8) return Number
  if (oid === BOOL) return (text) => text === 't'
  if (oid === BYTEA) return (text) => Buffer.from(text.slice(HEX), 'hex')
  return (text) => text
}
const BOOL = 16
const BYTEA = 17
const INT8 = 20
const INT2 = 21
const INT4 = 23
const FLOAT8 = 701

/** The doubles in bytes that `float8send` made, one behind the other. */
export function doubles(bytes: Buffer): Float64Array {
  const { length } = bytes
  const copy = Buffer.from(new ArrayBuffer(length))
  bytes.copy(copy)
  return new Float64Array(copy.swap64().buffer, 0, length / 8)
}

import { TIME_FIELDS, type TimeFormat } from './json.ts'
import { formatIso } from './time.ts'

/**
 * Control characters but tab and line breaks, other line breaks, marks that turn the direction of writing, invisible
 * characters: a file that is shown in a terminal must not steer it.
 */
const CONTROLS = /(?![\t\n\r])[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu
/** What a spreadsheet takes for a formula, full-width signs included; an apostrophe before one is a text's own. */
const FORMULA = /^'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/

/** The header line of these fields. */
export function csvHeader(fields: readonly string[]): string {
  return `${fields.join(',')}\n`
}

/**
 * One record as a CSV line. Absent, null and NaN are empty, times ISO 8601, lists of words joined by spaces, anything deeper
 * JSON. A text that a spreadsheet would take for a formula gets an apostrophe before it.
 * @param time how times are written, default with Hong Kong's zone
 */
export function csvLine(record: object, fields: readonly string[], time: TimeFormat = formatIso): string {
  const values = record as Readonly<Record<string, unknown>>
  return `${fields.map((field) => cell(field, values[field], time)).join(',')}\n`
}

function cell(field: string, value: unknown, time: TimeFormat): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number')
    return TIME_FIELDS.has(field) ? time(value) : Number.isFinite(value) ? String(value) : ''
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  return quoted(guarded(textOf(value).replace(CONTROLS, '')))
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value.join(' ')
  return JSON.stringify(value)
}

function guarded(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text
}

/** A text as it was before it was guarded against being taken for a formula. */
export function unguarded(text: string): string {
  return text.startsWith("'") && FORMULA.test(text) ? text.slice(1) : text
}

function quoted(text: string): string {
  return /[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

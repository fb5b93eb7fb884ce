import { TIME_FIELDS, type TimeFormat } from './json.ts'
import { formatIso } from './time.ts'

/** Control characters but tab and line breaks: a file that is shown in a terminal must not steer it. */
const CONTROLS = /(?![\t\n\r])\p{Cc}/gu

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
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
}

function quoted(text: string): string {
  return /[",;\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

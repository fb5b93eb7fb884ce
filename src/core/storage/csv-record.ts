import { tooLong } from './lines.ts'

const LONGEST_RECORD = 1 << 20

/** One record of a CSV file: its fields, and its text for whoever rejects it. */
export interface CsvRecord {
  readonly fields: string[]
  readonly text: string
}

/** The delimiter of a header: whichever of comma, semicolon and tab it has most of. */
export function delimiterOf(header: string): string {
  const count = (delimiter: string): number => header.split(delimiter).length
  return [',', ';', '\t'].reduce((best, next) => (count(next) > count(best) ? next : best))
}

/**
 * The records in lines of CSV (RFC 4180): a quoted field may hold delimiters, doubled quotes and line ends. Blank lines
 * are no records.
 * @throws HkqError E_INPUT when a quote is not closed within 1 MiB
 */
export async function* recordsIn(
  batches: AsyncIterable<readonly string[]>,
  delimiter: string,
  name: string,
): AsyncGenerator<CsvRecord[]> {
  const open: string[] = []
  let length = 0
  for await (const lines of batches) {
    const records: CsvRecord[] = []
    for (const line of lines) {
      if (open.length === 0 && !line.includes('"')) {
        if (line !== '') records.push({ fields: line.split(delimiter), text: line })
        continue
      }
      const turns = line.split('"').length % 2 === 0
      open.push(line)
      length += line.length + 1
      if (length > LONGEST_RECORD) throw tooLong(name)
      if (turns !== (open.length === 1)) {
        records.push(recordOf(open.join('\n'), delimiter))
        open.length = length = 0
      }
    }
    if (records.length > 0) yield records
  }
  if (open.length > 0) yield [recordOf(open.join('\n'), delimiter)]
}

function recordOf(text: string, delimiter: string): CsvRecord {
  return { fields: quotedFields(text, delimiter) ?? text.split(delimiter), text }
}

/** Fields of a record with quotes in it, null when the last one is still open. */
export function quotedFields(text: string, delimiter: string): string[] | null {
  const fields: string[] = []
  let at = 0
  while (at <= text.length) {
    if (text[at] !== '"') {
      const end = text.indexOf(delimiter, at)
      fields.push(text.slice(at, end === -1 ? text.length : end))
      if (end === -1) return fields
      at = end + 1
      continue
    }
    let field = ''
    for (let from = at + 1; ; ) {
      const quote = text.indexOf('"', from)
      if (quote === -1) return null
      field += text.slice(from, quote)
      at = quote + 1
      if (text[at] !== '"') break
      field += '"'
      from = at + 1
    }
    const end = text.indexOf(delimiter, at)
    fields.push(field + text.slice(at, end === -1 ? text.length : end))
    if (end === -1) return fields
    at = end + 1
  }
  return fields
}

import { basename } from 'node:path'
import { Labels } from '../bars/labels.ts'
import { HkqError } from '../errors.ts'
import type { Bar } from '../market/bar.ts'
import { unguarded } from '../market/csv.ts'
import type { Batches } from '../market/event.ts'
import { readInstant } from '../market/instant.ts'
import { canonicalSymbol } from '../market/symbol.ts'
import type { Query, Source } from '../pipeline/source.ts'
import { TICK_COLUMNS } from './csv-columns.ts'
import { csvFilesIn } from './csv-files.ts'
import { type CsvLayout, readHeader } from './csv-header.ts'
import { type CsvRecord, delimiterOf, quotedFields, recordsIn } from './csv-record.ts'
import { asWanted, type FileOptions } from './file-options.ts'
import { type Input, linesOf, openInput } from './lines.ts'
import { type Fields, malformed, Ordinals, type ReadContext, readBar, readTick } from './read-record.ts'
import { RecordedClock } from './recorded-clock.ts'

/** A CSV file whose header has been read. */
interface OpenCsv extends CsvLayout {
  readonly name: string
  readonly context: ReadContext
  readonly records: AsyncGenerator<CsvRecord[]>
  /** How many fields a record must have; null where the file is not of hkq's writing. */
  readonly width: number | null
}

/** The header that hkq writes. */
const OWN_HEADER = TICK_COLUMNS.join(',')

/**
 * Ticks, or bars, from a CSV file or from a directory of them (read one after the other by day, then symbol). What a file
 * holds is seen from its header.
 * @throws HkqError E_STORAGE when nothing can be read, E_INPUT when a header is not understood
 */
export async function openCsvSource(path: string, options: FileOptions): Promise<Source> {
  const files = await csvFilesIn(path)
  const first = await openCsv(await openInput(files[0]!), options)
  const all = async function* (): AsyncGenerator<OpenCsv> {
    yield first
    for (const file of files.slice(1)) yield await openCsv(await openInput(file), options)
  }
  const clock = new RecordedClock()
  return {
    name: 'csv',
    kind: 'recorded',
    clock,
    ...(first.kind === 'bars' && { bars: (query: Query) => barsOf(all(), { ...options.query, ...query }, options) }),
    [Symbol.asyncIterator]: () => clock.follow(asWanted(ticksOf(all()), options))[Symbol.asyncIterator](),
  }
}

async function openCsv(input: Input, options: FileOptions): Promise<OpenCsv> {
  const lines = linesOf(input, options.signal)
  const { header, rest } = await splitHeader(lines)
  const delimiter = delimiterOf(header)
  const layout = readHeader(quotedFields(header, delimiter) ?? [header], input.name, options.columns ?? new Map())
  const context = { sessions: options.sessions, source: 'csv', symbol: symbolIn(input.name), ordinals: new Ordinals() }
  const width = header === OWN_HEADER ? TICK_COLUMNS.length : null
  return { ...layout, name: input.name, context, records: recordsIn(rest, delimiter, input.name), width }
}

/** The first line that is not blank, and the lines after it. */
async function splitHeader(
  lines: AsyncGenerator<string[]>,
): Promise<{ header: string; rest: AsyncGenerator<string[]> }> {
  for (let next = await lines.next(); !next.done; next = await lines.next()) {
    const at = next.value.findIndex((line) => line.trim() !== '')
    if (at !== -1) return { header: next.value[at]!, rest: following(next.value.slice(at + 1), lines) }
  }
  return { header: '', rest: lines }
}

async function* following(first: string[], lines: AsyncGenerator<string[]>): AsyncGenerator<string[]> {
  yield first
  yield* lines
}

/** The symbol a file is named after, for files that have no column for it: `00700.HK.csv`, `hk00700-2026.csv.gz`. */
function symbolIn(path: string): string | null {
  for (const part of basename(path).split(/[_\-\s]|\.(?!hk\b)/i)) {
    const symbol = /\d{4}|^[a-z]+$/i.test(part) && !/^20\d{2}$/.test(part) ? canonicalSymbol(part) : null
    if (symbol !== null) return symbol
  }
  return null
}

async function* ticksOf(files: AsyncIterable<OpenCsv>): Batches {
  for await (const { kind, name, columns, context, records, width } of files) {
    if (kind === 'bars')
      throw new HkqError('E_INPUT', `"${name}" holds bars, not ticks: only resample and volatility read bars`)
    for await (const batch of records) {
      yield batch.map(({ fields, text }) => {
        // a line that a crash has torn would be another trade
        const isTorn = width !== null && fields.length !== width
        return (isTorn ? malformed : readTick)(fieldsOf(fields, columns), text, context)
      })
    }
  }
}

async function* barsOf(files: AsyncIterable<OpenCsv>, query: Query, options: FileOptions): Batches<Bar> {
  const labels = new Labels(options.sessions, options.label)
  for await (const file of files) {
    for await (const batch of file.records) {
      const bars = batch
        .flatMap((record) => barsIn(record, file, labels, options))
        .filter((bar) => isWanted(bar, query))
      if (options.signal?.aborted) return
      if (bars.length > 0) yield bars
    }
  }
  const rest = labels.end().filter((bar) => isWanted(bar, query))
  if (rest.length > 0) yield rest
}

/** The bars that a record completes: its own when it tells start and end, else what its label makes known. */
function barsIn(
  { fields: values }: CsvRecord,
  { kind, name, columns, context }: OpenCsv,
  labels: Labels,
  options: FileOptions,
): Bar[] {
  if (kind === 'ticks') throw new HkqError('E_INPUT', `"${name}" holds ticks where the files before it hold bars`)
  const fields = fieldsOf(values, columns)
  const [start, end] = [readInstant(fields.start), readInstant(fields.end)]
  const isWhole = end > start
  const label = Number.isNaN(start) ? readInstant(fields.timestamp) : start
  const bar = isWhole ? readBar(fields, start, end, context) : readBar(fields, label, label + 1, context)
  if (bar !== null) return isWhole ? [bar] : labels.add(bar)
  options.onBadBar?.()
  return []
}

/** The fields of a record by hkq's names; a date and a time in two columns are one timestamp. */
function fieldsOf(values: readonly string[], columns: ReadonlyMap<string, number>): Fields {
  const fields: Record<string, string> = {}
  for (const [name, at] of columns) fields[name] = unguarded(values[at] ?? '')
  fields.timestamp ??= timestampOf(fields.date, fields.time)
  return fields
}

function timestampOf(date: string | undefined, time: string | undefined): string {
  if (date === undefined || time === undefined) return date ?? time ?? ''
  const digits = /^\d{3,6}$/.test(time)
    ? time.padStart(time.length < 5 ? 4 : 6, '0').replace(/\d{2}(?=\d)/g, '$&:')
    : time
  return `${date} ${digits}`
}

function isWanted({ symbol, start }: Bar, { symbols = [], since = -Infinity, until = Infinity }: Query): boolean {
  return (symbols.length === 0 || symbols.includes(symbol)) && start >= since && start < until
}

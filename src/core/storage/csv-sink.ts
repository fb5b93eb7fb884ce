import { join } from 'node:path'
import { HkqError } from '../errors.ts'
import { csvHeader, csvLine } from '../market/csv.ts'
import type { Tick } from '../market/event.ts'
import type { TimeFormat } from '../market/json.ts'
import { formatDate } from '../market/time.ts'
import type { Sink } from '../pipeline/source.ts'
import { appendText, prepareFile } from './append.ts'
import { TICK_COLUMNS } from './csv-columns.ts'
import { isDirectory } from './csv-files.ts'
import { linesOf, openInput } from './lines.ts'

const HEADER = csvHeader(TICK_COLUMNS)

/** How ticks are written. */
export interface CsvSinkOptions {
  /** A byte-order mark in new files, for spreadsheets that take UTF-8 for something else without one. */
  readonly bom?: boolean
  /** Default: Hong Kong. */
  readonly time?: TimeFormat
}

/**
 * Ticks appended to a CSV file, or to `DIR/SYMBOL/DATE.csv` for each symbol and Hong Kong day; other events have no place
 * in a table of ticks and are passed over. A new file gets a header.
 * @throws HkqError E_STORAGE when a file cannot be written or holds other columns
 */
export async function openCsvSink(path: string, options: CsvSinkOptions = {}): Promise<Sink> {
  const byDay = await isDirectory(path)
  const ready = new Map<string, Promise<void>>()
  const prepare = (file: string): Promise<void> => {
    const known = ready.get(file) ?? withHeader(file, options.bom ?? false)
    ready.set(file, known)
    return known
  }
  if (!byDay) await prepare(path)
  return {
    async write(batch) {
      const ticks = batch.filter((event): event is Tick => event.type === 'tick')
      for (const [file, text] of grouped(ticks, byDay ? path : null, path, options.time)) {
        await prepare(file)
        await appendText(file, text)
      }
      return { stored: ticks.length, duplicates: 0 }
    },
    async close() {},
  }
}

function grouped(ticks: readonly Tick[], dir: string | null, file: string, time?: TimeFormat): Map<string, string> {
  const texts = new Map<string, string>()
  for (const tick of ticks) {
    const place = dir === null ? file : join(dir, tick.symbol, `${formatDate(tick.timestamp)}.csv`)
    texts.set(place, `${texts.get(place) ?? ''}${csvLine(tick, TICK_COLUMNS, time)}`)
  }
  return texts
}

async function withHeader(file: string, bom: boolean): Promise<void> {
  if (await prepareFile(file)) return appendText(file, `${bom ? '\ufeff' : ''}${HEADER}`)
  const found = await headerOf(file)
  if (`${found}\n` === HEADER) return
  throw new HkqError('E_STORAGE', `"${file}" holds other columns ("${found.slice(0, 60)}"): choose another file`)
}

async function headerOf(file: string): Promise<string> {
  for await (const lines of linesOf(await openInput(file))) return lines[0] ?? ''
  return ''
}

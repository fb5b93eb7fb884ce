import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { HkqError } from '../errors.ts'
import { csvHeader, csvLine } from '../market/csv.ts'
import type { Tick } from '../market/event.ts'
import type { TimeFormat } from '../market/json.ts'
import { Sessions } from '../market/session.ts'
import { formatDate } from '../market/time.ts'
import type { Sink } from '../pipeline/source.ts'
import { appendText, endTornLine, prepareFile } from './append.ts'
import { openCsvSource } from './csv.ts'
import { TICK_COLUMNS } from './csv-columns.ts'
import { isDirectory } from './csv-files.ts'
import { FileMemory } from './file-memory.ts'
import { linesOf, openInput } from './lines.ts'

const HEADER = csvHeader(TICK_COLUMNS)

/** How ticks are written. */
export interface CsvSinkOptions {
  /** A byte-order mark in new files, for spreadsheets that take UTF-8 for something else without one. */
  readonly bom?: boolean
  /** Default: Hong Kong. */
  readonly time?: TimeFormat
}

/** Files whose content is remembered at a time: more than a day of the whole market has. */
const REMEMBERED = 4_096

/**
 * Ticks appended to a CSV file, or to `DIR/SYMBOL/DATE.csv` for each symbol and Hong Kong day; other events have no place
 * in a table of ticks and are passed over. A new file gets a header; a tick that a file holds is not written again.
 * @throws HkqError E_STORAGE when a file cannot be written or holds other columns
 */
export async function openCsvSink(path: string, options: CsvSinkOptions = {}): Promise<Sink> {
  const byDay = await isDirectory(path)
  const memories = new Map<string, FileMemory>()
  const memoryOf = async (file: string): Promise<FileMemory> => {
    const known = existsSync(file) ? memories.get(file) : undefined
    const memory = known ?? (await opened(file, options.bom ?? false))
    memories.delete(file)
    memories.set(file, memory)
    if (memories.size > REMEMBERED) memories.delete(memories.keys().next().value!)
    return memory
  }
  if (!byDay) await memoryOf(path)
  return {
    async write(batch) {
      const ticks = batch.filter((event): event is Tick => event.type === 'tick')
      let stored = 0
      for (const [file, own] of byDay ? byFile(ticks, path) : [[path, ticks] as const]) {
        const fresh = (await (await memoryOf(file)).fresh(own)) as readonly Tick[]
        await appendText(file, fresh.map((tick) => csvLine(tick, TICK_COLUMNS, options.time)).join(''))
        stored += fresh.length
      }
      return { stored, duplicates: ticks.length - stored }
    },
    async close() {},
  }
}

function byFile(ticks: readonly Tick[], dir: string): Map<string, Tick[]> {
  const files = new Map<string, Tick[]>()
  for (const tick of ticks) {
    const file = join(dir, tick.symbol, `${formatDate(tick.timestamp)}.csv`)
    const own = files.get(file)
    if (own === undefined) files.set(file, [tick])
    else own.push(tick)
  }
  return files
}

/** A file that can be appended to, with its header; what it holds is read when the first tick is written. */
async function opened(file: string, bom: boolean): Promise<FileMemory> {
  if (await prepareFile(file)) {
    await appendText(file, `${bom ? '\ufeff' : ''}${HEADER}`)
    return new FileMemory(null)
  }
  const found = await headerOf(file)
  if (`${found}\n` !== HEADER) {
    throw new HkqError('E_STORAGE', `"${file}" holds other columns ("${found.slice(0, 60)}"): choose another file`)
  }
  await endTornLine(file)
  return new FileMemory(() => openCsvSource(file, { sessions: new Sessions() }))
}

async function headerOf(file: string): Promise<string> {
  for await (const lines of linesOf(await openInput(file))) return lines[0] ?? ''
  return ''
}

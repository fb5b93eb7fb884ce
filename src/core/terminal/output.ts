import type { Writable } from 'node:stream'
import { csvHeader, csvLine } from '../market/csv.ts'
import { toJson } from '../market/json.ts'
import type { Column } from './columns.ts'
import type { Palette } from './palette.ts'
import { createRowPrinter } from './row-printer.ts'
import { renderTable } from './table.ts'
import { createWriter } from './writer.ts'
import { createZone, isoOf } from './zone.ts'

/** What every record is. */
type Typed = { readonly type: string }

export const FORMATS = ['table', 'json', 'ndjson', 'csv'] as const
export type Format = (typeof FORMATS)[number]

/** Records to a stream in one format. */
export interface Output<R> {
  /** Writes records in order; resolves when the stream takes more. @throws HkqError E_STORAGE when it cannot be written */
  write(records: readonly R[]): Promise<void>
  /** Writes what the format still needs; resolves when everything has been handed over. The stream stays open. */
  end(): Promise<void>
  /** Whether the reader went away; writing is pointless then, and does nothing. */
  readonly closed: boolean
  /** Aborts when the reader goes away. */
  readonly gone: AbortSignal
}

export interface OutputOptions<R> {
  readonly format: Format
  readonly stream: Writable
  /** Columns of the table. */
  readonly columns: readonly Column<R>[]
  /** Whether the table is drawn at the end as one, or row by row as records come. */
  readonly whole?: boolean
  readonly palette: Palette
  /** Cells of the terminal, for the table alone; absent means there is none and nothing is left out. */
  readonly width?: number
  /** Time zone of JSON and CSV. */
  readonly tz?: string
  /** Fields of the CSV in order; absent means those of the first record but `type`. */
  readonly fields?: readonly string[]
}

const CHUNK = 65_536

/** What each format writes before, for and after the records. */
interface Encoder<R> {
  encode(records: readonly R[]): Iterable<string>
  end(): string
}

/** Opens an output. Only the table may carry colours; the machine formats contain no escape byte. */
export function createOutput<R extends Typed>(options: OutputOptions<R>): Output<R> {
  const writer = createWriter(options.stream)
  const encoder = ENCODERS[options.format](options as unknown as OutputOptions<Typed>)
  return {
    gone: writer.gone,
    get closed() {
      return writer.gone.aborted
    },
    write: async (records) => {
      let text = ''
      for (const part of encoder.encode(records)) {
        text += part
        if (text.length < CHUNK) continue
        await writer.write(text)
        text = ''
      }
      await writer.write(text)
    },
    end: async () => {
      await writer.write(encoder.end())
      await writer.flush()
    },
  }
}

const ENCODERS: Readonly<Record<Format, (options: OutputOptions<Typed>) => Encoder<Typed>>> = {
  ndjson: ({ tz }) => {
    const time = isoOf(createZone(tz))
    return {
      *encode(records) {
        for (const record of records) yield `${toJson(record, time)}\n`
      },
      end: () => '',
    }
  },
  json: ({ tz }) => {
    const time = isoOf(createZone(tz))
    let before = '[\n'
    return {
      *encode(records) {
        for (const record of records) {
          yield before + toJson(record, time)
          before = ',\n'
        }
      },
      end: () => (before === '[\n' ? '[]\n' : '\n]\n'),
    }
  },
  csv: ({ tz, fields }) => {
    const time = isoOf(createZone(tz))
    let named = fields
    let titled = false
    return {
      *encode(records) {
        for (const record of records) {
          named ??= Object.keys(record).filter((field) => field !== 'type')
          if (!titled) yield csvHeader(named)
          titled = true
          yield csvLine(record, named, time)
        }
      },
      end: () => (titled || !named ? '' : csvHeader(named)),
    }
  },
  table: ({ columns, whole, palette, width = Number.POSITIVE_INFINITY }) => {
    const printer = createRowPrinter(columns, width, palette)
    const kept: Typed[] = []
    return {
      *encode(records) {
        if (whole) for (const record of records) kept.push(record)
        else yield printer.print(records)
      },
      end: () => (kept.length > 0 ? `${renderTable(columns, kept, width, palette)}\n` : ''),
    }
  },
}

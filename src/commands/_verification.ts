import type { DayCoverage } from '../core/holes/days.ts'
import type { Inspection } from '../core/holes/inspect.ts'
import type { Mismatch } from '../core/holes/minutes.ts'
import type { Completeness } from '../core/market/completeness.ts'
import type { Gap } from '../core/market/event.ts'
import { fieldNames } from '../core/records/schema.ts'
import { renderVerification } from '../core/terminal/verification.ts'
import type { Io } from './_io.ts'
import type { CommonOptions } from './_options.ts'
import { formatOf, paletteOf, printer, zoneOf } from './_print.ts'

/** What of a verification is printed: one record for each thing, in the order in which it is found. */
type Found =
  | { type: 'integrity'; store: string; sound: boolean; problems: readonly string[] }
  | Gap
  | Mismatch
  | DayCoverage
  | Completeness

/** Tells a verification as it goes. */
export interface Report {
  integrity(problems: readonly string[]): Promise<void>
  inspection(inspection: Inspection): Promise<void>
  /** @param incomplete how many of the rows are findings */
  compared(rows: readonly Completeness[], incomplete: number): Promise<void>
  end(): Promise<void>
  /** What is wrong so far. */
  readonly findings: number
  /** Aborts when the reader goes away. */
  readonly gone: AbortSignal
}

/** A table at the end, or records as they come; a CSV holds one kind of them: the days, or what was compared. */
export function reportOf(path: string, options: CommonOptions & { against?: string }, io: Io): Report {
  const format = formatOf(options, io)
  const kind = options.against === undefined ? 'coverage' : 'completeness'
  const output = printer<Found>(options, io, { columns: [], fields: fieldNames(kind) })
  const all: Found[] = []
  let findings = 0
  const told = new Set<string>()
  /** A hole of all symbols is met in each of them. */
  const isNew = (gap: Gap): boolean => {
    const [name, before] = [JSON.stringify(gap), told.size]
    return gap.symbol !== null || told.add(name).size > before
  }
  const put = async (records: readonly Found[]): Promise<void> => {
    if (format === 'table') all.push(...records)
    else await output.write(format === 'csv' ? records.filter(({ type }) => type === kind) : records)
  }
  return {
    gone: output.gone,
    get findings() {
      return findings
    },
    integrity: async (problems) => {
      findings += problems.length
      await put([{ type: 'integrity', store: path, sound: problems.length === 0, problems }])
    },
    inspection: async (inspection) => {
      const { mismatches, days } = inspection
      const holes = inspection.holes.filter(isNew)
      findings += holes.filter(({ filled_by }) => filled_by === null).length + mismatches.length
      await put([...holes, ...mismatches, ...days])
    },
    compared: async (rows, incomplete) => {
      findings += incomplete
      await put(rows)
    },
    end: async () => {
      if (format !== 'table') return output.end()
      const width = io.stdout.isTTY ? (io.stdout.columns ?? 80) : Number.POSITIVE_INFINITY
      const text = renderVerification(foundIn(all), zoneOf(options), width, paletteOf(io.stdout, options, io))
      io.stdout.write(`${text}\n`)
    },
  }
}

function foundIn(all: readonly Found[]): Parameters<typeof renderVerification>[0] {
  const of = <T extends Found['type']>(type: T) =>
    all.filter((one): one is Extract<Found, { type: T }> => one.type === type)
  return {
    problems: of('integrity').flatMap(({ problems }) => problems),
    days: of('coverage'),
    holes: of('gap'),
    mismatches: of('mismatch'),
    compared: of('completeness'),
  }
}

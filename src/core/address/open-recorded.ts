import { HkqError } from '../errors.ts'
import { pace } from '../pipeline/pace.ts'
import type { Source } from '../pipeline/source.ts'
import { withEvents } from '../pipeline/with-events.ts'
import { type FileOptions, parseColumns } from '../storage/file-options.ts'
import { type Address, choiceParam, numberParam, param, shownAddress } from './address.ts'
import { openStoreAt } from './open-store.ts'
import { queryOf, type Settled } from './source-options.ts'

/** A store, oldest first. @throws HkqError E_USAGE, E_STORAGE */
export async function openStore(address: Address, options: Settled): Promise<Source> {
  const { storeSource } = await import('../storage/store-source.ts')
  const { sessions, influxToken } = options
  const store = await openStoreAt(address, 'read', { sessions, ...(influxToken && { influxToken }) })
  return paced(address, storeSource(store, shownAddress(address.path), queryOf(options), options.signal), options)
}

/** A file of NDJSON, or standard input. @throws HkqError E_USAGE, E_STORAGE, E_INPUT */
export async function openNdjson(address: Address, options: Settled): Promise<Source> {
  const { openNdjsonSource } = await import('../storage/ndjson.ts')
  const from = address.scheme === '-' ? { name: '-', stream: options.stdin! } : address.path
  return paced(address, await openNdjsonSource(from, fileOptions(address, options)), options)
}

/** A CSV file, or a folder of them. @throws HkqError E_USAGE, E_STORAGE, E_INPUT */
export async function openCsv(address: Address, options: Settled): Promise<Source> {
  const { openCsvSource } = await import('../storage/csv.ts')
  return paced(address, await openCsvSource(address.path, fileOptions(address, options)), options)
}

/** A folder of captured frames, decoded as when they came. @throws HkqError E_USAGE, E_STORAGE, E_INPUT */
export async function openFrames(address: Address, options: Settled): Promise<Source> {
  const { openRaw } = await import('../connection/raw.ts')
  const { sessions, signal, depth } = options
  const raw = openRaw(address.path, { ...queryOf(options), sessions, signal, ...(depth !== undefined && { depth }) })
  return paced(address, raw, options)
}

function fileOptions(address: Address, options: Settled): FileOptions {
  const volume = choiceParam(address, 'volume', ['day'])
  const label = choiceParam(address, 'label', ['start', 'end'])
  const columns = param(address, 'columns')
  const renaming = columns === undefined ? undefined : parseColumns(columns)
  if (renaming === null) {
    throw new HkqError(
      'E_USAGE',
      `"columns=${columns}" in address "${address.text}": write OURS:THEIRS,... e.g. timestamp:t,last_price:p, each of ours once`,
    )
  }
  return {
    ...{ sessions: options.sessions, signal: options.signal, query: queryOf(options) },
    ...(options.onBadBar && { onBadBar: options.onBadBar }),
    ...(volume && { volume }),
    ...(label && { label }),
    ...(renaming && { columns: renaming }),
  }
}

/** Recorded events at their own pace where the address asks for it (`?speed=1`), else as fast as they are taken. */
function paced(address: Address, source: Source, { clock, signal }: Settled): Source {
  const speed = numberParam(address, 'speed', 1e-3)
  if (speed === undefined) return source
  return withEvents(source, (events) => pace(events, { speed, clock, signal }))
}

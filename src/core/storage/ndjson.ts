import type { Writable } from 'node:stream'
import { HkqError, isReaderGone, messageOf } from '../errors.ts'
import type { Bar } from '../market/bar.ts'
import type { Batches, MarketEvent } from '../market/event.ts'
import { type TimeFormat, toJson } from '../market/json.ts'
import { Sessions } from '../market/session.ts'
import type { Query, Sink, Source } from '../pipeline/source.ts'
import { appendText, endTornLine, prepareFile } from './append.ts'
import { FileMemory } from './file-memory.ts'
import { asWanted, type FileOptions } from './file-options.ts'
import { type Input, linesOf, openInput } from './lines.ts'
import { fromJson } from './ndjson-record.ts'
import { Ordinals, type ReadContext } from './read-record.ts'
import { RecordedClock } from './recorded-clock.ts'

/**
 * Events from lines of JSON: a file, or a stream such as standard input. When the first record that can be read is a bar the source has
 * `bars` as well; it is then read for its bars or for its events, once.
 * @throws HkqError E_STORAGE when the file cannot be read, E_INPUT when it begins with other text than JSON objects
 */
export async function openNdjsonSource(from: string | Input, options: FileOptions): Promise<Source> {
  const input = typeof from === 'string' ? await openInput(from) : from
  const context = { sessions: options.sessions, source: 'ndjson', symbol: null, ordinals: new Ordinals() }
  const records = recordsOf(input, context, options)
  const first = await records.next()
  const all = async function* (): Batches<MarketEvent | Bar> {
    if (first.done) return
    yield first.value
    yield* records
  }
  const clock = new RecordedClock()
  const holdsBars = !first.done && first.value.find(({ type }) => type !== 'rejected')?.type === 'bar'
  return {
    name: 'ndjson',
    kind: 'recorded',
    clock,
    ...(holdsBars && { bars: (query: Query) => barsOf(all(), { ...options.query, ...query }, options) }),
    [Symbol.asyncIterator]: () => clock.follow(asWanted(eventsOf(all()), options))[Symbol.asyncIterator](),
  }
}

async function* recordsOf(
  input: Input,
  context: ReadContext,
  { columns, signal }: FileOptions,
): AsyncGenerator<(MarketEvent | Bar)[]> {
  const renaming = columns && new Map([...columns].map(([ours, theirs]) => [theirs, ours]))
  let checked = false
  for await (const lines of linesOf(input, signal)) {
    if (!checked) checked = refuseOtherText(lines, input.name)
    const records = lines.map((line) => fromJson(line, context, renaming)).filter((record) => record !== null)
    if (records.length > 0) yield records
  }
}

/**
 * Whether these lines tell that the input is NDJSON; blank ones tell nothing.
 * @throws HkqError E_INPUT when there is text and no line of it is a JSON object
 */
function refuseOtherText(lines: readonly string[], name: string): boolean {
  const texts = lines.filter((line) => line.trim() !== '')
  if (texts.length === 0) return false
  if (texts.some(isObject)) return true
  const shown = texts[0]!.replace(/[^\x20-\x7e]/g, '?').slice(0, 40)
  throw new HkqError('E_INPUT', `"${name}" is not NDJSON, it begins with "${shown}": give one JSON object a line`)
}

function isObject(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

async function* eventsOf(records: Batches<MarketEvent | Bar>): Batches {
  for await (const batch of records) {
    const events = batch.filter((record): record is MarketEvent => record.type !== 'bar')
    if (events.length > 0) yield events
  }
}

async function* barsOf(records: Batches<MarketEvent | Bar>, query: Query, { onBadBar }: FileOptions): Batches<Bar> {
  const { symbols = [], since = -Infinity, until = Infinity } = query
  for await (const batch of records) {
    if (onBadBar) for (const { type } of batch) if (type === 'rejected') onBadBar()
    const bars = batch.filter(
      (record): record is Bar =>
        record.type === 'bar' &&
        (symbols.length === 0 || symbols.includes(record.symbol)) &&
        record.start >= since &&
        record.start < until,
    )
    if (bars.length > 0) yield bars
  }
}

/**
 * Events as lines of JSON, appended to a file (as gzip when its name ends in `.gz`). A write resolves when the system has
 * the lines. A tick, quote or gap that the file holds is not written again.
 * @throws HkqError E_STORAGE when the file cannot be written, E_INPUT when it holds other text
 */
export async function openNdjsonSink(path: string, time?: TimeFormat): Promise<Sink> {
  const held = (): Promise<Source> => openNdjsonSource(path, { sessions: new Sessions() })
  const isNew = await prepareFile(path)
  if (!isNew) {
    await (await held())[Symbol.asyncIterator]().return?.()
    await endTornLine(path)
  }
  const memory = new FileMemory(isNew ? null : held)
  return {
    async write(batch) {
      const fresh = await memory.fresh(batch)
      await appendText(path, linesFor(fresh, time))
      const stored = ticksIn(fresh)
      return { stored, duplicates: ticksIn(batch) - stored }
    },
    async close() {},
  }
}

/**
 * Events as lines of JSON into a stream that is not ours to close (standard output). Waits while the reader is slow. A
 * reader that has gone away is no error: `onGone` is called and what follows goes nowhere.
 * @throws HkqError E_STORAGE from `write` when the stream fails otherwise, as on a full disk
 */
export function ndjsonInto(stream: Writable, onGone: () => void = () => {}, time?: TimeFormat): Sink {
  let gone = false
  let failure: Error | undefined
  let endWait = (): void => {}
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (!isReaderGone(error, stream)) failure ??= error
    else if (!gone) onGone()
    gone = true
    endWait()
  })
  /** Resolves when the stream has passed the text on, or has failed, which its `error` event tells. */
  const written = (text: string): Promise<void> =>
    new Promise((resolve) => {
      endWait = resolve
      stream.write(text, (error) => (error ? setImmediate(resolve) : resolve()))
    })
  return {
    async write(batch) {
      if (!gone && batch.length > 0) await written(linesFor(batch, time))
      if (failure) throw new HkqError('E_STORAGE', `cannot write the output: ${messageOf(failure)}`, { cause: failure })
      return { stored: gone ? 0 : ticksIn(batch), duplicates: 0 }
    },
    async close() {},
  }
}

function linesFor(batch: readonly MarketEvent[], time?: TimeFormat): string {
  let text = ''
  for (const event of batch) if (event.type !== 'coverage') text += `${toJson(event, time)}\n`
  return text
}

function ticksIn(batch: readonly MarketEvent[]): number {
  return batch.reduce((count, { type }) => count + (type === 'tick' ? 1 : 0), 0)
}

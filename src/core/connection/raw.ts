import { createReadStream, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { constants, createGunzip } from 'node:zlib'
import type { Clock } from '../clock.ts'
import { HkqError, messageOf } from '../errors.ts'
import type { Batches, Gap, MarketEvent, Seq } from '../market/event.ts'
import { byTimeAndSeq } from '../market/event.ts'
import type { Sessions } from '../market/session.ts'
import { MINUTE } from '../market/time.ts'
import type { Query, Source } from '../pipeline/source.ts'
import type { CaptureLine } from './capture.ts'
import type { Decoder } from './vendor.ts'
import { VENDORS, type VendorName } from './vendors/index.ts'
import { wireObject } from './wire.ts'

const FILE = /^(?<vendor>.+)-(?<day>\d{4}-\d{2}-\d{2})-(?<start>\d+)-(?<id>\d+)\.ndjson\.gz$/
const BATCH = 1_024
/** A frame of 1 MiB of which every character is escaped. */
const LONGEST_LINE = 8 << 20

export interface RawOptions extends Query {
  sessions: Sessions
  /** Levels of the book to deliver; absent: as it was when captured. */
  depth?: number
  /** Ends the reading quietly. */
  signal?: AbortSignal
}

/**
 * The frames of a capture decoded again: the same events with the same receive times, a fresh decoder where a connection
 * began, and a gap before the first newer tick after a connection was lost in trading hours. A torn or damaged file is
 * read up to the damage, with a warning in the stream. Runs are read one after the other, oldest first.
 * @throws HkqError E_INPUT when the folder holds no capture
 */
export function openRaw(dir: string, options: RawOptions): Source {
  const files = captureFiles(dir)
  let now = 0
  const clock: Clock = { now: () => now, monotonic: () => now, sleep: async () => {} }
  const reader = new Reader(options, (at) => {
    now = at
  })
  return {
    name: 'raw',
    kind: 'recorded',
    clock,
    [Symbol.asyncIterator]: () => reader.read(dir, files)[Symbol.asyncIterator](),
  }
}

/** Names of the capture's files: runs by their start, the days of a run in order. */
function captureFiles(dir: string): string[] {
  let names: string[]
  try {
    names = readdirSync(dir)
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const why = missing ? 'no such directory' : messageOf(error)
    throw new HkqError('E_STORAGE', `no raw capture in "${dir}": ${why}`, { cause: error })
  }
  const files = names.flatMap((name) => {
    const parts = FILE.exec(name)?.groups
    return parts ? [{ name, day: parts.day!, start: Number(parts.start), run: `${parts.vendor}-${parts.id}` }] : []
  })
  if (files.length === 0)
    throw new HkqError('E_INPUT', `no raw capture in "${dir}": it holds no *.ndjson.gz of record --raw`)
  files.sort((a, b) => a.start - b.start || compare(a.run, b.run) || compare(a.day, b.day))
  return files.map(({ name }) => name)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

interface Last {
  timestamp: number
  seq: Seq
  /** Receive time of the last frame before the connection was lost; null while nothing was. */
  lostAt: number | null
}

class Reader {
  readonly #options: RawOptions
  readonly #symbols: ReadonlySet<string> | null
  readonly #tell: (now: number) => void
  readonly #last = new Map<string, Last>()
  #decoder: Decoder | undefined
  #vendor = ''
  #upAt = 0
  #at = 0

  constructor(options: RawOptions, tell: (now: number) => void) {
    const { symbols = [] } = options
    this.#options = options
    this.#symbols = symbols.length === 0 ? null : new Set(symbols)
    this.#tell = tell
  }

  async *read(dir: string, files: readonly string[]): Batches {
    for (const name of files) {
      let batch: MarketEvent[] = []
      try {
        for await (const line of lines(join(dir, name))) {
          if (this.#options.signal?.aborted) break
          this.#line(line, name, batch)
          if (batch.length < BATCH) continue
          yield batch
          batch = []
        }
      } catch (error) {
        if (error instanceof HkqError) throw error
        const detail = `raw capture "${name}" is read up to where it is torn: ${messageOf(error)}`
        batch.push({
          type: 'status',
          source: this.#vendor,
          symbol: null,
          state: 'warning',
          timestamp: this.#at,
          detail,
        })
      }
      if (batch.length > 0) yield batch
      if (this.#options.signal?.aborted) return
    }
  }

  #line(text: string, name: string, out: MarketEvent[]): void {
    const line = parsed(text)
    if (line === null) return
    if ('connection' in line) {
      this.#connect(line.connection, name)
      return
    }
    this.#at = line.at
    this.#tell(line.at)
    const frame = 'text' in line ? Buffer.from(line.text) : Buffer.from(line.base64, 'base64')
    const events: MarketEvent[] = []
    this.#decoder?.decode(frame, line.at, events)
    for (const event of events) if (this.#isWanted(event)) this.#deliver(event, out)
  }

  #connect({ vendor, depth, at }: { vendor: string; depth: number; at: number }, name: string): void {
    if (!Object.hasOwn(VENDORS, vendor)) {
      throw new HkqError('E_INPUT', `raw capture "${name}" is of the vendor "${vendor}", which is unknown here`)
    }
    const { sessions, depth: asked = depth } = this.#options
    this.#decoder = VENDORS[vendor as VendorName]({}).openDecoder({ sessions, depth: asked })
    this.#vendor = vendor
    this.#upAt = at
    for (const last of this.#last.values()) last.lostAt ??= this.#at
  }

  #isWanted(event: MarketEvent): boolean {
    const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = this.#options
    if (this.#symbols !== null && (event.type === 'gap' || event.symbol === null || !this.#symbols.has(event.symbol))) {
      return false
    }
    const time = 'timestamp' in event ? event.timestamp : null
    return time === null || (time >= since && time < until)
  }

  #deliver(event: MarketEvent, out: MarketEvent[]): void {
    if (event.type === 'tick') {
      const { symbol, timestamp, seq } = event
      const last = this.#last.get(symbol)
      const isNewer = last === undefined || byTimeAndSeq(event, last) > 0
      if (last && isNewer && last.lostAt !== null && this.#trades(last.lostAt)) {
        out.push(gapOf(event.source, symbol, last.timestamp, timestamp))
      }
      if (isNewer) this.#last.set(symbol, { timestamp, seq, lostAt: null })
      else last.lostAt = null
    }
    out.push(event)
  }

  /** Whether anything trades between the loss and the connection that is up, a minute either side. */
  #trades(lostAt: number): boolean {
    return this.#options.sessions.tradingTime(lostAt - MINUTE, this.#upAt + MINUTE) > 0
  }
}

function gapOf(source: string, symbol: string, from: number, to: number): Gap {
  return { type: 'gap', source, symbol, from, to, cause: 'disconnect', volume: null, filled_by: null }
}

/** Whole lines of a file; throws where the compressed data is torn or damaged, after the lines before that. */
async function* lines(path: string): AsyncGenerator<string> {
  const text = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH })
  const file = createReadStream(path)
  file.on('error', (error) => text.destroy(error))
  file.pipe(text.setEncoding('utf8'))
  let rest = ''
  try {
    for await (const chunk of text as AsyncIterable<string>) {
      const whole = (rest + chunk).split('\n')
      rest = whole.pop()!
      if (rest.length > LONGEST_LINE) throw new Error('it has a line longer than any frame')
      yield* whole
    }
  } finally {
    file.destroy()
    text.destroy()
  }
  if (rest !== '') throw new Error('its last line is incomplete')
}

/** A line of a capture, null for anything else. */
function parsed(text: string): CaptureLine | null {
  let line: ReturnType<typeof wireObject>
  try {
    line = wireObject(JSON.parse(text))
  } catch {
    return null
  }
  if (line === null) return null
  const begun = wireObject(line.connection)
  if (begun !== null) {
    const whole = typeof begun.vendor === 'string' && Number.isInteger(begun.depth) && Number.isFinite(begun.at)
    return whole ? (line as CaptureLine) : null
  }
  const isFrame = typeof ('text' in line ? line.text : line.base64) === 'string'
  return isFrame && Number.isFinite(line.at) ? (line as CaptureLine) : null
}

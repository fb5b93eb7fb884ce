import { isUtf8 } from 'node:buffer'
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Clock } from '../clock.ts'
import { HkqError, messageOf } from '../errors.ts'
import { makeFolder } from '../make-folder.ts'
import { dayNumber, formatDate } from '../market/time.ts'
import { scrubber } from './secret.ts'
import type { Decoder, Vendor } from './vendor.ts'

/** Frames wait in memory for at most this many characters or milliseconds. */
const FLUSH_SIZE = 64 * 1024
const FLUSH_MS = 1_000

/** One line of a capture: where a connection began, or a frame as it came, binary ones in base64. Times are epoch ms. */
export type CaptureLine =
  | { connection: { vendor: string; depth: number; at: number } }
  | { at: number; text: string }
  | { at: number; base64: string }

export interface CaptureOptions {
  clock: Clock
  /** Tells runs of one day apart, with the time of the start; the process id. */
  id: number
  /** Told once when the disk refuses; the capture has ended then, the feed goes on. */
  onFailure: (error: HkqError) => void
}

/**
 * Keeps every frame of a vendor with its receive time, the secret taken out, in `DIR/VENDOR-DAY-START-ID.ndjson.gz`, one
 * file per Hong Kong day. A file is a row of small gzip members, each written whole at least once a second: a crash loses
 * that second, and what is torn is the tail alone. `raw.ts` reads it.
 */
export class Capture {
  /** The vendor to open the feed with: as it was, but its decoders write down what they are given. */
  readonly vendor: Vendor
  readonly #dir: string
  readonly #options: CaptureOptions
  readonly #stem: string
  readonly #scrub: (text: string) => string
  readonly #life = new AbortController()
  #lines: string[] = []
  #size = 0
  #isWaiting = false
  #day = Number.NaN
  #fd: number | undefined

  /** @throws HkqError E_STORAGE when the folder cannot be made */
  constructor(dir: string, vendor: Vendor, options: CaptureOptions) {
    try {
      makeFolder(dir)
    } catch (error) {
      throw refused(dir, error)
    }
    this.#dir = dir
    this.#options = options
    this.#stem = `${options.clock.now()}-${options.id}`
    this.#scrub = scrubber([], secretsOf(vendor))
    this.vendor = { ...vendor, openDecoder: (context) => this.#tap(vendor, vendor.openDecoder(context), context.depth) }
  }

  /** Writes what is left and closes the file. */
  close(): void {
    this.#flush()
    this.#end()
  }

  #tap(vendor: Vendor, decoder: Decoder, depth: number): Decoder {
    const at = this.#options.clock.now()
    this.#write({ connection: { vendor: vendor.name, depth, at } }, at)
    return {
      decode: (frame, receivedAt, out) => {
        this.#write(this.#lineOf(frame, receivedAt), receivedAt)
        return decoder.decode(frame, receivedAt, out)
      },
      get unknown() {
        return decoder.unknown
      },
    }
  }

  #lineOf(frame: Buffer, at: number): CaptureLine {
    if (isUtf8(frame)) return { at, text: this.#scrub(frame.toString('utf8')) }
    return { at, base64: Buffer.from(this.#scrub(frame.toString('latin1')), 'latin1').toString('base64') }
  }

  #write(line: CaptureLine, at: number): void {
    const { signal } = this.#life
    if (signal.aborted) return
    const day = dayNumber(at)
    if (day !== this.#day) this.#turn(day, at)
    if (!this.#isWaiting) void this.#flushLater()
    const text = `${JSON.stringify(line)}\n`
    this.#lines.push(text)
    this.#size += text.length
    if (this.#size >= FLUSH_SIZE) this.#flush()
  }

  async #flushLater(): Promise<void> {
    this.#isWaiting = true
    await this.#options.clock.sleep(FLUSH_MS, this.#life.signal)
    this.#isWaiting = false
    this.#flush()
  }

  /** Another Hong Kong day, another file; the connection goes on in it. */
  #turn(day: number, at: number): void {
    this.#flush()
    this.#day = day
    const path = join(this.#dir, `${this.vendor.name}-${formatDate(at)}-${this.#stem}.ndjson.gz`)
    this.#guarded(() => {
      const before = this.#fd
      this.#fd = undefined
      if (before !== undefined) closeSync(before)
      this.#fd = openSync(path, 'a', 0o600)
    })
  }

  #flush(): void {
    if (this.#size === 0 || this.#fd === undefined) return
    const fd = this.#fd
    const member = gzipSync(this.#lines.join(''), { level: 3 })
    this.#lines = []
    this.#size = 0
    this.#guarded(() => {
      for (let written = 0; written < member.length; ) written += writeSync(fd, member, written)
    })
  }

  #guarded(action: () => void): void {
    try {
      action()
    } catch (error) {
      this.#end()
      this.#options.onFailure(refused(this.#dir, error))
    }
  }

  #end(): void {
    this.#life.abort()
    this.#lines = []
    this.#size = 0
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }
}

/** What the vendor adds to its shown endpoints when it connects: that is secret, and nothing else. */
function secretsOf(vendor: Vendor): Record<string, string> {
  const secrets: Record<string, string> = {}
  for (const endpoint of vendor.endpoints) {
    const { url, headers = {} } = vendor.connect(endpoint)
    const shown = new URL(endpoint).searchParams
    for (const [name, value] of new URL(url).searchParams) if (shown.get(name) !== value) secrets[name] = value
    Object.assign(secrets, headers)
  }
  return secrets
}

function refused(dir: string, error: unknown): HkqError {
  const words = `cannot write the raw capture to "${dir}": ${messageOf(error)}; free the disk or name another folder`
  return new HkqError('E_STORAGE', words, { cause: error })
}

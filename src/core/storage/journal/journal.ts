import { closeSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { HkqError, messageOf } from '../../errors.ts'
import type { MarketEvent } from '../../market/event.ts'
import type { Durability } from '../../pipeline/source.ts'
import { type Piece, piecesOf, recordOf } from './frame.ts'
import { decode, encode } from './payload.ts'
import { PlaceFile } from './place-file.ts'
import { createSegment, isInPlace, isRemoved, pathOf, type Segment, segmentsIn, writeWhole } from './segment.ts'

/** Size at which a segment is closed: it is read as a whole, and deleted as a whole. */
const SEGMENT = 4 * 2 ** 20

export interface JournalOptions {
  /** Most bytes on disk. */
  readonly maxBytes: number
  /** What an appended batch survives. */
  readonly durability: Durability
  /** Wall clock, epoch ms. */
  readonly now: () => number
  readonly segmentBytes?: number
}

/** What a journal holds next. */
export interface Entry {
  /** None where nothing whole follows the damage. */
  readonly events: readonly MarketEvent[]
  /** Bytes before the events that cannot be read; 0 as a rule. */
  readonly damaged: number
  /** Between which local times the segment was written, epoch ms. */
  readonly written: readonly [since: number, until: number]
}

/**
 * Batches of events in a directory, in order: appended at one end, taken from the other. What is appended survives the
 * process, or loss of power too. Each batch carries a checksum, and how long the last segment is stands in a file of its
 * own: what a crash tore or a disk changed is noticed, and all else read. A segment is deleted once it was delivered; what
 * is delivered may come again after a crash.
 */
export class Journal {
  readonly #directory: string
  readonly #options: JournalOptions
  readonly #delivered: PlaceFile
  readonly #appended: PlaceFile
  readonly #segments: Segment[]
  /** The segment that is appended to, the last one. */
  #file: number | null = null
  #next: number
  /** The first segment's pieces from the first undelivered one on, read once it is asked for. */
  #pieces: Piece[] | null = null
  /** How many of them the head has. */
  #taken = 0

  /**
   * Opens the journal in `directory`, which is made; whoever does must be alone.
   * @throws HkqError E_STORAGE when it cannot be read or written
   */
  constructor(directory: string, options: JournalOptions) {
    this.#directory = directory
    this.#options = options
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 })
      this.#delivered = new PlaceFile(join(directory, 'delivered'))
      this.#appended = new PlaceFile(join(directory, 'appended'))
      this.#segments = this.#found()
    } catch (error) {
      throw this.#failed(error)
    }
    this.#next = Math.max(this.#delivered.segment, this.#appended.segment, this.#segments.at(-1)?.number ?? 0) + 1
  }

  /** Whether something waits to be delivered. */
  get pending(): boolean {
    return this.#segments.length > 0
  }

  /** Bytes on disk. */
  get bytes(): number {
    return this.#segments.reduce((sum, { size }) => sum + size, 0)
  }

  /**
   * Keeps a batch behind all others; when this returns it is as safe as the durability says.
   * @throws HkqError E_STORAGE, its cause a full disk, when the journal is full; for any other failure of the disk too.
   *   Then nothing of the batch is kept
   */
  append(events: readonly MarketEvent[]): void {
    const record = recordOf(encode(events))
    const { maxBytes, segmentBytes = SEGMENT, durability } = this.#options
    if (this.bytes + record.length > maxBytes) throw this.#full()
    try {
      if ((this.#segments.at(-1)?.size ?? 0) >= segmentBytes) this.#closeFile()
      this.#file ??= this.#begin()
      const segment = this.#segments.at(-1)!
      writeWhole(this.#file, record, segment.size, durability)
      if (!isInPlace(this.#file, this.#pathOf(segment))) throw new Error('what waited in it was removed')
      segment.size += record.length
      this.#appended.move(segment.number, segment.size)
    } catch (error) {
      this.forgetRemoved()
      throw this.#failed(error)
    }
  }

  /**
   * The first batch that was not delivered, with those that follow it as far as they lie in one segment whole and have
   * `most` events together; null where none waits. @throws HkqError E_STORAGE
   */
  head(most = 1): Entry | null {
    try {
      while (this.pending) {
        this.#pieces ??= this.#read(this.#segments[0]!)
        const [piece, ...others] = this.#pieces
        if (piece === undefined) {
          this.#drop()
          continue
        }
        const events = piece.payload === null ? [] : decode(piece.payload)
        this.#taken = 1
        for (const { payload, damaged } of others) {
          if (payload === null || damaged > 0 || events.length >= most) break
          for (const event of decode(payload)) events.push(event)
          this.#taken++
        }
        const [first, next] = this.#segments
        return { events, damaged: piece.damaged, written: [first!.madeAt, next?.madeAt ?? this.#options.now()] }
      }
      return null
    } catch (error) {
      throw this.#failed(error)
    }
  }

  /** The head was delivered: it does not come again, but after a crash. */
  delivered(): void {
    const piece = this.#pieces?.splice(0, this.#taken).at(-1)
    if (piece === undefined) return
    try {
      if (this.#pieces!.length === 0) this.#drop()
      else this.#delivered.move(this.#segments[0]!.number, piece.end)
    } catch (error) {
      throw this.#failed(error)
    }
  }

  close(): void {
    this.#closeFile()
    this.#delivered.close()
    this.#appended.close()
  }

  /** A segment is read when nothing more is added to it. */
  #read(segment: Segment): Piece[] {
    if (this.#segments.length === 1) this.#closeFile()
    const bytes = readFileSync(this.#pathOf(segment)).subarray(0, segment.size)
    const delivered = this.#delivered.segment === segment.number ? this.#delivered.offset : 0
    const known = this.#appended.segment === segment.number ? this.#appended.offset : 0
    return [...piecesOf(bytes, delivered, Math.max(bytes.length, known))]
  }

  #drop(): void {
    const [segment] = this.#segments
    // should the file outlive this, it is known to be delivered
    this.#delivered.move(segment!.number, segment!.size)
    rmSync(this.#pathOf(segment!), { force: true })
    this.#segments.shift()
    this.#pieces = null
  }

  /** Makes the next segment. */
  #begin(): number {
    const segment = { number: this.#next, madeAt: Math.round(this.#options.now()), size: 0 }
    const file = createSegment(this.#directory, segment, this.#options.durability)
    this.#next++
    this.#segments.push(segment)
    return file
  }

  /** The segments on disk, without those that were delivered and came back when power was lost. */
  #found(): Segment[] {
    const segments = segmentsIn(this.#directory)
    const isDelivered = ({ number }: Segment): boolean => number < this.#delivered.segment
    for (const segment of segments.filter(isDelivered)) rmSync(this.#pathOf(segment), { force: true })
    return segments.filter((segment) => !isDelivered(segment))
  }

  #closeFile(): void {
    const file = this.#file
    this.#file = null
    if (file !== null) closeSync(file)
  }

  /** Leaves out segments whose files somebody has removed: what was in them waits no more. @returns whether there were any */
  forgetRemoved(): boolean {
    const left = this.#segments.filter((segment) => !isRemoved(this.#pathOf(segment)))
    if (left.length === this.#segments.length) return false
    this.#closeFile()
    this.#segments.splice(0, this.#segments.length, ...left)
    this.#pieces = null
    return true
  }

  #pathOf(segment: Segment): string {
    return pathOf(this.#directory, segment)
  }

  #full(): HkqError {
    const size = `${Math.round(this.#options.maxBytes / 2 ** 20)} MB`
    const cause = Object.assign(new Error('the bound is reached'), { code: 'ENOSPC' })
    return new HkqError('E_STORAGE', `the journal "${this.#directory}" is full (${size})`, { cause })
  }

  #failed(cause: unknown): HkqError {
    const message = `the journal "${this.#directory}" cannot be used (${messageOf(cause)}): check the disk and its rights`
    return new HkqError('E_STORAGE', message, { cause })
  }
}

import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { Clock } from '../../src/core/clock.ts'

export type Direction = 'to-client' | 'to-server'

/** toxiproxy's eight, times in ms. */
export type Fault =
  /** Everything arrives later, in order. */
  | { readonly kind: 'latency'; readonly ms: number; readonly jitterMs?: number }
  /** Nobody listens, and whoever was connected is cut. */
  | { readonly kind: 'down' }
  | { readonly kind: 'bandwidth'; readonly bytesPerSecond: number }
  /** The end of a connection is told late. */
  | { readonly kind: 'slow-close'; readonly ms: number }
  /**
   * Nothing arrives, not even an end. Where bytes were swallowed the connection is cut when the fault is lifted.
   * `running`: connections to come are spared, as by a router that has forgotten those it knew.
   */
  | { readonly kind: 'black-hole'; readonly closeAfterMs?: number; readonly running?: boolean }
  /** Connections are reset, running ones and new ones. */
  | { readonly kind: 'reset'; readonly afterMs?: number }
  /** Everything arrives in small pieces with pauses between them. */
  | { readonly kind: 'slicer'; readonly bytes: number; readonly variation?: number; readonly pauseMs: number }
  /** A connection ends after so many bytes. */
  | { readonly kind: 'data-limit'; readonly bytes: number }

type Kind = Fault['kind']
type FaultOf<K extends Kind> = Extract<Fault, { kind: K }>

/** A fault that is on. */
export interface Active {
  readonly fault: Fault
  readonly direction: Direction | 'both'
  readonly lifted: AbortController
}

export interface PipeOptions {
  readonly direction: Direction
  readonly source: Socket
  readonly target: Socket
  readonly clock: Clock
  readonly random: () => number
  /** Those that are on, of either direction. */
  readonly faults: ReadonlySet<Active>
  /** Ends with the connection. */
  readonly signal: AbortSignal
  /** Ends the connection. */
  readonly cut: () => void
  readonly forwarded: (bytes: number) => void
}

/** Bytes that wait before the source is held back. */
const MOST_WAITING = 64 * 1_024
/** Of a narrow line: pieces a second. */
const PIECES = 20

/** One direction of a connection: carries what comes, in order, through the faults that are on. */
export class Pipe {
  readonly #options: PipeOptions
  readonly #queue: { readonly chunk: Buffer; readonly at: number }[] = []
  #waiting = 0
  #isPumping = false
  /** How the source ended, once it has. */
  #end: 'end' | 'reset' | undefined
  /** Faults that were on before and are not for this connection. */
  readonly #spared: ReadonlySet<Active>
  /** Bytes passed on under each limit. */
  readonly #passed = new Map<Active, number>()

  constructor(options: PipeOptions) {
    const { source, clock, faults } = options
    this.#options = options
    this.#spared = new Set([...faults].filter(({ fault }) => fault.kind === 'black-hole' && fault.running))
    source.on('data', (chunk: Buffer) => {
      this.#queue.push({ chunk, at: clock.monotonic() })
      this.#waiting += chunk.length
      if (this.#waiting > MOST_WAITING) source.pause()
      void this.#pump()
    })
    source.once('end', () => this.#ended('end'))
    source.on('error', () => this.#ended('reset'))
  }

  #ended(how: 'end' | 'reset'): void {
    this.#end = how
    void this.#pump()
  }

  async #pump(): Promise<void> {
    if (this.#isPumping) return
    this.#isPumping = true
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      await this.#carry(next.chunk, next.at)
      this.#waiting -= next.chunk.length
      if (this.#waiting <= MOST_WAITING) this.#options.source.resume()
    }
    if (this.#end !== undefined) await this.#close(this.#end)
    this.#isPumping = false
    if (this.#queue.length > 0) void this.#pump()
  }

  async #carry(chunk: Buffer, at: number): Promise<void> {
    const { clock, random, target, forwarded } = this.#options
    for (let from = 0, piece = 0; from < chunk.length; from += piece) {
      piece = this.#pieceSize()
      for (const { fault, lifted } of this.#on('latency')) {
        const late = fault.ms + (2 * random() - 1) * (fault.jitterMs ?? 0)
        await this.#sleep(at + late - clock.monotonic(), lifted)
      }
      const bytes = chunk.subarray(from, from + piece)
      if (this.#isSwallowed()) continue
      const allowed = this.#allowed(bytes.length)
      if (target.writable && !target.write(bytes.subarray(0, allowed))) await this.#drained()
      forwarded(allowed)
      if (allowed < bytes.length) return this.#options.cut()
      for (const { fault, lifted } of this.#on('bandwidth'))
        await this.#sleep((bytes.length * 1_000) / fault.bytesPerSecond, lifted)
      for (const { fault, lifted } of this.#on('slicer')) await this.#sleep(fault.pauseMs, lifted)
    }
  }

  async #close(how: 'end' | 'reset'): Promise<void> {
    const { target } = this.#options
    for (const { fault, lifted } of this.#on('slow-close')) await this.#sleep(fault.ms, lifted)
    if (this.#isSwallowed()) return
    if (how === 'end') target.end()
    else target.resetAndDestroy()
  }

  #pieceSize(): number {
    const sizes: number[] = []
    for (const { fault } of this.#on('slicer'))
      sizes.push(Math.max(1, Math.round(fault.bytes + (2 * this.#options.random() - 1) * (fault.variation ?? 0))))
    for (const { fault } of this.#on('bandwidth')) sizes.push(Math.ceil(fault.bytesPerSecond / PIECES))
    return Math.min(Number.POSITIVE_INFINITY, ...sizes)
  }

  /** Whether nothing passes. What is lost cannot be made good: the connection goes with the fault. */
  #isSwallowed(): boolean {
    const { cut } = this.#options
    const [hole] = this.#on('black-hole')
    hole?.lifted.signal.addEventListener('abort', cut)
    return hole !== undefined
  }

  #allowed(bytes: number): number {
    let allowed = bytes
    for (const active of this.#on('data-limit')) {
      const passed = this.#passed.get(active) ?? 0
      allowed = Math.min(allowed, active.fault.bytes - passed)
      this.#passed.set(active, passed + bytes)
    }
    return Math.max(0, allowed)
  }

  async #drained(): Promise<void> {
    const { target, signal } = this.#options
    await Promise.race([once(target, 'drain', { signal }), once(target, 'close', { signal })]).catch(() => {})
  }

  *#on<K extends Kind>(kind: K): Generator<Active & { readonly fault: FaultOf<K> }> {
    for (const active of this.#options.faults) {
      if (active.fault.kind !== kind || this.#spared.has(active)) continue
      if (active.direction !== 'both' && active.direction !== this.#options.direction) continue
      yield active as Active & { fault: FaultOf<K> }
    }
  }

  #sleep(ms: number, lifted: AbortController): Promise<void> {
    if (ms <= 0) return Promise.resolve()
    return this.#options.clock.sleep(ms, AbortSignal.any([lifted.signal, this.#options.signal]))
  }
}

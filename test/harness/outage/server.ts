import type { Recorded } from '../../support/coverage-equation.ts'
import type { RecorderProcess } from '../recorder-process.ts'

/** A server behind the recorder that goes away, and what comes out at its other end. */
export interface OutageServer {
  /** Where the recorder writes. */
  readonly address: string
  start(): Promise<void>
  /** In order, or as by a crash. */
  stop(how: 'fast' | 'immediate'): Promise<void>
  /** Of a queue: the recorder that takes everything out of it, and lives on as well. */
  readonly consumer?: RecorderProcess
  /** The newest number of each symbol that has arrived; none while that cannot be told. */
  newest(): Promise<ReadonlyMap<string, number>>
  /** All that has arrived. */
  recorded(): Promise<Recorded>
  remove(): Promise<void>
}

/** What is traded, where files may be, and how far the wall clock of recorders is ahead, ms. */
export interface OutageWorld {
  readonly symbols: readonly string[]
  readonly folder: string
  readonly offset: number
}

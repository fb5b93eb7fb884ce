import type { Checkpoint } from '../pipeline/source.ts'

/** What a queue carries: a batch of events of one symbol, or one event that concerns all of them. */
export interface Message {
  /** Canonical symbol; null where the message concerns several or none. */
  readonly symbol: string | null
  readonly payload: Buffer
  /** Whether it speaks of what came before it, so that it may be accepted only after all of that. */
  readonly isLast: boolean
}

/** A message as it stands in a queue. */
export interface Entry {
  /** By which it is acknowledged. */
  readonly id: string
  /** Grows along the queue. */
  readonly position: bigint
  readonly payload: string
  /** Whether entries before it have gone unread. */
  readonly follows?: 'a hole'
}

/**
 * Which groups of readers an appender makes where they are absent, so that entries are kept for them from the first one on:
 * those named, else one where there is none at all.
 */
export type Kept = { readonly named: readonly string[] } | { readonly elseGroup: string }

/** One connection that appends to a queue. Every call throws HkqError E_STORAGE; `isAway` tells which pass. */
export interface Appender {
  /** Resolves when the server has accepted them all, in their order; what is sent again may stand there twice. */
  append(messages: readonly Message[], checkpoints: readonly Checkpoint[]): Promise<void>
  /** How far what was appended so far reaches. */
  checkpoints(): Promise<readonly Checkpoint[]>
  close(): Promise<void>
}

/** One connection that reads a queue. Every call throws HkqError E_STORAGE; `isAway` tells which pass. */
export interface Reader {
  /** Whether the queue did not know the group before: it begins at the oldest entry. */
  readonly isNew: boolean
  /** What is at hand, or comes within a fraction of a second: first what was this consumer's already. */
  take(): Promise<readonly Entry[]>
  acknowledge(ids: readonly string[]): Promise<void>
  /** Keeps entries from being given to another member of the group. */
  renew(ids: readonly string[]): Promise<void>
  /** Every entry before this position has been acknowledged by the members of the group; null where that is all of them. */
  floor(): Promise<bigint | null>
  close(): Promise<void>
}

/** How long an entry may stay unacknowledged and unrenewed before another member gets it, ms. */
export const LEASE = 5_000
/** Longest wait of `take`, ms. */
export const WAIT = 250
/** Entries that one `take` gives at most. */
export const MOST = 256

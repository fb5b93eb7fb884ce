import type { Readable } from 'node:stream'
import type { Clock } from '../clock.ts'
import type { HkqError } from '../errors.ts'
import type { Sessions } from '../market/session.ts'
import type { Checkpoint, Query } from '../pipeline/source.ts'

/** What AllTick wants from its user. */
export interface AllTickAccess {
  token?: string
  /** Further tokens, for more symbols than the connections of one carry. */
  others?: readonly string[]
  plan?: Plan
  endpoints?: readonly string[]
}

/** What Infoway wants from its user. */
export interface InfowayAccess {
  key?: string
  /** Further keys, for more symbols than the connections of one carry. */
  others?: readonly string[]
  plan?: Plan
  endpoints?: readonly string[]
}

/** What Longbridge wants from its user. */
export interface LongbridgeAccess {
  appKey?: string
  appSecret?: string
  accessToken?: string
}

export const PLANS = ['free', 'basic', 'premium', 'pro'] as const
export type Plan = (typeof PLANS)[number]

/** Everything a source may need; each takes what concerns it. */
export interface SourceOptions {
  /** Canonical symbols; none means all of a recorded source. */
  symbols?: readonly string[]
  /** Default: Hong Kong's built-in calendar. */
  sessions?: Sessions
  /** Default: the machine's. */
  clock?: Clock
  /** Jitter of the back-off, uniform in [0, 1). */
  random?: () => number
  /** Ends the source quietly. */
  signal?: AbortSignal
  /** Levels of the book to deliver as quotes; 0 for none. */
  depth?: number
  /** Epoch ms, inclusive and exclusive; recorded and simulated sources only. */
  since?: number
  until?: number
  /** Failed attempts in a row before a live source gives up; absent: never. */
  maxRetries?: number
  /** Told of each record of a file of bars that can be no bar and is left out. */
  onBadBar?: () => void
  /** How far the store has come, for the gaps of a restart. */
  checkpoints?: readonly Checkpoint[]
  /** Whether `committed` of the source will be told what is safe, as a recorder does; only a queue asks. */
  isKept?: boolean
  /** Sees the size of every message of a live source. */
  onBytes?: (bytes: number) => void
  /** Keeps every frame of a live source in this folder. `onFailure` is told when its disk refuses; the feed goes on. */
  capture?: { dir: string; id: number; onFailure: (error: HkqError) => void }
  /** Called only when AllTick is opened. */
  alltick?: () => AllTickAccess
  /** Called only when Infoway is opened. */
  infoway?: () => InfowayAccess
  /** Called only when InfluxDB 2 is opened: its token, undefined where there is none. */
  influxToken?: () => string | undefined
  /** Called only when Longbridge is opened. */
  longbridge?: () => LongbridgeAccess
  proxyFor?: (url: string) => string | undefined
  /** Standard input, for `-`. */
  stdin?: Readable
}

/** The options with what every source needs. */
export type Settled = SourceOptions &
  Required<Pick<SourceOptions, 'symbols' | 'sessions' | 'clock' | 'random' | 'signal'>>

/** What of a recording is wanted. */
export function queryOf({ symbols, since, until }: Settled): Query {
  return {
    ...(symbols.length > 0 && { symbols }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  }
}

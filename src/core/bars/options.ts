import type { Flag } from '../market/event.ts'
import { Sessions } from '../market/session.ts'
import { DAY, MINUTE } from '../market/time.ts'
import type { Align, Auctions } from './bucket.ts'
import type { Summary } from './summary.ts'

/** Empty buckets inside sessions: left out, filled with the last close, or given without prices (NaN, `null` in JSON). */
export type Fill = 'none' | 'forward' | 'empty'

/** What bars to make. Only `every` must be given. */
export interface BarOptions {
  /** Length in ms, 1 s to 1 day; under `session` one day is one trading day. */
  every: number
  /** Default `session`. */
  align?: Align
  /** Default `join`; without meaning under `clock`. */
  auctions?: Auctions
  /** Default `none`. */
  fill?: Fill
  /** Flags whose ticks are taken in; default none. Under `clock` every tick is. */
  include?: ReadonlySet<Flag>
  /** Default: Hong Kong's built-in calendar. */
  sessions?: Sessions
  /** Bars that can still change at this time (epoch ms) end as `final: false`; absent: the data is complete. */
  asOf?: number
  /** A clock closes no bar before its stretch was heard, where the stream tells how far it was: so none misses its hole. */
  heard?: boolean
}

/** The options with their defaults. */
export function withDefaults(options: BarOptions): Required<Omit<BarOptions, 'asOf'>> & { asOf: number } {
  return {
    every: Math.min(options.every, DAY),
    align: options.align ?? 'session',
    auctions: options.auctions ?? 'join',
    fill: options.fill ?? 'none',
    include: options.include ?? new Set(),
    sessions: options.sessions ?? new Sessions(),
    asOf: options.asOf ?? Number.POSITIVE_INFINITY,
    heard: options.heard ?? false,
  }
}

/**
 * Whether these bars can be made of stored one-minute summaries. Single minutes may have to be read again all the same:
 * see `mustReadAgain`.
 */
export function minutesSuffice(options: Pick<BarOptions, 'every'>): boolean {
  return options.every % MINUTE === 0
}

/** Whether the ticks of this minute must be read: some were left out of it and these bars ask for left-out ticks. */
export function mustReadAgain(minute: Summary, options: Pick<BarOptions, 'align' | 'include'>): boolean {
  const wanted = options.align === 'clock' || (options.include !== undefined && options.include.size > 0)
  return wanted && minute.left_out > 0 && minute.origin === 'ticks'
}

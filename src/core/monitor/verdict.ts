import type { Phase } from '../market/event.ts'
import type { Condition, LineState } from '../pipeline/source.ts'
import type { MachineSample } from './machine.ts'

/** States of a recorder, the better ones first; in a store each is its place here. */
export const STATES = ['starting', 'ok', 'closed', 'degraded', 'failing'] as const
export type State = (typeof STATES)[number]

/** Why a recorder is not well, or no better. */
export const REASONS = [
  'connecting',
  'disconnected',
  'line_lost',
  'silent',
  'store_paused',
  'store_away',
  'store_slow',
  'behind',
  'rejected',
  'clock',
  'log_grows',
  'disk_low',
  'memory_low',
  'event_loop',
  'no_answer',
] as const
export type Reason = (typeof REASONS)[number]

/** What a recorder is judged by. Times in ms. */
export interface Facts {
  /** Local time, epoch. */
  readonly now: number
  /** Of the trading day, by the source's own clock. */
  readonly phase: Phase
  /** Whether what comes is the present, or a market's past in its own order. */
  readonly kind: 'live' | 'simulated' | 'recorded'
  readonly lines: readonly LineState[]
  /** Whether each of several lines carries all symbols. */
  readonly isCovered: boolean
  /** Whether others may be given what comes, as from a queue. */
  readonly isShared: boolean
  /** How long no trade came, and how long that is no cause for worry. */
  readonly silence: { readonly ms: number; readonly limit: number }
  readonly sinks: readonly Condition[]
  /** How long the first tick of the write that is under way has waited; 0 while there is none. */
  readonly waiting: number
  /** The longest that a tick waited for its commit within the last minute. */
  readonly delay: number
  /** Within the last minute. */
  readonly received: number
  readonly rejected: number
  /** Local clock less exchange's; 0 where that is not known. */
  readonly skew: number
  /** Bytes of the store's write-ahead log, and how many it may have; null where there is none. */
  readonly log: { readonly bytes: number; readonly limit: number } | null
  readonly machine: MachineSample | null
}

export interface Finding {
  readonly reason: Reason
  /** What it makes of the recorder; null: worth a word, while the market is closed. */
  readonly state: 'starting' | 'degraded' | 'failing' | null
  /** For people. */
  readonly detail: string
}

export interface Verdict {
  readonly state: State
  readonly findings: readonly Finding[]
}

/** A line may be away so long: most come back at once. */
const ABSENCE = 30_000
/** A silence of so many times its limit is a failure. */
const LONG = 3
const SLOW = 5_000
const STUCK = 30_000
/** Share of what came that was no trade: as a recording counts at its end. */
const REJECTED = 0.001
const SKEW = 2_000
const LATE_LOOP = 500
const LITTLE_DISK = 2 ** 30
const MUCH_MEMORY = 0.95

/**
 * How a recorder does. `failing`: trades of the present are lost or not stored; `degraded`: all that can be had is stored, but
 * something is wrong that may cost trades soon; `closed`: nothing is traded, all else is well. Pure.
 */
export function judge(facts: Facts): Verdict {
  const findings = RULES.flatMap((rule) => rule(facts) ?? [])
  const worst = (['failing', 'degraded', 'starting'] as const).find((state) =>
    findings.some((one) => one.state === state),
  )
  return { state: worst ?? (isInSession(facts) ? 'ok' : 'closed'), findings }
}

type Rule = (facts: Facts) => Finding | null

const RULES: readonly Rule[] = [lines, silent, paused, away, slow, behind, rejected, clock, log, disk, memory, loop]

/** A replay has no session that could be missed. */
function isInSession({ kind, phase }: Facts): boolean {
  return kind === 'recorded' || (phase !== 'closed' && phase !== 'lunch')
}

function lines(facts: Facts): Finding | null {
  const { lines, now, isCovered } = facts
  const down = lines.filter(({ state }) => state !== 'up')
  if (down.length === 0) return null
  const line = down.reduce((oldest, each) => (each.since < oldest.since ? each : oldest))
  const isAll = down.length === lines.length
  const which = isAll ? line.source : `${down.length} of ${lines.length} connections`
  const why = line.detail === null ? '' : `: ${line.detail}`
  const isLong = now - line.since >= ABSENCE
  if (!isLong && down.every(({ state }) => state === 'connecting'))
    return finding('connecting', isAll ? 'starting' : null, `${which} not connected yet${why}`)
  const state = isLong && (isAll || !isCovered) ? 'failing' : 'degraded'
  const how = line.state === 'connecting' ? 'not connected' : 'lost'
  const detail = `${which} ${how} for ${span(now - line.since)}${why}`
  return finding(isAll ? 'disconnected' : 'line_lost', isInSession(facts) ? state : null, detail)
}

function silent({ kind, phase, lines, isShared, silence: { ms, limit } }: Facts): Finding | null {
  if (kind === 'recorded' || (phase !== 'morning' && phase !== 'afternoon')) return null
  if (ms < limit || (lines.length > 0 && !lines.some(({ state }) => state === 'up'))) return null
  return finding(
    'silent',
    ms >= LONG * limit && !isShared ? 'failing' : 'degraded',
    `no trade of any symbol for ${span(ms)}`,
  )
}

function paused({ sinks }: Facts): Finding | null {
  const trouble = troubleOf(sinks, 'paused')
  return trouble === null ? null : finding('store_paused', 'failing', `nothing is stored: ${trouble}`)
}

function away({ sinks }: Facts): Finding | null {
  const trouble = troubleOf(sinks, 'away')
  return trouble === null ? null : finding('store_away', 'degraded', `${trouble}, what comes waits for it`)
}

function slow({ waiting, sinks }: Facts): Finding | null {
  if (waiting < SLOW || sinks.some(({ trouble }) => trouble !== null)) return null
  return finding('store_slow', waiting >= STUCK ? 'failing' : 'degraded', `a commit has lasted ${span(waiting)} so far`)
}

function behind({ delay }: Facts): Finding | null {
  if (delay < SLOW) return null
  return finding('behind', 'degraded', `ticks of the last minute waited up to ${span(delay)} for their commit`)
}

function rejected({ received, rejected: refused }: Facts): Finding | null {
  if (refused === 0 || refused / (received + refused) <= REJECTED) return null
  return finding('rejected', 'degraded', `${refused} of ${received + refused} records of the last minute are no trades`)
}

function clock({ skew }: Facts): Finding | null {
  if (Math.abs(skew) < SKEW) return null
  return finding('clock', 'degraded', `the local clock is ${span(Math.abs(skew))} ${skew < 0 ? 'behind' : 'ahead'}`)
}

function log({ log }: Facts): Finding | null {
  if (log === null || log.bytes <= log.limit) return null
  return finding('log_grows', 'degraded', `the write-ahead log has grown to ${megabytes(log.bytes)}: a reader holds it`)
}

function disk({ machine }: Facts): Finding | null {
  if (machine?.disk_used == null || machine.disk_size === null) return null
  const free = machine.disk_size - machine.disk_used
  return free < LITTLE_DISK ? finding('disk_low', 'degraded', `${megabytes(free)} left on the disk of the store`) : null
}

function memory({ machine }: Facts): Finding | null {
  if (machine === null || machine.memory_used < MUCH_MEMORY * machine.memory_limit) return null
  return finding('memory_low', 'degraded', `${megabytes(machine.memory_limit - machine.memory_used)} of memory left`)
}

function loop({ machine }: Facts): Finding | null {
  const delay = machine?.loop_delay_p99 ?? 0
  return delay < LATE_LOOP ? null : finding('event_loop', 'degraded', `the program is late by ${span(delay)}`)
}

function troubleOf(sinks: readonly Condition[], kind: 'paused' | 'away'): string | null {
  return sinks.find(({ trouble }) => trouble?.kind === kind)?.trouble?.detail ?? null
}

function finding(reason: Reason, state: Finding['state'], detail: string): Finding {
  return { reason, state, detail }
}

/** A time span in words: `1.4 s`, `45 s`, `12 min`. */
function span(ms: number): string {
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`
  return ms < 120_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}

import { HkqError } from '../../errors.ts'
import { FLAGS, type Flag, LEFT_OUT } from '../../market/event.ts'
import { Sessions } from '../../market/session.ts'
import { DAY, HOUR, MINUTE } from '../../market/time.ts'
import type { Estimator } from '../estimators/estimator.ts'
import { estimatorNamed } from '../estimators/index.ts'
import { checkQuantile } from '../quantile.ts'

/** Settings of the volatility strategy; what is absent comes from the preset. Durations as on the command line. */
export interface VolatilityOptions {
  /** `session` (default): what a desk watches, a value a minute. `tutorial`: per tick, flat threshold. */
  preset?: 'session' | 'tutorial'
  /** `30m`, or `1800t` ticks; `20d` bars of a day. */
  window?: string
  /** Step of the price grid of `grid-std`, e.g. `1m`. */
  grid?: string
  /** Length of the bars other estimators work on, e.g. `5m`, `1d`. */
  every?: string
  /** Quantile of the threshold, 0 to 1. */
  quantile?: number
  /** Trading days the threshold looks back, e.g. `20d`; `all` for all history read. */
  lookback?: string
  /** Values a flat threshold asks for. */
  minHistory?: number
  /** Least volume_ratio that confirms an alert; false asks for none. */
  confirmVolume?: number | false
  /** Share of the threshold below which a state is left. */
  release?: number
  /** `auto`: seasonal where the look-back has five full days, else flat. */
  threshold?: 'auto' | 'flat' | 'seasonal'
  /** Command-line name of the estimator. */
  estimator?: string
  price?: 'last' | 'mid'
  /** Whether returns may span breaks: nights, lunch, auctions, gaps. */
  sessionBreaks?: 'exclude' | 'include'
  /** Demands `annualized`: refused where it cannot be given. */
  annualize?: boolean
  /** Flags whose ticks are taken in. */
  include?: readonly Flag[] | 'all'
  /** Whether the last bar of a day read as input holds the closing auction (vendors' bars) or not (hkq's). */
  auctions?: 'separate' | 'join'
  sessions?: Sessions
}

export type WindowLength = { unit: 'ms' | 'ticks' | 'days'; length: number }

/** Options with every preset filled in and every text read. */
export interface Settings {
  preset: 'session' | 'tutorial'
  estimator: Estimator
  window: WindowLength
  windowText: string
  /** Period of the evaluation points in ms, DAY for daily bars. */
  period: number
  quantile: number
  lookback: number | null
  /** Values before this one that a flat threshold asks for. */
  minValues: number
  confirmVolume: number | null
  release: number
  threshold: 'auto' | 'flat' | 'seasonal'
  price: 'last' | 'mid'
  sessionBreaks: 'exclude' | 'include'
  annualize: boolean
  leftOut: ReadonlySet<Flag>
  auctions: 'separate' | 'join'
  sessions: Sessions
}

const PRESETS = {
  session: {
    window: '30m',
    quantile: 0.9,
    lookback: '20d',
    minHistory: 30,
    confirmVolume: 1.5,
    release: 0.9,
    threshold: 'auto',
    estimator: 'grid-std',
    sessionBreaks: 'exclude',
    include: [],
  },
  tutorial: {
    window: '30m',
    quantile: 0.9,
    lookback: 'all',
    minHistory: 100,
    confirmVolume: false,
    release: 0.9,
    threshold: 'flat',
    estimator: 'tick-std',
    sessionBreaks: 'include',
    include: 'all',
  },
} as const

/** @throws HkqError E_USAGE with the value and the remedy */
export function settingsOf(options: VolatilityOptions = {}): Settings {
  const preset = options.preset ?? 'session'
  if (!Object.hasOwn(PRESETS, preset))
    throw new HkqError('E_USAGE', `unknown preset "${preset}": use session or tutorial`)
  const defaults = PRESETS[preset]
  const estimator = estimatorNamed(options.estimator ?? defaults.estimator)
  const daily = options.every === '1d'
  const windowText = options.window ?? (daily ? '20d' : defaults.window)
  const minHistory = options.minHistory ?? defaults.minHistory
  const settings: Settings = {
    preset,
    estimator,
    window: windowOf(windowText),
    windowText,
    period: periodOf(estimator, options),
    quantile: options.quantile ?? defaults.quantile,
    lookback: lookbackOf(options.lookback ?? (daily ? 'all' : defaults.lookback)),
    minValues: preset === 'tutorial' ? minHistory + 1 : minHistory,
    confirmVolume: (options.confirmVolume ?? defaults.confirmVolume) || null,
    release: options.release ?? defaults.release,
    threshold: options.threshold ?? (estimator.periodic && !daily ? defaults.threshold : 'flat'),
    price: options.price ?? 'last',
    sessionBreaks: options.sessionBreaks ?? defaults.sessionBreaks,
    annualize: options.annualize ?? false,
    leftOut: leftOut(options.include ?? defaults.include),
    auctions: options.auctions ?? 'separate',
    sessions: options.sessions ?? new Sessions(),
  }
  check(settings)
  return settings
}

/** Milliseconds of `30m`, `1h`, `1d`. @throws HkqError E_USAGE */
export function durationMs(text: string, setting: string): number {
  const match = /^(\d+)(ms|s|m|h|d)$/.exec(text)
  const value = match ? Number(match[1]) * UNITS[match[2]!]! : 0
  if (value > 0) return value
  throw new HkqError('E_USAGE', `${setting} "${text}" is not a duration: use e.g. 30m`)
}
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: MINUTE, h: HOUR, d: DAY }

function windowOf(text: string): WindowLength {
  const match = /^(\d+)([td])$/.exec(text)
  if (!match) return { unit: 'ms', length: durationMs(text, 'window') }
  if (Number(match[1]) < 1) throw new HkqError('E_USAGE', `window "${text}" is empty: use e.g. 30m or 1800t`)
  return { unit: match[2] === 't' ? 'ticks' : 'days', length: Number(match[1]) }
}

function periodOf(estimator: Estimator, options: VolatilityOptions): number {
  if (estimator.name === 'grid-std') return durationMs(options.grid ?? '1m', 'grid')
  return durationMs(options.every ?? '1m', 'every')
}

function lookbackOf(text: string): number | null {
  if (text === 'all') return null
  const days = /^(\d+)d$/.exec(text)?.[1]
  if (days && Number(days) > 0) return Number(days)
  throw new HkqError('E_USAGE', `lookback "${text}" is not a number of trading days: use e.g. 20d`)
}

function leftOut(include: readonly Flag[] | 'all'): ReadonlySet<Flag> {
  if (include === 'all') return new Set()
  const unknown = include.find((flag) => !FLAGS.includes(flag))
  if (unknown) throw new HkqError('E_USAGE', `unknown flag "${unknown}": use ${FLAGS.join(', ')} or all`)
  return new Set(LEFT_OUT.filter((flag) => !include.includes(flag)))
}

function check(s: Settings): void {
  checkQuantile(s.quantile)
  const points = s.window.length / s.period
  if (!(s.release > 0 && s.release <= 1)) {
    throw new HkqError('E_USAGE', `release "${s.release}" is not a share of the threshold: use e.g. 0.9`)
  }
  if (s.annualize && !s.estimator.periodic) {
    throw new HkqError(
      'E_USAGE',
      `estimator "${s.estimator.name}" has no periods to annualise by: use --estimator grid-std`,
    )
  }
  if (s.threshold === 'seasonal' && (!s.estimator.periodic || s.period >= DAY)) {
    throw new HkqError(
      'E_USAGE',
      `threshold "seasonal" needs a value at the same minutes every day: use --preset session`,
    )
  }
  if (s.estimator.periodic && s.window.unit === 'ticks') {
    throw new HkqError('E_USAGE', `window "${s.windowText}" counts ticks: use a duration, or --estimator tick-std`)
  }
  if (s.estimator.periodic && s.window.unit === 'days' && s.period < DAY) {
    throw new HkqError(
      'E_USAGE',
      `window "${s.windowText}" is longer than a day's trading: use --every 1d, or e.g. --window 30m`,
    )
  }
  if (s.estimator.name === 'grid-std' && points < 10) {
    throw new HkqError(
      'E_USAGE',
      `window "${s.windowText}" holds fewer than the 10 steps of the grid that a value needs: use a longer window or a finer --grid`,
    )
  }
}

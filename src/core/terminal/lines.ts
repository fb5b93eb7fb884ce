import type { Gap, Status } from '../market/event.ts'
import { formatDate } from '../market/time.ts'
import type { OvernightMove } from '../statistics/volatility/overnight.ts'
import type { VolatilityRecord } from '../statistics/volatility/record.ts'
import { NONE, price } from './figures.ts'
import type { Palette } from './palette.ts'
import { sanitise } from './sanitise.ts'
import type { Zone } from './zone.ts'

/**
 * The line of an alert: `10:42 00700.HK ALERT volatility 38 % p.a. = 1.9x usual for 10:42 (97th percentile), turnover
 * 2.3x`. Where nothing is known to be usual the threshold stands in its place; what is not known is left out.
 */
export function alertLine(row: VolatilityRecord, zone: Zone, palette: Palette): string {
  return lineOf(row, 'ALERT', zone, palette)
}

/**
 * The line of an alert that stood already when its reader came: `10:42 00700.HK ALERT since 10:31 volatility ...`.
 * @param since when it was entered, epoch ms
 * @param now the reader's time, epoch ms: an alert of another day is told with its date
 */
export function standingLine(row: VolatilityRecord, since: number, now: number, zone: Zone, palette: Palette): string {
  const day = zone.date(since) === zone.date(now) ? '' : `${zone.date(since)} `
  return lineOf(row, `ALERT since ${day}${zone.minute(since)}`, zone, palette)
}

function lineOf(row: VolatilityRecord, what: string, zone: Zone, palette: Palette): string {
  const time = zone.minute(row.timestamp)
  const figure = row.annualized === null ? wholePercent(row.volatility) : `${wholePercent(row.annualized)} p.a.`
  const rank = row.percentile === null ? '' : ` (${ordinal(Math.floor(row.percentile))} percentile)`
  const turnover = row.volume_ratio === null ? '' : `, turnover ${times(row.volume_ratio)}`
  return `${palette.faint(time)} ${palette.strong(row.symbol)} ${palette.alert(what)} volatility ${figure}${measure(row, time)}${rank}${turnover}`
}

function measure({ volatility, ratio, threshold }: VolatilityRecord, time: string): string {
  if (ratio !== null) return ` = ${times(ratio)} usual for ${time}`
  return volatility === null || !threshold ? '' : ` = ${times(volatility / threshold)} threshold`
}

function times(ratio: number): string {
  return `${ratio.toFixed(ratio < 9.95 ? 1 : 0)}x`
}

/** A fraction as a sentence has it: `38 %`, of small ones two digits: `0.061 %`. */
function wholePercent(fraction: number | null): string {
  if (fraction === null) return NONE
  const value = 100 * fraction
  return `${value >= 10 ? value.toFixed(0) : Number(value.toPrecision(2))} %`
}

function ordinal(number: number): string {
  const tens = number % 100
  const ending = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][number % 10] ?? 'th')
  return `${number}${ending}`
}

/** The line that says an alert is over. */
export function leaveLine(row: VolatilityRecord, zone: Zone, palette: Palette): string {
  const last = row.last_price === null ? '' : `, last ${price(row.last_price)}`
  return `${palette.faint(zone.minute(row.timestamp))} ${palette.strong(row.symbol)} back to normal${last}`
}

/** What a move over night that looks like a corporate action asks for. */
export function overnightLine({ symbol, timestamp, move }: OvernightMove): string {
  const date = formatDate(timestamp)
  const size = `${move > 0 ? '+' : ''}${(100 * move).toFixed(1)}%`
  return `hkq: ${symbol} moved ${size} over the night to ${date}: if that was a split or the like, name a file with the line ${date},${symbol},FACTOR by --adjust`
}

/** One status of a feed or symbol as a line: `10:42:07 alltick lost: connection reset, next attempt in 3 s`. */
export function statusLine(status: Status, zone: Zone, palette: Palette): string {
  const who = sanitise(status.symbol === null ? status.source : `${status.source} ${status.symbol}`)
  const detail = status.detail === '' ? '' : `: ${sanitise(status.detail)}`
  const paint = STATE_PAINTS[status.state]
  return `${palette.faint(zone.clock(status.timestamp))} ${who} ${paint ? palette[paint](status.state) : status.state}${detail}`
}

const STATE_PAINTS: Readonly<Partial<Record<Status['state'], 'good' | 'warning' | 'alert'>>> = {
  up: 'good',
  resumed: 'good',
  lost: 'alert',
  halted: 'warning',
  warning: 'warning',
  waiting: 'warning',
}

/** One gap as a line: `gap alltick 00700.HK 10:42:07 to 10:42:19 (disconnect)`. */
export function gapLine(gap: Gap, zone: Zone, palette: Palette): string {
  const who = `${sanitise(gap.source)} ${gap.symbol ?? 'all symbols'}`
  const sameDay = zone.date(gap.from) === zone.date(gap.to)
  const to = sameDay ? zone.clock(gap.to) : zone.local(gap.to)
  const filled = gap.filled_by === null ? '' : `, filled by ${gap.filled_by}`
  return `${palette.warning('gap')} ${who} ${zone.local(gap.from)} to ${to} (${gap.cause}${filled})`
}

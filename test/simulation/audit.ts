import type { Gap, Tick } from '../../src/core/market/event.ts'
import { formatIso } from '../../src/core/market/time.ts'
import type { Disk } from '../support/memory-store.ts'
import type { Recorder } from './recorder.ts'
import type { AllTickModel } from './server.ts'
import type { Trade } from './tape.ts'

export interface Account {
  readonly trades: readonly Trade[]
  readonly disk: Disk
  readonly server: AllTickModel
  readonly recorders: readonly Recorder[]
  /** From here on every trade must be accounted for. */
  readonly since: number
  readonly symbols: readonly string[]
  /** Whether all is well at that time, so that every trade must be stored. */
  readonly isWell: (time: number) => boolean
}

/** The coverage equation, by sequence number: sent = stored + quarantined + listed in gaps; and what else must hold. */
export function audit(account: Account): string[] {
  const { recorders } = account
  return [...recorders.flatMap(({ broken }) => broken), ...coverage(account), ...invented(account), ...order(account)]
}

function coverage({ trades, disk, symbols, since, isWell }: Account): string[] {
  const stored = new Set([...disk.ticks.values()].map(keyOf))
  const quarantined = new Set([...disk.rejected.values()].flatMap(({ raw }) => numbersIn(raw)))
  const gaps = [...disk.gaps.values()]
  const broken: string[] = []
  for (const trade of trades) {
    if (!trade.isScheduled || trade.time < since || !symbols.includes(trade.symbol)) continue
    if (stored.has(keyOf(trade)) || quarantined.has(`${trade.time} ${trade.seq}`)) continue
    if (!gaps.some((gap) => covers(gap, trade))) broken.push(`lost in silence: ${nameOf(trade)}`)
    else if (isWell(trade.time)) broken.push(`lost while all was well: ${nameOf(trade)}`)
  }
  return broken
}

/** Nothing is stored that was never sent, nor twice: every stored trade is one of the tape, under its own number. */
function invented({ disk, server }: Account): string[] {
  const sent = new Set(server.sent.map(({ trade }) => `${keyOf(trade)} ${Number(trade.price)}`))
  return [...disk.ticks.values()]
    .filter((tick) => !sent.has(`${keyOf(tick)} ${tick.last_price}`))
    .map((tick) => `stored though never sent: ${keyOf(tick)} at ${tick.last_price}`)
}

/** What the feeds told is in the order in which the server sent it. */
function order({ server, recorders }: Account): string[] {
  let at = 0
  for (const tick of recorders.flatMap(({ told }) => told)) {
    const key = keyOf(tick)
    while (at < server.sent.length && keyOf(server.sent[at]!.trade) !== key) at++
    if (at === server.sent.length) return [`told out of order, or more often than sent: ${key}`]
    at++
  }
  return []
}

function covers({ symbol, from, to }: Gap, trade: Trade): boolean {
  return (symbol === null || symbol === trade.symbol) && from <= trade.time && trade.time <= to
}

function keyOf(trade: Trade | Tick): string {
  return `${trade.symbol} ${trade.seq} ${'time' in trade ? trade.time : trade.timestamp}`
}

function numbersIn(raw: string): string[] {
  return [...raw.matchAll(/"seq":(\d+),"tick_time":(\d+)/g)].map(([, seq, time]) => `${time} ${seq}`)
}

function nameOf({ symbol, seq, time }: Trade): string {
  return `${symbol} ${seq} of ${formatIso(time)}`
}

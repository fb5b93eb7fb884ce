import type {
  AlertMark,
  EarlierVolatility,
  FeedState,
  Frame,
  Hello,
  History,
  Machine,
  Older,
  WatchRow,
} from '../../core/dashboard/protocol.ts'
import { dayNumber } from '../../core/market/time.ts'
import { decimalsOf } from '../figures.ts'
import { Watched } from './watched.ts'

/** Alerts that are kept. */
const MAX_ALERTS = 200
const NO_FACTS = { name_en: null, name_zh: null, currency: null, lot_size: null }

/** A line of the watch list, complete. */
export interface Row extends Required<WatchRow> {
  /** Of its prices: two, or three where one needs it. */
  readonly decimals: 2 | 3
  /** Rises when the line has changed. */
  readonly revision: number
}

/**
 * What the page knows: the server's messages added up, bounded however long the day. It shows nothing; the panels read it when they
 * are painted, by the numbers that rise when a part has changed.
 */
export class Desk {
  hello: Hello | null = null
  /** The source's present, epoch ms; 0 before the first frame. */
  now = 0
  readonly rows = new Map<string, Row>()
  /** Of the day, oldest first. */
  alerts: AlertMark[] = []
  feeds: readonly FeedState[] = []
  machine: Machine | null = null
  watched: Watched | null = null
  readonly revisions = { rows: 0, alerts: 0, feeds: 0, machine: 0, watched: 0, words: 0 }
  #isFirst = true
  #known: ReadonlySet<string> | null = null

  greet(hello: Hello): void {
    this.hello = hello
    this.#isFirst = true
    this.revisions.words++
  }

  /** @returns the alerts of the frame that nobody has seen: none of the day's past that a page begins with */
  takeFrame({ now, rows, alerts, feeds, machine }: Frame): readonly AlertMark[] {
    if (dayNumber(now) !== dayNumber(this.now)) this.#beginDay(now)
    this.now = now
    if (this.#isFirst && rows) this.rows.clear()
    for (const row of rows ?? []) this.#takeRow(row)
    if (rows) this.revisions.rows++
    if (feeds) this.feeds = feeds
    if (feeds) this.revisions.feeds++
    if (machine) this.machine = machine
    if (machine) this.revisions.machine++
    const fresh = alerts || this.#isFirst ? this.#takeAlerts(alerts ?? []) : []
    this.#isFirst = false
    return fresh
  }

  takeHistory(history: History): void {
    this.watched = new Watched(history)
    this.revisions.watched++
  }

  takeOlder(older: Older): void {
    if (this.watched?.id === older.id) this.watched.prepend(older)
  }

  takeEarlier({ id, volatility }: EarlierVolatility): void {
    if (this.watched?.id === id) this.watched.takeEarlier(volatility)
  }

  #takeRow({ facts, trend, ...row }: WatchRow): void {
    const { symbol } = row
    const before = this.rows.get(symbol)
    this.rows.set(symbol, {
      ...row,
      facts: facts ?? before?.facts ?? NO_FACTS,
      trend: trend ?? before?.trend ?? [],
      decimals:
        before?.decimals === 3 ? 3 : decimalsOf([row.last_price, row.bid_price, row.ask_price, row.high, row.low]),
      revision: (before?.revision ?? 0) + 1,
    })
  }

  #beginDay(now: number): void {
    this.alerts = this.alerts.filter(({ timestamp }) => dayNumber(timestamp) === dayNumber(now))
    this.revisions.alerts++
  }

  /** The first frame tells the whole day: what of it is new to a page that was there before came while the line was gone. */
  #takeAlerts(alerts: readonly AlertMark[]): readonly AlertMark[] {
    const known = this.#known
    const unknown = alerts.filter((mark) => !known?.has(keyOf(mark)))
    this.alerts = [...this.alerts, ...unknown].sort((a, b) => a.timestamp - b.timestamp).slice(-MAX_ALERTS)
    this.#known = new Set(this.alerts.map(keyOf))
    this.revisions.alerts++
    return known === null ? [] : unknown
  }
}

function keyOf({ symbol, timestamp, event }: AlertMark): string {
  return `${symbol} ${timestamp} ${event}`
}

/** The name to show: of the language where it is known, else the other, else none. */
export function nameOf(row: Row | undefined, chinese: boolean): string {
  if (row === undefined) return ''
  const { name_en, name_zh } = row.facts
  return (chinese ? (name_zh ?? name_en) : (name_en ?? name_zh)) ?? ''
}

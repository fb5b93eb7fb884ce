import { describe, expect, it } from 'vitest'
import { Silence } from '../../src/core/connection/silence.ts'
import { Watchdog } from '../../src/core/connection/watchdog.ts'
import { Calendar } from '../../src/core/market/calendar.ts'
import { HONG_KONG_YEARS } from '../../src/core/market/calendar-data.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { DAY, HOUR, MINUTE, parseTime } from '../../src/core/market/time.ts'
import type { LatestTrade } from '../../src/core/pipeline/inquiry.ts'
import { Random } from '../../src/core/simulator/random.ts'
import { tickOf } from './fake-vendor.ts'

const ASK_EVERY = 35_000

/** Symbols by the mean pause between their trades, ms; Infinity: suspended. */
type Market = Readonly<Record<string, number>>
const LIQUID: Market = { HSI: 5_000, '00001.HK': 15_000, '00002.HK': 20_000, '00003.HK': 20_000, '00004.HK': 25_000 }
const ILLIQUID: Market = Object.fromEntries(
  Array.from({ length: 20 }, (_, i) => [`${String(100 + i).padStart(5, '0')}.HK`, (1 + i * 2) * MINUTE]),
)
const SUSPENDED: Market = { '00900.HK': Number.POSITIVE_INFINITY }

/** A year as it was, and as the calendar told it in advance: nobody announces a typhoon. */
const [START, END] = ['2023-07-01', '2024-07-01']
const truth = new Sessions(new Calendar())
const announced = new Sessions(
  new Calendar(
    Object.fromEntries(Object.entries(HONG_KONG_YEARS).map(([y, { closed, half }]) => [y, { closed, half }])),
  ),
)

interface Year {
  market: Market
  /** What the watcher believes. */
  sessions: Sessions
  /** The first day of those that are lived. */
  since?: string
  /** A new connection each trading day at this time of day, or one for the whole year. */
  restartAt?: number
  /** How finely time passes in session, ms. */
  stepMs?: number
  /** From when on a symbol, or every one, is mute. */
  muteFrom?: { time: number; symbol?: string }
}

/** The exchange: trades happen in its sessions at random, and the vendor knows them at once. */
function exchange(market: Market, start: number) {
  const random = new Random(7)
  const symbols = Object.entries(market).map(([symbol, pause]) => ({ symbol, pause, due: start }))
  const latest = new Map<string, LatestTrade>()
  let seq = 0
  const trade = (symbol: string, time: number): LatestTrade => {
    const trade = { symbol, time, seq: ++seq, price: 600, volume: 1, turnover: 600, side: null }
    latest.set(symbol, trade)
    return trade
  }
  for (const { symbol } of symbols) trade(symbol, start - DAY)
  return {
    tell: (asked: readonly string[]) => asked.flatMap((symbol) => latest.get(symbol) ?? []),
    trades(now: number): LatestTrade[] {
      const trades: LatestTrade[] = []
      for (const each of symbols) {
        if (now < each.due) continue
        if (each.pause < Number.POSITIVE_INFINITY) trades.push(trade(each.symbol, now))
        each.due = now + random.exponential() * each.pause
      }
      return trades
    },
  }
}

/**
 * Lets a feed of that market run over the year, the watch being what a link and a mute watch do with it. Trades come a
 * step after the vendor knows them, and a silence that is too long ends the connection a step after the question.
 */
function live({ market, sessions, restartAt, muteFrom, since = START, stepMs = 10_000 }: Year) {
  const start = parseTime(since)
  const { tell, trades } = exchange(market, start)
  const watchdog = new Watchdog(sessions)
  const silence = new Silence(sessions)
  const symbols = Object.keys(market)
  const found = { reconnects: [] as number[], mute: [] as { symbol: string; at: number }[], questions: 0 }
  let askedAt = Number.NEGATIVE_INFINITY
  let isDoubted = false
  let coming: LatestTrade[] = []
  const ask = (asked: readonly string[], now: number, at: number): boolean => {
    askedAt = at
    found.questions++
    return silence.answered(asked, tell(asked), now, at)
  }
  const connect = (now: number, at: number): void => {
    watchdog.restart(at)
    silence.opened(now, at)
  }
  const judge = (now: number, at: number): void => {
    if (watchdog.remaining(now, at) > 0) isDoubted = false
    else if (isDoubted) {
      isDoubted = false
      found.reconnects.push(now)
      connect(now, at)
    } else if (ask(symbols, now, at)) watchdog.quiet(at)
    else isDoubted = true
  }
  silence.watch(symbols, 0)
  connect(start, 0)
  for (let now = start, step = MINUTE; now < parseTime(END); now += step) {
    const at = now - start
    if (restartAt !== undefined && (now + 8 * HOUR) % DAY === restartAt) connect(now, at)
    if (coming.length > 0) watchdog.data(now, at)
    for (const { symbol, time, seq } of coming) silence.heard(tickOf(symbol, time, Number(seq)), now, at)
    const isOpen = truth.isContinuous(now)
    coming = isOpen ? trades(now) : []
    if (muteFrom !== undefined && now >= muteFrom.time)
      coming = coming.filter(({ symbol }) => symbol !== (muteFrom.symbol ?? symbol))
    judge(now, at)
    for (const { symbol } of silence.mute(at)) found.mute.push({ symbol, at: now })
    const due = at - askedAt >= ASK_EVERY ? silence.due(now, at) : []
    if (due.length > 0) ask(due, now, at)
    step = isOpen || sessions.isContinuous(now) ? stepMs : MINUTE
    if (muteFrom !== undefined && found.reconnects.length + found.mute.length > 0) break
  }
  return found
}

const QUIET = { reconnects: [], mute: [] }
const busy = { ...LIQUID, HSI: 100 }
const all = { ...LIQUID, ...ILLIQUID, ...SUSPENDED }
const restartAt = 9 * HOUR
const tradingDays = truth.days(parseTime(START), parseTime(END)).length

type Scenario = readonly [name: string, market: Market, sessions: Sessions, restartAt: number | undefined]

describe('a year with lunches, half days, holidays and typhoons', () => {
  it.each<Scenario>([
    ['liquid, illiquid and suspended symbols, a recorder that is started every morning', all, truth, restartAt],
    ['the same on one connection, and a calendar that knows of no typhoon', all, announced, undefined],
    ['illiquid and suspended symbols alone', { ...ILLIQUID, ...SUSPENDED }, announced, restartAt],
    ['a suspended symbol alone', SUSPENDED, announced, undefined],
  ])(
    'has no needless reconnect and no needless resubscription: %s',
    { timeout: 120_000 },
    (_, market, sessions, restartAt) => {
      const { questions, ...found } = live({ market, sessions, ...(restartAt && { restartAt }) })
      expect(found).toEqual(QUIET)
      expect(questions / tradingDays).toBeLessThan(330)
    },
  )

  it.each([
    ['in the morning', '2024-03-14T10:10', 35_000],
    ['before the opening', '2024-03-14T09:00', 30 * MINUTE + 35_000],
    ['at lunch', '2024-03-14T12:30', 30 * MINUTE + 35_000],
    ['on the afternoon of a half day', '2024-02-09T14:00', 4 * DAY + 19.5 * HOUR + 35_000],
    ['on a day that opens at 14:00', '2023-10-09T09:10', 4 * HOUR + 50 * MINUTE + 35_000],
  ])('in which everything falls mute %s has it noticed within 35 s of session', (_, from, within) => {
    const time = parseTime(from)
    const { reconnects } = live({
      market: busy,
      sessions: truth,
      since: from.slice(0, 10),
      stepMs: 5_000,
      muteFrom: { time },
    })
    expect(reconnects[0]! - time).toBeGreaterThan(0)
    expect(reconnects[0]! - time).toBeLessThanOrEqual(within)
  })

  it.each(Object.entries(LIQUID))('in which %s alone falls mute has it found soon', (symbol, pause) => {
    const time = parseTime('2024-03-14T10:10')
    const { mute, reconnects } = live({
      market: all,
      sessions: truth,
      since: '2024-03-13',
      stepMs: 5_000,
      muteFrom: { time, symbol },
    })
    expect([mute.map(({ symbol }) => symbol), reconnects]).toEqual([[symbol], []])
    expect(mute[0]!.at - time).toBeLessThan(10 * pause + 3 * ASK_EVERY)
  })
})

import { beforeEach, describe, expect, it } from 'vitest'
import type { ChartVolatility, FeedState, Frame } from '../../src/core/dashboard/protocol.ts'
import { DAY, HOUR, MINUTE } from '../../src/core/market/time.ts'
import { Desk, nameOf } from '../../src/page/desk/desk.ts'
import { noticeOf } from '../../src/page/desk/notice.ts'
import { titleOf } from '../../src/page/desk/title.ts'
import { matches, mostUnusualFirst } from '../../src/page/desk/watch-order.ts'
import { MAX_TICKS, Watched } from '../../src/page/desk/watched.ts'
import { speak } from '../../src/page/texts/texts.ts'
import {
  alertOf,
  barsOf,
  feedOf,
  greeting,
  historyOf,
  NOW,
  rowsOf,
  sessionsUpTo,
  ticksOf,
  volatilityOf,
} from './support/market.ts'

const frame = (given: Partial<Frame>): Frame => ({ type: 'frame', n: 1, now: NOW, ...given })

beforeEach(() => speak('en'))

describe('the desk', () => {
  it('adds the changes of a line to what it knows of it', () => {
    const desk = new Desk()
    desk.greet(greeting())
    desk.takeFrame(frame({ rows: rowsOf(2) }))
    const [, { facts, trend, ...tencent }] = rowsOf(2) as [unknown, ReturnType<typeof rowsOf>[number]]
    desk.takeFrame(frame({ rows: [{ ...tencent, last_price: 701.5 }] }))
    expect(desk.rows.get('00700.HK')).toMatchObject({ last_price: 701.5, facts, trend, revision: 2 })
    expect(desk.rows.get('HSI')?.revision).toBe(1)
  })

  it('forgets the lines of a server that is no more', () => {
    const desk = new Desk()
    desk.greet(greeting())
    desk.takeFrame(frame({ rows: rowsOf(5) }))
    desk.greet(greeting())
    desk.takeFrame(frame({ rows: rowsOf(2) }))
    expect([...desk.rows.keys()]).toEqual(['HSI', '00700.HK'])
  })

  it('calls out no alert of the past that it begins with, and each later one once', () => {
    const desk = new Desk()
    desk.greet(greeting())
    expect(desk.takeFrame(frame({ alerts: [alertOf({ timestamp: NOW - MINUTE })] }))).toEqual([])
    expect(desk.takeFrame(frame({ alerts: [alertOf()] }))).toEqual([alertOf()])
    expect(desk.takeFrame(frame({ alerts: [alertOf()] }))).toEqual([])
    expect(desk.alerts).toHaveLength(2)
  })

  it('calls out the first alert of a day that began without any', () => {
    const desk = new Desk()
    desk.greet(greeting())
    desk.takeFrame(frame({}))
    expect(desk.takeFrame(frame({ alerts: [alertOf()] }))).toEqual([alertOf()])
  })

  it('calls out what came while the line was gone', () => {
    const desk = new Desk()
    const seen = alertOf({ timestamp: NOW - MINUTE })
    desk.greet(greeting())
    desk.takeFrame(frame({ alerts: [seen] }))
    desk.greet(greeting())
    expect(desk.takeFrame(frame({ alerts: [seen, alertOf()] }))).toEqual([alertOf()])
    expect(desk.alerts.map(({ timestamp }) => timestamp)).toEqual([NOW - MINUTE, NOW])
  })

  it('has the alerts of its day alone', () => {
    const desk = new Desk()
    desk.greet(greeting())
    desk.takeFrame(frame({ alerts: [alertOf()] }))
    desk.takeFrame(frame({ now: NOW + DAY }))
    expect(desk.alerts).toEqual([])
    expect(desk.takeFrame(frame({ now: NOW + DAY, alerts: [alertOf({ timestamp: NOW + DAY })] }))).toHaveLength(1)
  })

  it('keeps a bounded number of alerts', () => {
    const desk = new Desk()
    desk.greet(greeting())
    for (let i = 0; i < 500; i++) desk.takeFrame(frame({ alerts: [alertOf({ timestamp: NOW + i })] }))
    expect([desk.alerts.length, desk.alerts.at(-1)?.timestamp]).toEqual([200, NOW + 499])
  })

  it('tells names in the language asked for, else in the other, else none', () => {
    const desk = new Desk()
    const named = (name_en: string | null, name_zh: string | null) => {
      const facts = { name_en, name_zh, currency: null, lot_size: null }
      desk.takeFrame(frame({ rows: rowsOf(1).map((row) => ({ ...row, facts })) }))
      return [nameOf(desk.rows.get('HSI'), true), nameOf(desk.rows.get('HSI'), false)]
    }
    expect(named('Hang Seng', '恒生')).toEqual(['恒生', 'Hang Seng'])
    expect(named('Hang Seng', null)).toEqual(['Hang Seng', 'Hang Seng'])
    expect(named(null, null)).toEqual(['', ''])
  })
})

describe('the symbol watched', () => {
  const sessions = sessionsUpTo(NOW)

  it('keeps a bounded number of trades, the newest', () => {
    const watched = new Watched(historyOf('00700.HK', '1m'))
    for (let nth = 101; nth < 1_000; nth += 100) watched.take({ id: 0, ticks: ticksOf(100, NOW, { nth }) })
    expect([watched.ticks.length, watched.ticks.at(-1)?.nth]).toEqual([MAX_TICKS, 1_000])
  })

  it('replaces volatility that is told anew and goes on from it', () => {
    const bars = barsOf('1m', sessions, NOW).slice(-3)
    const [first, second, third] = volatilityOf(bars) as [ChartVolatility, ChartVolatility, ChartVolatility]
    const watched = new Watched(historyOf('00700.HK', '1m', { bars, volatility: [first, second] }))
    watched.take({ id: 0, volatility: [{ ...second, volatility: 0.5 }, third] })
    expect(watched.volatility.map(({ volatility }) => volatility)).toEqual([first.volatility, 0.5, third.volatility])
  })

  it('knows a hole that was filled as the one that it was', () => {
    const gap = { from: NOW - 5 * MINUTE, to: NOW - MINUTE, cause: 'disconnect' as const, filled_by: null }
    const watched = new Watched(historyOf('00700.HK', '1m', { gaps: [gap] }))
    watched.take({ id: 0, gaps: [{ ...gap, filled_by: 'backfill' }] })
    expect(watched.gaps).toEqual([{ ...gap, filled_by: 'backfill' }])
  })

  it('asks for its history anew when a bar lies where no trading was told', () => {
    const watched = new Watched(historyOf('00700.HK', '1m', { sessions: sessions.slice(0, -1) }))
    const afternoon = { ...barsOf('1m', sessions, NOW).at(-1)!, start: sessions.at(-1)!.open }
    expect(watched.take({ id: 0, bars: [{ ...afternoon, end: afternoon.start + MINUTE }] })).toBe(true)
    expect(watched.take({ id: 0, sessions, bars: [{ ...afternoon, end: afternoon.start + MINUTE }] })).toBe(false)
  })

  it('shows prices with three decimals once one needs them', () => {
    const watched = new Watched(historyOf('00003.HK', '1m', { depth: null }))
    expect(watched.decimals).toBe(2)
    watched.take({ id: 0, depth: { timestamp: NOW, bids: [[7.185, 2_000]], asks: [] } })
    expect(watched.decimals).toBe(3)
  })
})

describe('the watch list', () => {
  it('has the most unusual first and those without volatility last, in their order', () => {
    const desk = new Desk()
    const ratios = [null, 0.8, 2.4, null, 1.1]
    desk.takeFrame(frame({ rows: rowsOf(5).map((row, i) => ({ ...row, ratio: ratios[i]! })) }))
    const order = mostUnusualFirst(desk.rows.values()).map(({ symbol }) => symbol)
    expect(order).toEqual(['09988.HK', '01299.HK', '00700.HK', 'HSI', '00005.HK'])
  })

  it('has those first whose volatility is highest among its own, where nothing is usual yet', () => {
    const desk = new Desk()
    const percentiles = [51, null, 97.5, 0, 16]
    const rows = rowsOf(5).map((row, i) => ({ ...row, ratio: i === 4 ? 0.1 : null, percentile: percentiles[i]! }))
    desk.takeFrame(frame({ rows }))
    const order = mostUnusualFirst(desk.rows.values()).map(({ symbol }) => symbol)
    expect(order).toEqual(['01299.HK', '09988.HK', 'HSI', '00005.HK', '00700.HK'])
  })

  it('is filtered by code and by either name', () => {
    const desk = new Desk()
    desk.takeFrame(frame({ rows: rowsOf(12) }))
    const found = (text: string): string[] =>
      [...desk.rows.values()].filter((row) => matches(row, text)).map(({ symbol }) => symbol)
    expect(found(' 7 ').length).toBeGreaterThan(0)
    expect([found('tencent'), found('騰訊'), found('00005')]).toEqual([['00700.HK'], ['00700.HK'], ['00005.HK']])
    expect(found('')).toHaveLength(12)
  })
})

describe('what is said of the age of the prices', () => {
  const deskOf = (...feeds: FeedState[]) => ({ feeds, hello: greeting(), now: NOW })
  const line = { heardAt: NOW, isOpen: true, refusal: null }

  it('is nothing while they are the present', () => {
    expect(noticeOf(line, deskOf(feedOf()), NOW + 2_900)).toBeNull()
    expect(noticeOf(line, deskOf(feedOf({ state: 'lost' }), feedOf()), NOW)).toBeNull()
  })

  it('is since when, after three seconds without a frame and as soon as the line is gone', () => {
    for (const [state, wall] of [
      [line, NOW + 3_100],
      [{ ...line, isOpen: false }, NOW],
    ] as const) {
      expect(noticeOf(state, deskOf(feedOf()), wall)).toEqual({
        ...{ kind: 'stale', words: 'No word from hkq since 10:45:30: prices are those of then. Connecting again…' },
      })
    }
  })

  it('is the feed that was lost, since when and why', () => {
    const lost = feedOf({ state: 'lost', since: NOW - MINUTE, detail: 'ECONNRESET' })
    expect(noticeOf(line, deskOf(lost), NOW)).toEqual({
      ...{ kind: 'stale', words: 'Feed alltick lost since 10:44:30: prices are those of then.', detail: 'ECONNRESET' },
    })
  })

  it('is the feed that was lost last: up to then there were prices', () => {
    const lost = feedOf({ state: 'lost', since: NOW - HOUR })
    const later = feedOf({ ...lost, source: 'infoway', since: NOW - MINUTE })
    expect(noticeOf(line, deskOf(lost, later, lost), NOW)?.words).toContain('Feed infoway lost since 10:44:30')
  })

  it('goes by the feeds that bring prices, not by what they come through', () => {
    const queue = feedOf({ source: 'redis://host/ticks', carries: true })
    const lost = feedOf({ state: 'lost', since: NOW - MINUTE, detail: 'ECONNRESET' })
    expect(noticeOf(line, deskOf(queue, lost), NOW)?.words).toContain('Feed alltick lost since 10:44:30')
    expect(noticeOf(line, deskOf({ ...queue, state: 'lost' }), NOW)?.words).toContain('Feed redis://host/ticks lost')
    expect(noticeOf(line, deskOf(queue), NOW)).toBeNull()
  })

  it('has the day where something was lost on another one', () => {
    const lost = feedOf({ state: 'lost', since: NOW - 3 * DAY })
    expect(noticeOf(line, deskOf(lost), NOW)?.words).toContain('lost since 17 Nov 10:45: prices are those of then.')
    expect(noticeOf({ ...line, heardAt: NOW - 3 * DAY }, deskOf(lost), NOW)?.words).toContain('since 17 Nov 10:45')
  })

  it('is why and when a live source has ended', () => {
    const ended = [feedOf({ state: 'ended' }), feedOf({ state: 'ended', since: NOW, detail: 'token refused' })]
    expect(noticeOf(line, deskOf(...ended), NOW)).toEqual({
      ...{ kind: 'stale', words: 'Feed alltick ended at 10:45:30: prices are those of then.', detail: 'token refused' },
    })
  })

  it('is no reproach when what was recorded has ended, or the source waits', () => {
    const desk = {
      ...deskOf(feedOf({ state: 'ended', since: NOW, detail: '' })),
      hello: greeting({ kind: 'recorded' }),
    }
    expect(noticeOf(line, desk, NOW)).toEqual({
      ...{ kind: 'note', words: 'Feed alltick ended at 10:45:30: prices are those of then.' },
    })
    expect(noticeOf(line, deskOf(feedOf({ state: 'waiting' })), NOW)?.kind).toBe('note')
  })

  it('is what the server refused', () => {
    expect(noticeOf({ ...line, refusal: 'no' }, deskOf(feedOf()), NOW)).toEqual({ words: 'no', kind: 'note' })
  })
})

describe('the title', () => {
  it('has what a hidden tab has to tell', () => {
    const desk = new Desk()
    desk.takeFrame(frame({ rows: rowsOf(2).map((row) => ({ ...row, last_price: 680, prev_close: 677 })) }))
    expect(titleOf(desk, '00700.HK', 0, false)).toBe('00700.HK 680.00 ▲ · hkq')
    expect(titleOf(desk, '00700.HK', 2, true)).toBe('(2!) [stale] 00700.HK 680.00 ▲ · hkq')
    expect(titleOf(desk, '00001.HK', 0, false)).toBe('00001.HK · hkq')
  })
})

import { describe, expect, it } from 'vitest'
import { Desk } from '../../src/core/dashboard/desk.ts'
import type { WatchRow } from '../../src/core/dashboard/protocol.ts'
import type { Status } from '../../src/core/market/event.ts'
import type { Instrument } from '../../src/core/market/instrument.ts'
import { DAY, HOUR, MINUTE } from '../../src/core/market/time.ts'
import { at, gap, quote, rejected, tick } from '../storage/sample.ts'
import { sessions, value } from './support.ts'

const SYMBOL = '00700.HK'
const NOW = at('10:00:00')

function status(parts: Partial<Status>): Status {
  return { type: 'status', source: 'alltick', symbol: null, state: 'up', timestamp: NOW, detail: '', ...parts }
}

function instrument(parts: Partial<Instrument>): Instrument {
  return {
    ...{ symbol: SYMBOL, date: '2026-11-20', name_en: 'TENCENT', name_zh: '騰訊控股', currency: 'HKD', lot_size: 100 },
    ...{ kind: 'equity', prev_close: 600, vendor: 'alltick', vendor_code: '700.HK' },
    ...parts,
  } as Instrument
}

const rowOf = (desk: Desk, version = -1): WatchRow => desk.sheets.get(SYMBOL)!.row(version)
const feedsOf = (desk: Desk, now = NOW, isRecorded = false) => desk.feeds.states(now, isRecorded)

describe('the desk', () => {
  it('has the figures of the day in a row: prices, volume, turnover and their mean', () => {
    const desk = new Desk(sessions)
    desk.apply(
      [
        tick({ timestamp: at('09:30:00'), last_price: 600, volume: 100, turnover: 60_000 }),
        tick({ timestamp: at('09:31:00'), last_price: 610, volume: 300, turnover: 183_000 }),
        tick({ timestamp: at('09:30:30'), last_price: 590, volume: 100, turnover: 59_000 }),
      ],
      NOW,
    )
    expect(rowOf(desk)).toMatchObject({
      ...{ last_price: 610, open: 600, high: 610, low: 590, volume: 500, turnover: 302_000, vwap: 604 },
      ...{ timestamp: at('09:31:00'), halted: false, ratio: null, state: 'normal' },
    })
  })

  it('leaves a flagged trade out of the figures as bars do, and shows it on the tape with its flags', () => {
    const desk = new Desk(sessions)
    desk.apply([tick({ last_price: 600 }), tick({ last_price: 9_000, seq: 1, flags: ['suspect_price'] })], NOW)
    expect(rowOf(desk)).toMatchObject({ last_price: 600, high: 600 })
    expect(
      desk.sheets
        .get(SYMBOL)!
        .tape.after(0)
        .map(({ flags }) => flags),
    ).toEqual([[], ['suspect_price']])
  })

  it('is not moved on by a tick that claims to come from the future', () => {
    const desk = new Desk(sessions)
    desk.apply([tick({ timestamp: NOW + DAY, received_at: NOW, flags: ['suspect_time'] }), tick()], NOW)
    expect(rowOf(desk)).toMatchObject({ timestamp: NOW, last_price: 612.5 })
  })

  it('begins a new day with the close of the one before, and forgets its figures', () => {
    const desk = new Desk(sessions)
    desk.apply([tick({ last_price: 600, volume: 700 })], NOW)
    desk.apply([tick({ timestamp: NOW + 3 * DAY, last_price: 620, volume: 100 })], NOW + 3 * DAY)
    expect(rowOf(desk)).toMatchObject({ prev_close: 600, last_price: 620, open: 620, volume: 100 })
  })

  it('takes the previous close that the vendor tells for that day, and no other', () => {
    const desk = new Desk(sessions)
    desk.learn([instrument({ prev_close: 590 })])
    desk.apply([tick({ last_price: 600 })], NOW)
    expect(rowOf(desk)).toMatchObject({ prev_close: 590, facts: { name_zh: '騰訊控股', lot_size: 100 } })
    desk.apply([tick({ timestamp: NOW + 3 * DAY, last_price: 620 })], NOW + 3 * DAY)
    expect(rowOf(desk)).toMatchObject({ prev_close: 600 })
  })

  it('keeps the previous close of the day shown while the vendor tells that of a day that has not traded yet', () => {
    const desk = new Desk(sessions)
    desk.learn([instrument({ prev_close: 590 })])
    desk.apply([tick({ last_price: 600 })], NOW)
    desk.learn([instrument({ date: '2026-11-23', prev_close: 601 })])
    expect(rowOf(desk)).toMatchObject({ last_price: 600, prev_close: 590 })
    desk.apply([tick({ timestamp: NOW + 3 * DAY, last_price: 620 })], NOW + 3 * DAY)
    expect(rowOf(desk)).toMatchObject({ last_price: 620, prev_close: 601 })
  })

  it('sends names and a sparkline when they change, not with every row', () => {
    const desk = new Desk(sessions)
    desk.apply([tick()], NOW)
    desk.learn([instrument({})])
    const { version } = desk
    desk.learn([instrument({})])
    desk.apply([tick({ timestamp: NOW + 1_000, seq: 1 })], NOW)
    expect(Object.keys(rowOf(desk, version))).not.toContain('facts')
    expect(Object.keys(rowOf(desk, version))).not.toContain('trend')
    desk.apply([tick({ timestamp: NOW + MINUTE, last_price: 613, seq: 2 })], NOW)
    expect(rowOf(desk, version).trend).toEqual([612.5, 613])
  })

  it('numbers the ticks of each symbol as they come, and keeps the newest hundred', () => {
    const desk = new Desk(sessions)
    for (let i = 1; i <= 250; i++) desk.apply([tick({ seq: i }), tick({ symbol: 'HSI', volume: null, seq: i })], NOW)
    const { tape } = desk.sheets.get(SYMBOL)!
    expect(tape.after(0).map(({ nth }) => nth)).toEqual(Array.from({ length: 100 }, (_, i) => 151 + i))
    expect(tape.after(248).map(({ nth }) => nth)).toEqual([249, 250])
  })

  it('shows ten levels of the book, or the best one that trades bear where there are no quotes', () => {
    const desk = new Desk(sessions)
    const best = { bid_price: 612, ask_price: 612.5, bid_size: 500, ask_size: null, quote_time: NOW }
    desk.apply([{ ...tick(), ...best }], NOW)
    expect(desk.sheets.get(SYMBOL)!.book.depth).toEqual({ timestamp: NOW, bids: [[612, 500]], asks: [] })
    const levels = Array.from({ length: 12 }, (_, i) => [600 - i, 100] as const)
    desk.apply([quote({ timestamp: NOW + 1, bids: levels }), { ...tick({ timestamp: NOW + 2, seq: 1 }), ...best }], NOW)
    expect(desk.sheets.get(SYMBOL)!.book.depth!.bids).toEqual(levels.slice(0, 10))
    expect(rowOf(desk)).toMatchObject({ bid_price: 600, ask_price: 612.5 })
    desk.apply([quote({ timestamp: NOW })], NOW)
    expect(desk.sheets.get(SYMBOL)!.book.depth!.timestamp).toBe(NOW + 1)
  })

  it('waits for no book that claims to come from the future', () => {
    const desk = new Desk(sessions)
    const stands = () => desk.sheets.get(SYMBOL)!.book.depth!.timestamp
    desk.apply([quote({ timestamp: NOW + DAY, received_at: NOW })], NOW)
    desk.apply([quote({ timestamp: NOW + 500, received_at: NOW + 600 })], NOW)
    expect(stands()).toBe(NOW + 500)
    desk.apply([quote({ timestamp: NOW + 400, received_at: NOW + 700 })], NOW)
    expect(stands()).toBe(NOW + 500)
  })

  it('marks a halted symbol until it is resumed', () => {
    const desk = new Desk(sessions)
    desk.apply([tick(), status({ symbol: SYMBOL, state: 'halted' })], NOW)
    expect(rowOf(desk).halted).toBe(true)
    desk.apply([status({ symbol: SYMBOL, state: 'resumed' })], NOW)
    expect(rowOf(desk).halted).toBe(false)
  })

  it('has the newest volatility in the row, a point a minute on the line, and the alerts of the day', () => {
    const desk = new Desk(sessions)
    desk.judge([value({ timestamp: NOW, state: 'normal', ratio: 1 })])
    desk.judge([
      value({ timestamp: NOW + 500, event: 'enter' }),
      value({ timestamp: NOW + 900, ratio: 3, percentile: 98 }),
    ])
    desk.judge([value({ timestamp: NOW + MINUTE, symbol: 'HSI', event: 'enter' })])
    expect(rowOf(desk)).toMatchObject({ ratio: 3, percentile: 98, state: 'alert' })
    const { volatility } = desk.sheets.get(SYMBOL)!
    expect(volatility.since(0).map(({ timestamp }) => timestamp - NOW)).toEqual([500, 900])
    expect(desk.alerts.since(0).map(({ symbol }) => symbol)).toEqual([SYMBOL, 'HSI'])
    desk.judge([value({ timestamp: NOW + 3 * DAY, event: 'enter' })])
    expect(desk.alerts.since(0)).toHaveLength(1)
  })

  it('marks a hole of all symbols for each, those that come later too', () => {
    const desk = new Desk(sessions)
    desk.apply([tick(), gap({ symbol: null })], NOW)
    desk.apply([tick({ symbol: 'HSI', volume: null })], NOW)
    for (const sheet of desk.sheets.values()) expect(sheet.gaps.since(0)).toHaveLength(1)
  })

  it('tells state, lag, rate and counts of each feed; a warning is words, not a state', () => {
    const desk = new Desk(sessions)
    desk.apply([status({ state: 'up', timestamp: NOW - 1_000 })], NOW)
    for (let i = 0; i < 50; i++) desk.apply([tick({ seq: i, received_at: NOW + 40 })], NOW + i * 100)
    desk.apply([gap({}), rejected({}), status({ state: 'warning', detail: 'clock\u001b[2J ahead' })], NOW + 5_000)
    expect(feedsOf(desk, NOW + 5_000)).toEqual([
      {
        ...{ source: 'alltick', state: 'up', detail: 'clock ahead', since: NOW - 1_000 },
        ...{ lag: 40, rate: 10, ticks: 50, rejected: 1, gaps: 1, carries: false },
      },
    ])
    desk.apply([status({ state: 'lost', detail: 'closed', timestamp: NOW + 6_000 })], NOW + 20_000)
    expect(feedsOf(desk, NOW + 20_000)).toMatchObject([{ state: 'lost', since: NOW + 6_000, rate: 0 }])
    desk.end('sim:', 'refused', NOW + 30_000)
    expect(feedsOf(desk, NOW + 30_000)).toMatchObject([{ state: 'ended', detail: 'refused', since: NOW + 30_000 }])
  })

  it('tells since when a feed is lost, not since its newest attempt to connect', () => {
    const desk = new Desk(sessions)
    desk.apply([status({ state: 'up' }), status({ state: 'lost', detail: 'closed', timestamp: NOW + 6_000 })], NOW)
    desk.apply([status({ state: 'lost', detail: 'ECONNREFUSED', timestamp: NOW + 9_000 })], NOW + 9_000)
    expect(feedsOf(desk)).toMatchObject([{ state: 'lost', since: NOW + 6_000, detail: 'ECONNREFUSED' }])
    desk.apply([status({ state: 'up', timestamp: NOW + 20_000 })], NOW + 20_000)
    desk.apply([status({ state: 'lost', timestamp: NOW + 30_000 })], NOW + 30_000)
    expect(feedsOf(desk)).toMatchObject([{ state: 'lost', since: NOW + 30_000 }])
  })

  it('shows nothing as up that comes through a queue or a store that is away', () => {
    const desk = new Desk(sessions)
    const queue = 'redis://host/ticks'
    desk.feeds.carrier = queue
    desk.apply([status({ source: queue }), tick({ received_at: NOW })], NOW)
    expect(feedsOf(desk)).toMatchObject([
      { source: queue, state: 'up', carries: true },
      { source: 'alltick', state: 'up', carries: false },
    ])
    desk.apply([status({ source: queue, state: 'lost', detail: 'closed', timestamp: NOW + 1_000 })], NOW + 1_000)
    const away = { state: 'lost', detail: 'closed', since: NOW + 1_000, rate: 0 }
    expect(feedsOf(desk, NOW + 1_000)).toMatchObject([away, { ...away, source: 'alltick', carries: false }])
    desk.apply([status({ source: queue, timestamp: NOW + 5_000 })], NOW + 5_000)
    expect(feedsOf(desk, NOW + 5_000)).toMatchObject([{ state: 'up' }, { state: 'up' }])
    desk.apply([status({ state: 'lost', detail: 'the vendor', timestamp: NOW + 6_000 })], NOW + 6_000)
    expect(feedsOf(desk, NOW + 6_000)).toMatchObject([{ state: 'up' }, { state: 'lost', detail: 'the vendor' }])
  })

  it('says of a feed behind a queue that nothing comes when it is not heard for two minutes, traded or not', () => {
    const desk = new Desk(sessions)
    const heard = (timestamp: number) => {
      return { type: 'coverage', source: 'alltick', symbol: null, symbols: [SYMBOL], timestamp } as const
    }
    desk.feeds.carrier = 'redis://host/ticks'
    desk.apply([status({ source: 'redis://host/ticks' }), tick(), heard(NOW)], NOW)
    desk.apply([heard(NOW + MINUTE)], NOW + MINUTE)
    expect(feedsOf(desk, NOW + 2 * MINUTE)).toMatchObject([{ state: 'up' }, { state: 'up' }])
    expect(feedsOf(desk, NOW + 3 * MINUTE)).toMatchObject([{ state: 'up' }, { state: 'lost', since: NOW + MINUTE }])
  })

  it('says so of no feed while nothing is traded, when none is told to be heard', () => {
    const desk = new Desk(sessions)
    const at = (time: string): number => Date.parse(`2026-11-20T${time}+08:00`)
    const symbols = [SYMBOL]
    const heard = { type: 'coverage', source: 'alltick', symbol: null, symbols, timestamp: at('12:00:00') } as const
    desk.feeds.carrier = 'redis://host/ticks'
    desk.apply([status({ source: 'redis://host/ticks' }), tick({ timestamp: at('11:59:58') }), heard], at('12:00:00'))
    for (const time of ['12:02:05', '12:59:59', '13:01:59']) {
      expect(feedsOf(desk, at(time)), time).toMatchObject([{ state: 'up' }, { state: 'up' }])
    }
    expect(feedsOf(desk, at('13:02:00'))).toMatchObject([{ state: 'up' }, { state: 'lost', since: at('12:00:00') }])
  })

  it('says of a store that nothing is being recorded when nothing is', () => {
    const desk = new Desk(sessions)
    desk.apply([tick()], NOW)
    expect(feedsOf(desk, NOW + MINUTE, true)).toMatchObject([{ state: 'up' }])
    expect(feedsOf(desk, NOW + 3 * MINUTE, true)).toMatchObject([{ state: 'ended', since: NOW }])
    const heard = {
      type: 'coverage',
      source: 'alltick',
      symbol: null,
      symbols: [],
      timestamp: NOW + 3 * MINUTE,
    } as const
    desk.apply([heard], NOW)
    expect(feedsOf(desk, NOW + 4 * MINUTE, true)).toMatchObject([{ state: 'up' }])
  })

  it('says so of simulated trades too, whose times no clock reaches: by what was committed, feed by feed', () => {
    const desk = new Desk(sessions)
    const checkpoint = (source: string, committed_at: number) => {
      return { source, symbol: SYMBOL, timestamp: NOW, seq: 1, committed_at, covered_until: null }
    }
    desk.apply([tick({ source: 'sim' }), tick({ source: 'alltick' })], NOW)
    desk.feeds.committed([checkpoint('sim', NOW - 3 * DAY), checkpoint('alltick', NOW - 3 * DAY)], NOW - 3 * DAY)
    expect(feedsOf(desk, NOW, true)).toMatchObject([{ state: 'up' }, { state: 'up' }])
    desk.feeds.committed(
      [checkpoint('sim', NOW - 3 * DAY), checkpoint('alltick', NOW - 3 * DAY + MINUTE)],
      NOW - 3 * DAY + 2 * MINUTE,
    )
    expect(feedsOf(desk, NOW, true)).toMatchObject([
      { source: 'sim', state: 'ended', detail: 'nothing is being recorded', since: NOW },
      { source: 'alltick', state: 'up' },
    ])
  })

  it('has a feed of which only coverage was heard, before its clock has a time', () => {
    const desk = new Desk(sessions)
    const heard = { type: 'coverage', source: 'alltick', symbol: null, symbols: [], timestamp: NOW } as const
    desk.apply([heard], Number.NEGATIVE_INFINITY)
    expect(feedsOf(desk, Number.NEGATIVE_INFINITY, true)).toMatchObject([{ state: 'up', since: NOW, rate: 0 }])
  })

  it('has no rate once it has ended, where the time of a replay stands still', () => {
    const desk = new Desk(sessions)
    for (let i = 0; i < 50; i++) desk.apply([tick({ seq: i })], NOW + i * 100)
    expect(feedsOf(desk, NOW + 5_000)).toMatchObject([{ rate: 10 }])
    desk.end('csv:ticks/', '', NOW + 5_000)
    expect(feedsOf(desk, NOW + 5_000)).toMatchObject([{ state: 'ended', rate: 0 }])
  })

  it('has ended although no feed ever said anything', () => {
    const desk = new Desk(sessions)
    desk.end('sim:', 'no such host', NOW)
    expect(feedsOf(desk)).toMatchObject([{ source: 'sim:', state: 'ended', detail: 'no such host' }])
  })

  it('shows what a vendor writes as plain text: no control characters, and not without end', () => {
    const desk = new Desk(sessions)
    desk.apply([tick()], NOW)
    desk.learn([instrument({ name_en: '<img src=x onerror=alert(1)>', name_zh: `\u202e${'騰'.repeat(500)}\u0000` })])
    desk.apply([status({ source: 'a\u001b[31mb', detail: `${'x'.repeat(1_000)}\n` })], NOW)
    const { facts } = rowOf(desk)
    expect(facts!.name_en).toBe('<img src=x onerror=alert(1)>')
    expect(facts!.name_zh).toMatch(/^騰{50,80}$/)
    expect(feedsOf(desk)[1]).toMatchObject({ source: 'ab', detail: 'x'.repeat(300) })
  })

  it('shows no more symbols and feeds than it can, whatever names a source makes up', () => {
    const desk = new Desk(sessions)
    for (let i = 0; i < 5_000; i++) desk.apply([tick({ symbol: `${i}.HK`, source: `feed ${i}` })], NOW)
    expect(desk.sheets.size).toBe(4_000)
    expect(feedsOf(desk)).toHaveLength(16)
  })

  it('keeps no more of eight hours of trading than of two: so many seconds, ticks, holes and alerts', () => {
    const desk = new Desk(sessions)
    const symbols = Array.from({ length: 8 }, (_, i) => `0000${i + 1}.HK`)
    const stretches = sessions.days(NOW, NOW + 3 * DAY + 1).flatMap(({ continuous }) => continuous)
    const sizes: number[] = []
    let seq = 0
    for (const { open, close } of stretches) {
      for (let time = open; time < close; time += 1_000) {
        const events = symbols.flatMap((symbol) => [
          tick({ symbol, timestamp: time, seq: ++seq }),
          quote({ symbol, timestamp: time }),
          ...(seq % 97 === 0 ? [gap({ symbol, from: time - 1_000, to: time })] : []),
        ])
        desk.apply(events, time)
        if (time % MINUTE === 0) desk.judge(symbols.map((symbol) => value({ symbol, timestamp: time, event: 'enter' })))
        if (time % HOUR === 0) sizes.push(secondsAndMore(desk))
      }
    }
    expect(seq / 8).toBe(11 * 3_600)
    expect(sizes.slice(2).every((size) => size <= 8 * (7_200 + 100 + 500) + 1_000)).toBe(true)
    for (const { candles, volatility } of desk.sheets.values()) {
      expect(candles.size).toBeLessThanOrEqual(7_200 + 2 * 343)
      expect(volatility.size).toBeLessThanOrEqual(331)
    }
  })
})

/** What grows with the ticks, the holes and the alerts, were it kept: all but the minutes of the days. */
function secondsAndMore({ sheets, alerts }: Desk): number {
  return [...sheets.values()].reduce((sum, { candles, tape, gaps }) => {
    const minutes = candles.before('1m', Number.POSITIVE_INFINITY, 10_000, 0).bars.length
    return sum + candles.size - minutes + tape.after(0).length + gaps.since(-1).length
  }, alerts.since(-1).length)
}

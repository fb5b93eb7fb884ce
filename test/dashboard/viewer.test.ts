import { describe, expect, it } from 'vitest'
import { Desk } from '../../src/core/dashboard/desk.ts'
import type { History, Refusal } from '../../src/core/dashboard/protocol.ts'
import { DAY, MINUTE } from '../../src/core/market/time.ts'
import { at, gap, quote, tick } from '../storage/sample.ts'
import { looking, sessions, value } from './support.ts'

const SYMBOL = '00700.HK'
const NOW = at('10:00:00')
const newTick = (seq: number, more = {}) => tick({ timestamp: NOW + seq * 10, seq, last_price: 600 + seq, ...more })

describe('a page that looks', () => {
  it('is greeted, then gets all rows and the alerts of the day', async () => {
    const desk = new Desk(sessions)
    desk.apply([tick(), tick({ symbol: 'HSI', volume: null })], NOW)
    desk.judge([value({ timestamp: NOW, event: 'enter' })])
    const { page, leave } = looking({ desk })
    await leave()
    expect(page.messages.map(({ type }) => type)).toEqual(['hello', 'frame'])
    expect(page.last).toMatchObject({
      n: 1,
      rows: [{ symbol: SYMBOL }, { symbol: 'HSI' }],
      alerts: [{ event: 'enter' }],
    })
    expect(page.last.feeds).toHaveLength(1)
  })

  it('gets a frame only when it has painted the one before, then all that has changed since', async () => {
    const { page, apply, paint, clock, leave } = looking()
    for (let i = 1; i <= 100; i++) {
      apply([newTick(i)], NOW + i)
      await clock.advance(100)
    }
    expect(page.frames).toHaveLength(1)
    await paint()
    expect(page.frames).toHaveLength(2)
    expect(page.last.rows).toMatchObject([{ last_price: 700 }])
    await leave()
  })

  it('gets sixty frames a second at most, one a second at least, and a change at once after a pause', async () => {
    const { page, apply, paint, clock, leave } = looking()
    let count = 0
    for (let ms = 0; ms < 1_000; ms++) {
      apply([newTick(ms)], NOW + ms)
      await paint(1)
    }
    count = page.frames.length
    expect(count).toBeGreaterThan(58)
    expect(count).toBeLessThanOrEqual(63)
    await paint(5_000)
    expect(page.frames.length).toBeLessThanOrEqual(count + 2)
    for (let second = 0; second < 5; second++) await paint(1_000)
    expect(page.frames.length - count).toBeGreaterThanOrEqual(5)
    await paint(100)
    await paint(100)
    const quiet = page.frames.length
    apply([newTick(2_000)], NOW + 2_000)
    await clock.advance(0)
    expect(page.frames.length).toBe(quiet + 1)
    await leave()
  })

  it('gets the past of the symbol it watches, then every bar, tick, book, value and hole that is new', async () => {
    const { page, apply, desk, watch, paint, leave } = looking()
    apply([newTick(1), newTick(2), quote({ timestamp: NOW })], NOW + 100)
    await watch(SYMBOL, '1m', 7)
    const history = page.messages.findLast(({ type }) => type === 'history') as History
    expect(history).toMatchObject({
      id: 7,
      symbol: SYMBOL,
      every: '1m',
      more: false,
      bars: [{ trades: 2, close: 602 }],
    })
    expect(history.ticks.map(({ nth }) => nth)).toEqual([1, 2])
    expect(history.depth!.bids).toHaveLength(2)
    expect(history.sessions.map(({ phase }) => phase)).toEqual(['morning', 'afternoon'])
    apply([newTick(3), tick({ symbol: 'HSI', volume: null }), gap({ from: NOW, to: NOW + 5 })], NOW + 200)
    desk.judge([value({ timestamp: NOW + MINUTE })])
    await paint()
    expect(page.last.watched).toMatchObject({
      ...{ id: 7, bars: [{ trades: 3, close: 603, has_gap: true }], ticks: [{ nth: 3 }] },
      ...{ volatility: [{ timestamp: NOW + MINUTE }], gaps: [{ from: NOW }] },
    })
    expect(page.last.watched).not.toHaveProperty('depth')
    await paint(1_000)
    expect(page.last.watched).toEqual({ id: 7 })
    await leave()
  })

  it('hears of no symbol before it asks, and of the newest it asked for alone', async () => {
    const { page, apply, watch, viewer, paint, leave } = looking()
    apply([newTick(1), tick({ symbol: 'HSI', volume: null })], NOW)
    await paint()
    expect(page.frames.every((frame) => frame.watched === undefined)).toBe(true)
    viewer.receive({ type: 'watch', id: 1, symbol: SYMBOL, every: '1m' })
    await watch('HSI', '1s', 2)
    expect(page.messages.filter(({ type }) => type === 'history')).toMatchObject([{ id: 2, symbol: 'HSI' }])
    apply([newTick(2)], NOW)
    await paint()
    expect(page.last.watched).toEqual({ id: 2 })
    await leave()
  })

  it('is told what cannot be had, and goes on', async () => {
    const { page, viewer, watch, apply, leave } = looking()
    apply([newTick(1)], NOW)
    await watch('99999.HK', '1m', 3)
    await watch('__proto__\u001b[2J', '1m', 4)
    viewer.receive({ type: 'older', id: 9, before: NOW })
    expect(page.messages.filter((message): message is Refusal => message.type === 'refusal')).toEqual([
      { type: 'refusal', id: 3, reason: '"99999.HK" is not shown here' },
      { type: 'refusal', id: 4, reason: '"__proto__" is not shown here' },
      { type: 'refusal', id: 9, reason: 'no symbol is watched under this number' },
    ])
    await leave()
  })

  it('costs nothing while it is hidden, and has everything in its next frame', async () => {
    const { page, apply, watch, paint, leave } = looking()
    apply([tick({ timestamp: at('09:30:00') })], at('09:30:00'))
    await watch(SYMBOL, '1m')
    await paint()
    const before = page.messages.length
    for (let i = 1; i <= 3_600; i++)
      apply([tick({ timestamp: at('09:30:00') + i * 1_000, seq: i })], at('09:30:00') + i * 1_000)
    expect(page.messages).toHaveLength(before)
    await paint()
    expect(page.messages).toHaveLength(before + 1)
    expect(page.last.watched!.bars).toHaveLength(61)
    expect(page.last.watched!.ticks).toHaveLength(100)
    expect(page.last.watched!.ticks!.at(-1)!.nth).toBe(3_601)
    expect(page.chart.reduce((sum, { trades }) => sum + trades!, 0)).toBe(3_601)
    await leave()
  })

  it('gets its next frame when it has rested as long as it wanted to', async () => {
    const { page, apply, viewer, clock, leave } = looking()
    viewer.receive({ type: 'painted', n: 1, rest: 1_000 })
    apply([newTick(1)], NOW)
    await clock.advance(999)
    expect(page.frames).toHaveLength(1)
    await clock.advance(1)
    expect(page.last).toMatchObject({ n: 2, rows: [{ last_price: 601 }] })
    await leave()
  })

  it('gets the sessions of a day that begins while it looks', async () => {
    const { page, apply, watch, paint, leave } = looking()
    apply([newTick(1)], NOW)
    await watch(SYMBOL, '1m')
    apply([newTick(2)], NOW + 3 * DAY)
    await paint()
    expect(page.last.watched!.sessions!.map(({ open }) => open)).toEqual([
      at('09:30:00') + 3 * DAY,
      at('13:00:00') + 3 * DAY,
    ])
    await paint(1_000)
    expect(page.last.watched).not.toHaveProperty('sessions')
    await leave()
  })

  it('is not understood when it has painted what was never sent, or the same again', async () => {
    const { viewer, leave } = looking()
    expect(viewer.receive({ type: 'painted', n: 2 })).toBe(false)
    expect(viewer.receive({ type: 'painted', n: 1 })).toBe(true)
    expect(viewer.receive({ type: 'painted', n: 1 })).toBe(false)
    await leave()
  })

  it('gets the machine when it was measured, once', async () => {
    const { page, desk, paint, leave } = looking()
    desk.observe({ cpu: 0.1, memory_used: 1, memory_limit: 2, disk_used: 3, disk_size: 4, loop_delay: 5 })
    await paint()
    expect(page.last.machine).toMatchObject({ cpu: 0.1 })
    await paint(1_000)
    expect(page.last.machine).toBeUndefined()
    await leave()
  })
})

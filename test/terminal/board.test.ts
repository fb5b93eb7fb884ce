import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Gap, Quote, Status, Tick } from '../../src/core/market/event.ts'
import { NO_FLAGS } from '../../src/core/market/event.ts'
import type { Instrument } from '../../src/core/market/instrument.ts'
import { parseTime } from '../../src/core/market/time.ts'
import { type Board, createBoard, type Row } from '../../src/core/terminal/board.ts'
import { createPalette } from '../../src/core/terminal/palette.ts'
import { renderBoard } from '../../src/core/terminal/render-board.ts'
import { displayWidth } from '../../src/core/terminal/width.ts'

const OPEN = parseTime('2026-11-23T09:30')
const PLAIN = createPalette(false)

function tick(last_price: number, change: Partial<Tick> = {}): Tick {
  const volume = change.volume === undefined ? 100 : change.volume
  const value = volume === null ? null : last_price * volume
  return {
    type: 'tick',
    symbol: '00700.HK',
    timestamp: OPEN,
    last_price,
    volume,
    turnover: value,
    value,
    bid_price: last_price - 0.2,
    ask_price: last_price,
    bid_size: 12_400,
    ask_size: 800,
    quote_time: OPEN,
    spread: 0.2,
    side: null,
    phase: 'morning',
    trade_type: null,
    flags: NO_FLAGS,
    seq: 1,
    source: 'sim',
    received_at: null,
    ...change,
  }
}

function instrument(symbol: string, name_zh: string, prev_close: number | null): Instrument {
  const facts = { name_en: null, currency: 'HKD', lot_size: 100, kind: 'equity' as const, vendor: 'sim' }
  return { symbol, date: '2026-11-23', name_zh, prev_close, vendor_code: symbol, ...facts }
}

function status(state: Status['state'], detail = '', symbol: string | null = null): Status {
  return { type: 'status', source: 'sim', symbol, state, timestamp: OPEN, detail }
}

function rowOf(board: Board, symbol = '00700.HK'): Row {
  return board.rows.get(symbol)!
}

function screen(board: Board, width = 200, now = OPEN, height = 30): string[] {
  return renderBoard(board, { width, height, palette: PLAIN, now }).split('\n')
}

describe('the board', () => {
  it("sums the day's trades of each symbol", () => {
    const board = createBoard(['00700.HK'])
    board.apply([tick(412), tick(414, { volume: 300 }), tick(411)], OPEN)
    expect(rowOf(board)).toMatchObject({ last: 411, high: 414, low: 411, volume: 500, direction: -1 })
    expect(rowOf(board).value! / rowOf(board).volume!).toBe((412 * 100 + 414 * 300 + 411 * 100) / 500)
  })

  it('leaves trades out that bars leave out, but counts them', () => {
    const board = createBoard(['00700.HK'])
    board.apply([tick(412), tick(900, { flags: ['suspect_price'] }), tick(1, { flags: ['odd_lot'] })], OPEN)
    expect(rowOf(board)).toMatchObject({ last: 412, high: 412, low: 412, volume: 100 })
    expect(board.ticks).toBe(3)
  })

  it('keeps the last known quote when a trade has none', () => {
    const board = createBoard([])
    board.apply([tick(412), tick(413, { bid_price: null, ask_price: null, bid_size: null, ask_size: null })], OPEN)
    expect(rowOf(board)).toMatchObject({ last: 413, bid: 411.8, ask: 412 })
  })

  it('takes the best level of a quote, and an empty side as none', () => {
    const quote: Quote = {
      type: 'quote',
      symbol: '00700.HK',
      timestamp: OPEN,
      bids: [[411.8, 500]],
      asks: [],
      phase: 'morning',
      seq: 1,
      source: 'sim',
      received_at: null,
    }
    const board = createBoard([])
    board.apply([tick(412), quote], OPEN)
    expect(rowOf(board)).toMatchObject({ bid: 411.8, bid_size: 500, ask: null, ask_size: null })
  })

  it('forgets the day before at the first trade of a new day, whose previous close is its last price', () => {
    const board = createBoard(['00700.HK'], [instrument('00700.HK', '騰訊控股', 400)])
    board.apply([tick(412)], OPEN)
    expect(rowOf(board).prev_close).toBe(400)
    board.apply([tick(420, { timestamp: OPEN + 86_400_000 })], OPEN + 86_400_000)
    expect(rowOf(board)).toMatchObject({ prev_close: 412, high: 420, low: 420, volume: 100 })
    expect(rowOf(board).path.points).toEqual([420])
  })

  it('has no volume for an index', () => {
    const board = createBoard(['HSI'])
    board.apply([tick(24_310, { symbol: 'HSI', volume: null, bid_price: null, ask_price: null })], OPEN)
    expect(rowOf(board, 'HSI')).toMatchObject({ last: 24_310, volume: null, turnover: null, bid: null })
  })

  it('shows what a vendor writes without its escape sequences', () => {
    const board = createBoard([], [instrument('00700.HK', '騰訊\u001b[2J控股', 400)])
    board.apply([status('lost', 'bye\u001b]0;x\u0007 now')], OPEN)
    expect(rowOf(board).name).toBe('騰訊控股')
    expect(board.feeds.get('sim')).toMatchObject({ state: 'lost', detail: 'bye now' })
  })
})

describe('the drawn board', () => {
  const board = createBoard(
    ['HSI', '00700.HK', '00005.HK'],
    [
      instrument('HSI', '恆生指數', 24_000),
      instrument('00700.HK', '騰訊控股', 400),
      instrument('00005.HK', 'HSBC HOLDINGS PLC', null),
    ],
  )
  board.apply(
    [
      status('up'),
      tick(24_310, { symbol: 'HSI', volume: null, bid_price: null, ask_price: null }),
      tick(410),
      tick(412),
    ],
    OPEN,
  )

  it('shows every figure of a symbol when there is room', () => {
    const [state, titles, , tencent, hsbc] = screen(board)
    expect(state).toMatch(/^● sim up +09:30:00$/)
    expect(titles).toMatch(
      /symbol +name +last +change +% +bid size +bid +ask +ask size +spread +low +high +VWAP +volume +turnover +day +age/,
    )
    expect(tencent).toMatch(
      /00700.HK +騰訊控股 +▲412.00 +\+12.00 +\+3.00% +12.4K +411.80 +412.00 +800 +0.20 +410.00 +412.00 +411.000 +200 +82.2K +▄ +0s/,
    )
    expect(hsbc, 'what is unknown is a dash').toMatch(/00005.HK +HSBC HOLDINGS PLC( +–)+/)
  })

  it('never wraps, at any width and height', () => {
    fc.assert(
      fc.property(fc.integer({ min: 24, max: 250 }), fc.integer({ min: 1, max: 40 }), (width, height) => {
        const lines = screen(board, width, OPEN, height)
        expect(lines.length).toBeLessThanOrEqual(height)
        for (const line of lines) expect(displayWidth(line), line).toBeLessThanOrEqual(width)
      }),
    )
  })

  it('drops what matters least when the terminal is narrow', () => {
    const titles = (width: number): string => screen(board, width)[1]!
    expect(titles(120)).not.toContain('VWAP')
    expect(titles(120)).toContain('turnover')
    expect(titles(80)).toMatch(/^symbol +name +last +% +bid +ask +volume +age$/)
    expect(titles(30)).toMatch(/^symbol +last( +%)?$/)
  })

  it('aligns columns below Chinese names', () => {
    const [, titles, ...rows] = screen(board, 120)
    const end = displayWidth(titles!.slice(0, titles!.indexOf('last') + 4))
    for (const row of rows.slice(0, 3)) {
      const figure = /[▲▼ ][\d,]+\.\d\d|–/.exec(row)!
      expect(displayWidth(row.slice(0, figure.index + figure[0].length)), row).toBe(end)
    }
  })

  it('says how many symbols do not fit', () => {
    const many = createBoard(Array.from({ length: 50 }, (_, i) => `${String(i + 1).padStart(5, '0')}.HK`))
    const lines = screen(many, 80, OPEN, 23)
    expect(lines).toHaveLength(23)
    expect(lines.at(-2)).toBe('… 31 more symbols below')
  })

  it('says since when the figures of the day count, unless that is the opening', () => {
    expect(screen(board).at(-1)).toBe('3 ticks')
    const late = createBoard([])
    late.apply([tick(412, { timestamp: parseTime('2026-11-23T10:42') })], OPEN)
    expect(screen(late).at(-1)).toBe('1 tick · day figures since 10:42')
  })

  it('tells of gaps, halts and a lost feed', () => {
    const troubled = createBoard(['00700.HK'])
    const gap: Gap = {
      type: 'gap',
      source: 'sim',
      symbol: null,
      from: OPEN,
      to: OPEN + 12_000,
      cause: 'disconnect',
      volume: null,
      filled_by: null,
    }
    troubled.apply([tick(412), status('lost', 'connection reset'), gap, status('halted', '', '00700.HK')], OPEN)
    const text = screen(troubled, 100).join('\n')
    expect(text).toContain('✗ sim lost: connection reset')
    expect(text).toContain('1 gap, last 09:30:00 to 09:30:12 (disconnect)')
    expect(text).toMatch(/halt$/m)
  })

  it('names the source of ticks that tells no state', () => {
    const quiet = createBoard(['00700.HK'])
    expect(screen(quiet)[0]).toMatch(/^○ waiting for data/)
    quiet.apply([tick(412)], OPEN)
    expect(screen(quiet)[0]).toMatch(/^● sim up/)
    quiet.apply([status('lost', 'reset'), tick(412)], OPEN)
    expect(screen(quiet)[0], 'a tick that was under way does not mend a lost line').toMatch(/^✗ sim lost: reset/)
  })

  it('shows a warning and rejected records without forgetting that the feed is up', () => {
    const warned = createBoard([])
    const rejected = {
      type: 'rejected',
      source: 'sim',
      symbol: null,
      timestamp: null,
      reason: 'price',
      raw: '',
      received_at: null,
    } as const
    warned.apply([status('up'), status('warning', 'clock is 10 s slow'), rejected], OPEN)
    const lines = screen(warned)
    expect(lines[0]).toMatch(/^● sim up /)
    expect(lines.at(-1)).toBe('0 ticks · 1 rejected · warning: clock is 10 s slow')
  })

  it('counts the age of the last trade by the clock given', () => {
    expect(screen(board, 80, OPEN + 65_000)[3]).toMatch(/1m$/)
    expect(screen(board, 80, OPEN - 10_000)[3], 'a clock that is slow makes no negative age').toMatch(/0s$/)
  })

  it('lets a price that just changed stand out, for a moment only', () => {
    const draw = (now: number): string =>
      renderBoard(board, { width: 80, height: 10, palette: createPalette(true), now })
    expect(draw(OPEN + 100)).toContain('\u001b[1m\u001b[32m   ▲412.00')
    expect(draw(OPEN + 5_000)).not.toContain('\u001b[1m\u001b[32m   ▲412.00')
    expect(draw(OPEN + 5_000)).toContain('\u001b[32m   ▲412.00')
  })
})

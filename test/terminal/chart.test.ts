import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Bar } from '../../src/core/market/bar.ts'
import { MINUTE, parseTime } from '../../src/core/market/time.ts'
import type { VolatilityRecord } from '../../src/core/statistics/volatility/record.ts'
import { renderBarChart } from '../../src/core/terminal/bar-chart.ts'
import { createPalette } from '../../src/core/terminal/palette.ts'
import { renderVolatilityChart } from '../../src/core/terminal/volatility-chart.ts'
import { displayWidth } from '../../src/core/terminal/width.ts'
import { createZone } from '../../src/core/terminal/zone.ts'

const OPEN = parseTime('2026-11-23T09:30')
const view = (width: number, height = 16) => ({ width, height, palette: createPalette(false), zone: createZone() })
const lines = (text: string): string[] => text.split('\n')

function bar(i: number, open: number, high: number, low: number, close: number, volume: number | null = 100): Bar {
  const start = OPEN + i * 5 * MINUTE
  const figures = { turnover: null, vwap: null, mean: null, trades: 1, final: true, has_gap: false }
  return { type: 'bar', symbol: '00700.HK', start, end: start + 5 * MINUTE, open, high, low, close, volume, ...figures }
}

function point(i: number, volatility: number | null, change: Partial<VolatilityRecord> = {}): VolatilityRecord {
  return {
    type: 'volatility',
    symbol: '00700.HK',
    timestamp: OPEN + i * MINUTE,
    last_price: 412,
    volatility,
    annualized: volatility === null ? null : volatility * 600,
    usual: null,
    ratio: null,
    percentile: null,
    threshold: 0.001,
    volume_ratio: null,
    state: 'normal',
    event: null,
    samples: 30,
    estimator: 'grid-std',
    window: '30m',
    seasonal: false,
    ...change,
  }
}

describe('a chart of bars', () => {
  it('draws few bars as boxes, hollow when rising and solid when falling, over the whole width', () => {
    const bars = [bar(0, 10, 14, 9, 13, null), bar(1, 13, 13, 9, 10, null), bar(2, 10, 12, 8, 10, null)]
    expect(lines(renderBarChart(bars, view(30, 11)))).toEqual([
      '00700.HK  2026-11-23 09:30 to…',
      '     │  ╷',
      '     │┌─┴─┐   ▄▄▄▄▄',
      '12.5 ┤│   │   █████',
      '     ││   │   █████     │',
      '     ││   │   █████     │',
      '10.0 ┤└─┬─┘   █████   ──┼──',
      '     │  │       │       │',
      '     │                  │',
      '     └──┬───────────────┬─────',
      '        09:30           09:40',
    ])
  })

  it('draws no wick where no price was', () => {
    expect(renderBarChart([bar(0, 10, 13, 10, 13, null)], view(30, 11))).toMatch(/┌─+┐[\s\S]*└─+┘/)
    expect(renderBarChart([bar(0, 10, 14, 10, 13, null)], view(30, 11))).toMatch(/┌─+┴─+┐[\s\S]*└─+┘/)
    expect(renderBarChart([bar(0, 10, 13, 9, 13, null)], view(30, 11))).toMatch(/┌─+┐[\s\S]*└─+┬─+┘/)
  })

  it('draws many bars as lines, thin when rising and full when falling', () => {
    const bars = Array.from({ length: 12 }, (_, i) =>
      i % 2 === 0 ? bar(i, 10, 16, 8, 14, null) : bar(i, 14, 16, 8, 10, null),
    )
    expect(lines(renderBarChart(bars, view(20, 9))).slice(1, 7)).toEqual([
      '   │╷╷╷╷╷╷╷╷╷╷╷╷',
      '15 ┤││││││││││││',
      '   │┃█┃█┃█┃█┃█┃█',
      '   │┃█┃█┃█┃█┃█┃█',
      '10 ┤╿█╿█╿█╿█╿█╿█',
      '   │││││││││││││',
    ])
  })

  it('says what its signs mean', () => {
    const bars = Array.from({ length: 200 }, (_, i) => bar(i, 10, 12, 9, i % 2 ? 11 : 9))
    expect(lines(renderBarChart(bars, view(100)))[1]).toBe('┃ up  █ down  3 bars a candle  ▂▅█ volume')
    expect(lines(renderBarChart(bars.slice(0, 4), view(100)))[1]).toBe('┌┐ up  ██ down  ▂▅█ volume')
  })

  it('gives volume a sixth of the lines, labelled by the largest', () => {
    const bars = [bar(0, 10, 12, 10, 12, 4_000), bar(1, 12, 12, 8, 9, 1_000), bar(2, 9, 10, 8, 9, 0)]
    const [top, ...rest] = lines(renderBarChart(bars, view(40, 28))).slice(-6, -2)
    expect(top).toMatch(/^4,000 ┤█+$/)
    expect(rest.map((line) => line.match(/█+/g)?.length)).toEqual([1, 1, 2])
    const index = renderBarChart(
      bars.map((one) => ({ ...one, volume: null })),
      view(40, 28),
    )
    expect(index).not.toContain('volume')
  })

  it('of a price that stood still is one line', () => {
    expect(renderBarChart([bar(0, 10, 10, 10, 10)], view(40))).toMatch(/─{5}/)
  })

  it('leaves the place of an empty bar free and draws nothing of nothing', () => {
    const empty = bar(1, Number.NaN, Number.NaN, Number.NaN, Number.NaN, 0)
    expect(renderBarChart([bar(0, 1, 2, 1, 2), empty, bar(2, 2, 3, 2, 3)], view(40))).not.toContain('NaN')
    expect(renderBarChart([empty], view(40))).toBe('')
    expect(renderBarChart([], view(40))).toBe('')
  })

  it('keeps the highest and lowest price when bars share a candle', () => {
    const bars = Array.from({ length: 500 }, (_, i) => bar(i, 50, i === 333 ? 99 : 51, i === 77 ? 1 : 49, 50, null))
    const plot = lines(renderBarChart(bars, view(60, 14))).slice(2, -2)
    expect(plot.find((line) => line.startsWith('100 ┤'))).toContain('╷')
    expect(plot.find((line) => line.startsWith('  0 ┤'))).toContain('╵')
  })

  it('draws a dotted line where a new day begins and names it', () => {
    const days = ['2026-11-19', '2026-11-20'].flatMap((day) =>
      Array.from({ length: 30 }, (_, i) => {
        const start = parseTime(`${day}T09:30`) + i * 5 * MINUTE
        return { ...bar(0, 10, 11, 9, 10), start, end: start + 5 * MINUTE }
      }),
    )
    const text = lines(renderBarChart(days, view(80)))
    const night = text[2]!.indexOf('┊')
    expect(night).toBeGreaterThan(30)
    expect(text.slice(2, -2).every((line) => line[night] === '┊')).toBe(true)
    expect(text.at(-2)![night]).toBe('┼')
    expect(text.at(-1)!.indexOf('11-20')).toBe(night)
  })
})

describe('a chart of volatility', () => {
  it('is an area with its threshold and what is usual over it', () => {
    const usual = 0.0002
    const points = [
      point(0, 0.0005, { usual }),
      point(1, 0.0012, { usual }),
      point(2, null, { usual }),
      point(3, 0.0005, { usual }),
    ]
    expect(lines(renderVolatilityChart(points, view(23, 10)))).toEqual([
      '00700.HK  volatility 0…',
      '      │    ▆▆▆▆',
      '0.10% ┤────────────────',
      '      │    ████',
      '      │    ████',
      '0.05% ┤▄▄▄▄████    ▄▄▄▄',
      '      │████████    ████',
      '      │▒▒▒▒▒▒▒▒┄┄┄┄▒▒▒▒',
      '0.00% └┬───────────────',
      '       09:30',
    ])
  })

  const excess = { state: 'unconfirmed' } as const
  const alert = { state: 'alert' } as const

  it('marks where an alert or an unconfirmed excess began, however many points share a column', () => {
    const points = Array.from({ length: 300 }, (_, i) => {
      if (i === 10) return point(i, 0.002, { ...alert, event: 'enter' })
      if (i > 10 && i < 20) return point(i, 0.003, alert)
      return i >= 200 && i < 230 ? point(i, 0.002, excess) : point(i, 0.0005)
    })
    const [, legend, ...rest] = lines(renderVolatilityChart(points, view(67, 20)))
    expect(legend).toBe('█ volatility  ─ threshold  ▲ alert  △ unconfirmed')
    const marks = rest.at(-2)!.slice(rest.at(-3)!.indexOf('└') + 1)
    expect([...marks].flatMap((cell, i) => (cell === ' ' ? [] : `${cell} ${i}`))).toEqual(['▲ 2', '△ 40'])
  })

  it('has no line of marks where nothing began', () => {
    const text = renderVolatilityChart([point(0, 0.0005), point(1, 0.0006)], view(60, 12))
    expect(text).not.toMatch(/[▲△]/)
    expect(lines(text)).toHaveLength(12)
  })

  it('keeps a peak when points share a column, with its state', () => {
    const points = Array.from({ length: 400 }, (_, i) =>
      point(i, i === 123 ? 0.01 : 0.0001, { state: i === 123 ? 'alert' : 'normal' }),
    )
    const text = renderVolatilityChart(points, { ...view(60), palette: createPalette(true) })
    expect(text).toContain('1.00%')
    expect(text).toContain('\u001b[1m\u001b[33m█')
  })

  it('does not join what lies either side of lunch, and draws a line at night', () => {
    const day = (date: string) =>
      ['T11:00', 'T13:01'].flatMap((open) =>
        Array.from({ length: 60 }, (_, i) => ({
          ...point(0, 0.001, { threshold: null }),
          timestamp: parseTime(date + open) + i * MINUTE,
        })),
      )
    const text = lines(renderVolatilityChart([...day('2026-11-19'), ...day('2026-11-20')], view(60)))
    expect(text.at(-4)?.slice(7)).toMatch(/^│█+ █+┊█+ █+$/)
  })

  it('can be drawn per year, lines and all, and of nothing is nothing', () => {
    const points = [point(0, 0.0005, { threshold: 0.0008, usual: 0.0006 })]
    expect(lines(renderVolatilityChart(points, view(40, 8), true)).slice(0, -2)).toEqual([
      '00700.HK  volatility 30.0% p.a.  2026-1…',
      `    │${'─'.repeat(35)}`,
      `40% ┤${'┄'.repeat(35)}`,
      `    │${'▄'.repeat(35)}`,
      `20% ┤${'█'.repeat(35)}`,
      `    │${'█'.repeat(35)}`,
    ])
    expect(renderVolatilityChart([point(0, null)], view(60))).toBe('')
    expect(renderVolatilityChart([], view(60))).toBe('')
  })
})

describe('charts of anything', () => {
  const size = fc.record({ width: fc.integer({ min: 2, max: 220 }), height: fc.integer({ min: 1, max: 60 }) })
  const step = fc.constantFrom(0, 1_000, MINUTE, 5 * MINUTE, 65 * MINUTE, 18 * 60 * MINUTE, 24 * 60 * MINUTE)
  const fits = (text: string, { width, height }: { width: number; height: number }): void => {
    expect(text).not.toMatch(/NaN|Infinity|undefined|null/)
    expect(lines(text).length).toBeLessThanOrEqual(height)
    for (const line of lines(text)) expect(displayWidth(line)).toBeLessThanOrEqual(width)
  }
  /** The same items at times with breaks of every kind. */
  const spaced = <T>(items: readonly (readonly [T, number])[]): [T, number][] => {
    let time = OPEN
    return items.map(([item, passed]) => {
      time += passed
      return [item, time]
    })
  }

  it('never exceed their size: bars', () => {
    const price = fc.oneof(fc.double({ min: 1e-3, max: 1e7, noNaN: true }), fc.constant(Number.NaN), fc.constant(10))
    const volume = fc.option(fc.oneof(fc.nat(), fc.constant(1e17)))
    const many = fc.array(fc.tuple(fc.tuple(price, price, volume), step), { minLength: 1, maxLength: 300 })
    fc.assert(
      fc.property(many, size, (items, { width, height }) => {
        const bars = spaced(items).map(([[open, close, amount], start]): Bar => {
          const known = !Number.isNaN(open + close)
          const [low, high] = known ? [Math.min(open, close), Math.max(open, close)] : [Number.NaN, Number.NaN]
          const prices = known ? { open, close, low, high } : { open: low, close: low, low, high }
          return { ...bar(0, 1, 1, 1, 1, amount), ...prices, start, end: start + MINUTE }
        })
        fits(renderBarChart(bars, view(width, height)), { width, height })
      }),
    )
  })

  it('never exceed their size: volatility', () => {
    const figure = fc.option(fc.oneof(fc.double({ min: 0, max: 10, noNaN: true }), fc.constant(0), fc.constant(0.001)))
    const state = fc.constantFrom('normal', 'unconfirmed', 'alert')
    const event = fc.constantFrom(null, 'enter', 'leave')
    const record = fc.record({ volatility: figure, threshold: figure, usual: figure, state, event })
    const many = fc.array(fc.tuple(record, step), { minLength: 1, maxLength: 300 })
    fc.assert(
      fc.property(many, size, fc.boolean(), (items, { width, height }, annualized) => {
        const points = spaced(items).map(([change, timestamp]) => ({
          ...point(0, change.volatility, change),
          timestamp,
        }))
        fits(renderVolatilityChart(points, view(width, height), annualized), { width, height })
      }),
    )
  })

  it('fill their height where it is enough', () => {
    fc.assert(
      fc.property(fc.integer({ min: 6, max: 60 }), fc.integer({ min: 1, max: 400 }), (height, count) => {
        const items = [...Array(count).keys()]
        const bars = items.map((i) => bar(i, 10 + (i % 7), 20, 5, 12))
        expect(lines(renderBarChart(bars, view(80, height)))).toHaveLength(height)
        const points = items.map((i) => point(i, 0.001 * (1 + (i % 9)), i === 3 ? { event: 'enter' } : {}))
        expect(lines(renderVolatilityChart(points, view(80, height)))).toHaveLength(height)
      }),
    )
  })

  it('are drawn of more points than a call takes arguments', () => {
    const many = 200_000
    const bars = Array.from({ length: many }, (_, i) => bar(i, 1, i === 7 ? 9 : 2, 1, 1))
    expect(renderBarChart(bars, view(60))).toContain('3774 bars a candle')
    const points = Array.from({ length: many }, (_, i) => point(i, i === 7 ? 0.09 : 0.01))
    expect(lines(renderVolatilityChart(points, view(60)))[3]).toBe('      │▂')
  })
})

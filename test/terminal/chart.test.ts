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
const view = (width: number, height = 8) => ({ width, height, palette: createPalette(false), zone: createZone() })

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
  it('draws a candle a bar, its volume below, prices beside and times under it', () => {
    const bars = [bar(0, 10, 12, 10, 12, 800), bar(1, 12, 12, 8, 9, 100), bar(2, 9, 10, 8, 9, null)]
    expect(renderBarChart(bars, view(40, 5)).split('\n')).toEqual([
      '00700.HK  2026-11-23 09:30 to 2026-11-2…',
      '12.00 ┤┃┃ ',
      '      │┃┃╷',
      '      │ ┃╽',
      ' 8.00 ┤ ││',
      '       █▁',
      '      └───',
      '       09:30',
    ])
  })

  it('of a price that stood still is one line', () => {
    expect(renderBarChart([bar(0, 10, 10, 10, 10)], view(40))).toMatch(/[╹╻┃]/)
  })

  it('leaves the column of an empty bar free and draws nothing of nothing', () => {
    const empty = bar(1, Number.NaN, Number.NaN, Number.NaN, Number.NaN, 0)
    expect(renderBarChart([bar(0, 1, 2, 1, 2), empty, bar(2, 2, 3, 2, 3)], view(40))).not.toContain('NaN')
    expect(renderBarChart([empty], view(40))).toBe('')
    expect(renderBarChart([], view(40))).toBe('')
  })

  it('keeps the highest and lowest price when bars are joined to fit', () => {
    const bars = Array.from({ length: 500 }, (_, i) => bar(i, 10, i === 333 ? 99 : 11, i === 77 ? 1 : 9, 10))
    const text = renderBarChart(bars, view(60, 12))
    expect(text).toContain('99.00 ┤')
    expect(text).toContain(' 1.00 ┤')
  })

  it('names the day where a new one begins', () => {
    const text = renderBarChart(
      [...Array(20).keys()].map((i) => bar(i * 12, 10, 11, 9, 10)),
      view(80),
    )
    expect(text.split('\n').at(-1)?.trim()).toMatch(/^11-23 +21:30 +11-24 +|^11-23 .*11-24/)
  })

  it('never exceeds its width', () => {
    const prices = fc.array(fc.integer({ min: 1, max: 90_000 }), { minLength: 1, maxLength: 300 })
    fc.assert(
      fc.property(prices, fc.integer({ min: 30, max: 160 }), (closes, width) => {
        const bars = closes.map((close, i) => bar(i, close, close + 1, close - 0.5, close, close))
        for (const line of renderBarChart(bars, view(width)).split('\n'))
          expect(displayWidth(line)).toBeLessThanOrEqual(width)
      }),
    )
  })
})

describe('a chart of volatility', () => {
  it('is an area with its threshold above', () => {
    const text = renderVolatilityChart(
      [point(0, 0.0005), point(1, 0.001), point(2, null), point(3, 0.0005)],
      view(60, 4),
    )
    expect(text.split('\n').slice(0, 5)).toEqual([
      '00700.HK  volatility (grid-std, 30m)  2026-11-23 09:30 to 2…',
      '0.100% ┤─█─',
      '       │ █ ',
      '       │███',
      '  0.0% ┤███',
    ])
  })

  it('keeps a peak when points are joined, with its state', () => {
    const points = Array.from({ length: 400 }, (_, i) =>
      point(i, i === 123 ? 0.01 : 0.0001, { state: i === 123 ? 'alert' : 'normal' }),
    )
    const text = renderVolatilityChart(points, { ...view(60, 6), palette: createPalette(true) })
    expect(text).toContain('1.00% ')
    expect(text).toContain('\u001b[1m\u001b[33m█')
  })

  it('can be drawn per year, and of nothing is nothing', () => {
    expect(renderVolatilityChart([point(0, 0.0005)], view(60), true)).toMatch(/volatility per year[\s\S]*60\.0% ┤/)
    expect(renderVolatilityChart([point(0, null)], view(60))).toBe('')
  })
})

describe('charts of very much', () => {
  it('are drawn of more points than a call takes arguments', () => {
    const many = 200_000
    const bars = Array.from({ length: many }, (_, i) => bar(i, 1, i === 7 ? 9 : 2, 1, 1))
    expect(renderBarChart(bars, view(60))).toContain('9.00 ┤')
    const points = Array.from({ length: many }, (_, i) => point(i, i === 7 ? 0.09 : 0.01))
    expect(renderVolatilityChart(points, view(60))).toContain('9.0')
  })
})

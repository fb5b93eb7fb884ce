import { describe, expect, it } from 'vitest'
import { printCharts } from '../../src/commands/_chart.ts'
import type { Io } from '../../src/commands/_io.ts'
import type { CommonOptions } from '../../src/commands/_options.ts'
import type { ChartView } from '../../src/core/terminal/chart-frame.ts'

/** What is written by charts that fill their view, one a symbol, in a terminal of this size. */
function printed(symbols: string, size: { columns?: number; rows?: number }, linesBelow?: number): string[] {
  let text = ''
  const stdout = { ...size, write: (part: string) => (text += part) }
  const fill = (rows: readonly { symbol: string }[], { width, height }: ChartView): string =>
    Array<string>(height).fill(rows[0]!.symbol.repeat(width)).join('\n')
  const rows = [...symbols].map((symbol) => ({ symbol }))
  printCharts(rows, fill, { color: true } as CommonOptions, { stdout, env: {} } as unknown as Io, linesBelow)
  return text.split('\n').slice(0, -1)
}

describe('a chart on the terminal', () => {
  it('leaves a line for the prompt, and for what is printed below', () => {
    expect(printed('A', { columns: 80, rows: 24 })).toHaveLength(23)
    expect(printed('A', { columns: 80, rows: 24 }, 1)).toHaveLength(22)
    expect(printed('A', { columns: 80, rows: 1 })).toHaveLength(1)
  })

  it('shares the screen with those of other symbols when each has lines enough', () => {
    expect(
      printed('ABC', { columns: 80, rows: 50 })
        .map((line) => line[0])
        .join(''),
    ).toBe('A'.repeat(16) + 'B'.repeat(16) + 'C'.repeat(16))
    expect(printed('ABC', { columns: 80, rows: 24 })).toHaveLength(3 * 23)
  })

  it('is as wide as the terminal, and of the common size where there is none', () => {
    expect(printed('A', { columns: 33, rows: 24 })[0]).toHaveLength(33)
    expect(printed('A', {})).toEqual(Array(23).fill('A'.repeat(80)))
  })
})

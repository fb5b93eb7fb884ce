import { describe, expect, test } from 'vitest'
import { mergeBars } from '../../src/core/bars/merge-bars.ts'
import { resample } from '../../src/core/bars/resample.ts'
import type { Bar } from '../../src/core/market/bar.ts'
import { Calendar } from '../../src/core/market/calendar.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { DAY, formatLocal, MINUTE } from '../../src/core/market/time.ts'
import { openCsvSource } from '../../src/core/storage/csv.ts'
import { reference, referencePath } from '../support/references.ts'
import { collect } from './market.ts'

/** Holidays and the half day of the eight days of the excerpt. */
const sessions = new Sessions(new Calendar({ 2020: { closed: ['2020-01-27', '2020-01-28'], half: ['2020-01-24'] } }))

const minute = (time: number): string => formatLocal(time).slice(0, 16)

/** The reference's row of a bar: amounts as they are, quotients of them to the last digits. */
function expected(row: Record<string, string>) {
  const { every, start, end, vwap, mean, ...amounts } = row
  const close = (cell: string) => expect.closeTo(Number(cell), 12)
  return {
    start,
    ...(end && { end }),
    ...Object.fromEntries(Object.entries(amounts).map(([name, cell]) => [name, Number(cell)])),
    vwap: close(vwap!),
    mean: mean === undefined ? null : close(mean),
  }
}

const shown = (bar: Bar) => ({ ...bar, start: minute(bar.start), end: minute(bar.end) })

function compare(bars: readonly Bar[], rows: readonly Record<string, string>[]): void {
  expect(rows.length).toBeGreaterThan(0)
  expect(bars.map(({ start }) => minute(start))).toEqual(rows.map(({ start }) => start))
  for (const [i, bar] of bars.entries()) expect(shown(bar), rows[i]!.start).toMatchObject(expected(rows[i]!))
}

describe('bars of real trades by the clock equal pandas’ resample', () => {
  const rows = reference('tick-bars')
  test.each([1, 5, 15, 60])('%i minutes', async (length) => {
    const source = await openCsvSource(referencePath('ticks'), { sessions })
    const options = { every: length * MINUTE, align: 'clock', sessions } as const
    compare(
      await collect(resample(source, options)),
      rows.filter(({ every }) => every === `${length}min`),
    )
  })
})

describe('longer bars of a vendor’s minutes equal pandas’ groupby by the rules of the session', () => {
  const rows = reference('session-bars')
  const merged = async (every: number) => {
    const source = await openCsvSource(referencePath('minutes'), { sessions })
    return collect(mergeBars(source.bars!({}), { every, sessions }))
  }

  test.each([3, 5, 15, 30, 60])('%i minutes', async (length) => {
    compare(
      await merged(length * MINUTE),
      rows.filter(({ every }) => every === `${length}min`),
    )
  })

  test('a day', async () => {
    compare(
      await merged(DAY),
      rows.filter(({ every }) => every === '1d'),
    )
  })
})

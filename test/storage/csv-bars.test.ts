import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { mergeBars } from '../../src/core/bars/merge-bars.ts'
import type { BarOptions } from '../../src/core/bars/options.ts'
import type { Bar } from '../../src/core/market/bar.ts'
import { DAY, formatLocal, HOUR, MINUTE, parseTime } from '../../src/core/market/time.ts'
import { openCsvSource } from '../../src/core/storage/csv.ts'
import { collect, sessions, temporaryDirectory } from './records.ts'

const dir = temporaryDirectory()
const vendor = new URL('../fixtures/bars/hk-00388-1m.csv.gz', import.meta.url).pathname
const rows = gunzipSync(readFileSync(vendor))
  .toString()
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split(','))
  .map(([, time, open, close, high, low, , , volume, turnover]) => ({
    end: parseTime(time!),
    open: Number(open),
    close: Number(close),
    high: Number(high),
    low: Number(low),
    volume: Number(volume),
    turnover: Math.round(Number(turnover) * 1000),
  }))

/** What a bar over these labels must be, worked out row by row with the market's own bounds and nothing of hkq's. */
function direct(day: string, from: string, to: string) {
  const [first, last] = [parseTime(`${day} ${from}`), parseTime(`${day} ${to}`)]
  const part = rows.filter(({ end }) => end > first && end <= last)
  const [volume, turnover] = [
    part.reduce((sum, row) => sum + row.volume, 0),
    part.reduce((sum, row) => sum + row.turnover, 0),
  ]
  return {
    open: part[0]!.open,
    high: Math.max(...part.map(({ high }) => high)),
    low: Math.min(...part.map(({ low }) => low)),
    close: part.at(-1)!.close,
    volume,
    turnover: turnover / 1000,
    vwap: turnover / (volume * 1000),
    mean: null,
    trades: null,
    final: true,
  }
}

async function bars(
  options: Partial<BarOptions> & { every: number },
  path = vendor,
  label?: 'start' | 'end',
): Promise<Bar[]> {
  const source = await openCsvSource(path, { sessions, ...(label && { label }) })
  return collect(mergeBars(source.bars!({}), { sessions, ...options }))
}

const on = (all: readonly Bar[], day: string): Bar[] => all.filter(({ start }) => formatLocal(start).startsWith(day))
const span = ({ start, end }: Bar): string => `${formatLocal(start).slice(11, 16)}-${formatLocal(end).slice(11, 16)}`

describe('a vendor’s one-minute file, named by the end of the minute', () => {
  test('makes hourly bars equal to a direct computation, the opening auction in the first', async () => {
    const day = on(await bars({ every: HOUR }), '2020-12-23')
    expect(day.map(span)).toEqual([
      '09:30-10:30',
      '10:30-11:30',
      '11:30-12:00',
      '13:00-14:00',
      '14:00-15:00',
      '15:00-16:00',
    ])
    expect(day[0]).toMatchObject(direct('2020-12-23', '09:29', '10:30'))
    expect(day[2]).toMatchObject(direct('2020-12-23', '11:30', '12:00'))
    expect(day[3]).toMatchObject(direct('2020-12-23', '12:00', '14:00'))
    expect(day[5]).toMatchObject(direct('2020-12-23', '15:00', '16:00'))
  })

  test.each([1, 5, 15])('makes %i-minute bars equal to a direct computation', async (length) => {
    const day = on(await bars({ every: length * MINUTE }), '2020-12-23')
    // From 11:33 to 11:34 nothing was traded.
    expect(day).toHaveLength(length === 1 ? 329 : 330 / length)
    for (const bar of day) {
      const from = span(bar) === span(day[0]!) ? '09:29' : formatLocal(bar.start).slice(11, 16)
      expect(bar, span(bar)).toMatchObject(direct('2020-12-23', from, formatLocal(bar.end).slice(11, 16)))
    }
  })

  test('makes daily bars, of half days too', async () => {
    const days = await bars({ every: DAY })
    expect(days.map(({ start }) => formatLocal(start).slice(0, 10))).toEqual(['2019-12-24', '2020-12-23', '2020-12-24'])
    expect(days[0]).toMatchObject(direct('2019-12-24', '09:00', '12:00'))
    expect(days[1]).toMatchObject(direct('2020-12-23', '09:00', '16:00'))
    expect(days[2]).toMatchObject(direct('2020-12-24', '09:00', '11:29'))
  })

  test('keeps the opening auction apart or out when asked', async () => {
    const separate = on(await bars({ every: MINUTE, auctions: 'separate' }), '2020-12-23')
    expect(span(separate[0]!)).toBe('09:20-09:30')
    expect(separate[0]).toMatchObject(direct('2020-12-23', '09:29', '09:30'))
    const dropped = on(await bars({ every: HOUR, auctions: 'drop' }), '2020-12-23')
    expect(dropped[0]).toMatchObject(direct('2020-12-23', '09:30', '10:30'))
  })
})

describe('labels', () => {
  const minute = (time: string, price: number): string =>
    `700,${time},${price},${price},${price},${price},100,${price * 100}`
  function file(name: string, ...lines: string[]): string {
    const path = join(dir, name)
    writeFileSync(path, `code,time_key,open,high,low,close,volume,turnover\n${lines.join('\n')}\n`)
    return path
  }
  const spans = async (path: string, label?: 'start' | 'end') => (await bars({ every: MINUTE }, path, label)).map(span)

  test('a day whose last label is 15:59 is named by starts', async () => {
    const path = file(
      'start.csv',
      minute('2026-11-20 09:30', 1),
      minute('2026-11-20 15:58', 2),
      minute('2026-11-20 15:59', 2),
    )
    expect(await spans(path)).toEqual(['09:30-09:31', '15:58-15:59', '15:59-16:00'])
  })

  test('a half day whose last label is 11:59 is named by starts, 12:00 by ends', async () => {
    const start = file('half-start.csv', minute('2026-12-24 11:58', 1), minute('2026-12-24 11:59', 2))
    const end = file('half-end.csv', minute('2026-12-24 11:59', 1), minute('2026-12-24 12:00', 2))
    expect(await spans(start)).toEqual(['11:58-11:59', '11:59-12:00'])
    expect(await spans(end)).toEqual(['11:58-11:59', '11:59-12:00'])
  })

  test('a start-labelled closing auction belongs to the last bar', async () => {
    const times = ['13:00', '13:01', '15:59', '16:00'].map((time, i) => minute(`2026-11-20 ${time}`, i + 1))
    const [last] = (await bars({ every: MINUTE }, file('close.csv', ...times))).slice(-1)
    expect(last).toMatchObject({ open: 3, close: 4, volume: 200 })
  })

  test('a day that does not tell follows one that does, before or after it', async () => {
    const cut = [minute('2026-11-19 10:01', 1), minute('2026-11-19 10:02', 1)]
    const whole = [minute('2026-11-20 15:59', 1), minute('2026-11-20 16:00', 1)]
    const more = [minute('2026-11-23 10:01', 1), minute('2026-11-23 10:02', 1)]
    expect(await spans(file('cut.csv', ...cut, ...whole, ...more))).toEqual([
      '10:00-10:01',
      '10:01-10:02',
      '15:58-15:59',
      '15:59-16:00',
      '10:00-10:01',
      '10:01-10:02',
    ])
  })

  test('a quiet last minute does not turn a file that is named by ends', async () => {
    const whole = ['12:00', '13:01', '16:00'].map((time) => minute(`2026-11-19 ${time}`, 1))
    const quiet = ['10:02', '10:03', '15:59'].map((time) => minute(`2026-11-20 ${time}`, 1))
    expect((await spans(file('quiet.csv', ...whole, ...quiet))).slice(-3)).toEqual([
      '10:01-10:02',
      '10:02-10:03',
      '15:58-15:59',
    ])
  })

  test('the user’s word counts', async () => {
    const path = file('said.csv', minute('2026-11-20 10:01', 1), minute('2026-11-20 10:02', 1))
    expect(await spans(path, 'end')).toEqual(['10:00-10:01', '10:01-10:02'])
    expect(await spans(path, 'start')).toEqual(['10:01-10:02', '10:02-10:03'])
  })

  test('rows newest first are the same bars', async () => {
    const rows = ['09:31', '10:00', '12:00', '13:01', '16:00'].map((time, i) => minute(`2026-11-20 ${time}`, i + 1))
    const forward = await bars({ every: HOUR }, file('forward.csv', ...rows))
    expect(await bars({ every: HOUR }, file('backward.csv', ...rows.toReversed()))).toEqual(forward)
  })

  test('bars named by a date alone are trading days', async () => {
    const path = file('days.csv', minute('2026-11-19', 1), minute('20261120', 2), minute('2026-12-24', 3))
    const days = await bars({ every: DAY }, path)
    expect(days.map((bar) => [span(bar), bar.close])).toEqual([
      ['09:30-16:00', 1],
      ['09:30-16:00', 2],
      ['09:30-12:00', 3],
    ])
  })

  test('bars of an index have no amounts, whatever the file writes there', async () => {
    const rows = ['15:59', '16:00'].map((time) => `HSI,2026-11-20 ${time},25000,25000,25000,25000,0,0`)
    const path = join(dir, 'index.csv')
    writeFileSync(path, `code,time_key,open,high,low,close,volume,turnover\n${rows.join('\n')}\n`)
    expect(await bars({ every: MINUTE }, path)).toMatchObject([
      { volume: null, turnover: null },
      { volume: null, turnover: null },
    ])
  })

  test('bars cannot be made shorter', async () => {
    const path = file(
      'five.csv',
      minute('2026-11-20 15:50', 1),
      minute('2026-11-20 15:55', 1),
      minute('2026-11-20 16:00', 1),
    )
    await expect(bars({ every: MINUTE }, path)).rejects.toMatchObject({ code: 'E_INPUT' })
    expect((await bars({ every: 15 * MINUTE }, path)).map(span)).toEqual(['15:45-16:00'])
  })
})

test('a record that can be no bar is told, and left out', async () => {
  const path = join(dir, 'bad.csv')
  const prices = ['1,2,1,1', 'x,2,1,1', '1,1,2,1', '1,2,0,1', '1,2,1,1']
  const lines = prices.map((price, i) => `700,2026-11-20 09:3${i},2026-11-20 09:3${i + 1},${price}`)
  writeFileSync(path, `symbol,start,end,open,high,low,close\n${lines.join('\n')}\n`)
  let bad = 0
  const source = await openCsvSource(path, { sessions, onBadBar: () => void bad++ })
  expect((await collect(source.bars!({}))).map(span)).toEqual(['09:30-09:31', '09:34-09:35'])
  expect(bad).toBe(3)
})

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { MarketEvent } from '../../src/core/market/event.ts'
import { toJson } from '../../src/core/market/json.ts'
import { at, type DayPlan, dayOfTicks, gapAt, tickAt } from '../statistics/market.ts'
import { hkq, rows, workdir } from './hkq.ts'

interface Bar {
  symbol: string
  start: string
  end: string
  trades: number
}
interface Value {
  symbol: string
  timestamp: string
  volatility: number | null
  annualized: number | null
  threshold: number | null
  volume_ratio: number | null
  usual: number | null
  seasonal: boolean
  state: string
}

const FRIDAY = '2026-11-20'
/** A day's trades by the minute, prices in cents. */
const day = (date: string, plan?: DayPlan) =>
  dayOfTicks(date, plan).map((tick) => ({
    ...tick,
    last_price: Math.round(tick.last_price * 100) / 100,
    turnover: null,
  }))
const between = (events: ReturnType<typeof day>, from: string, to: string) =>
  events.filter(({ timestamp }) => {
    const clock = new Date(timestamp + 8 * 3_600_000).toISOString().slice(11, 16)
    return clock >= from && clock < to
  })

async function stored(events: readonly MarketEvent[]): Promise<string> {
  const cwd = workdir()
  writeFileSync(join(cwd, 'in.ndjson'), events.map((event) => `${toJson(event)}\n`).join(''))
  const { code, stderr } = await hkq(['export', '--from', 'ndjson:in.ndjson', '--to', 'sqlite:hk_market.db', '-q'], {
    cwd,
  })
  expect(code, stderr).toBe(0)
  return cwd
}

/** Both commands on these events, as JSON and as a table, looked over for what no reader should see. */
async function read(events: readonly MarketEvent[]) {
  const cwd = await stored(events)
  const output: Record<string, string> = {}
  for (const command of ['resample', 'volatility']) {
    const every = command === 'resample' ? ['--every', '1h'] : []
    const [json, table] = await Promise.all([
      hkq([command, ...every, '--json'], { cwd }),
      hkq([command, ...every, '--format', 'table'], { cwd }),
    ])
    expect(json.stdout + table.stdout).not.toMatch(/NaN|Infinity|undefined/)
    expect(table.stdout).not.toMatch(/null/)
    expect(table.code).toBe(json.code)
    const lines = table.stdout.split('\n').slice(0, -1)
    expect(Math.max(0, ...lines.map(({ length }) => length))).toBeLessThanOrEqual(130)
    expect(lines.length).toBe(json.code === 0 ? rows(json.stdout).length + 1 : 0)
    output[command] = json.stdout
    output[`${command} stderr`] = json.stderr
  }
  return {
    ...{ cwd, bars: rows<Bar>(output.resample!), values: rows<Value>(output.volatility!) },
    warnings: [output['resample stderr']!, output['volatility stderr']!],
  }
}

const clock = (time: string) => time.slice(5, 16).replace('T', ' ')

describe('days that are not like others', () => {
  it('a half day ends at 12:00, holidays are passed over', async () => {
    const { bars, values } = await read([...day('2026-12-24'), ...day('2026-12-28')])
    expect(bars.map(({ end }) => clock(end)).filter((time) => time.startsWith('12-24'))).toEqual([
      '12-24 10:30',
      '12-24 11:30',
      '12-24 12:00',
    ])
    expect(
      values
        .filter(({ timestamp }) => timestamp < '2026-12-25')
        .map(({ timestamp }) => clock(timestamp))
        .at(-1),
    ).toBe('12-24 12:00')
    expect(values).toHaveLength(150 + 330)
  })

  it('a day that opens at 14:00 after a typhoon', async () => {
    const { bars, values } = await read(day('2023-10-09'))
    expect(bars.map(({ start }) => clock(start))).toEqual(['10-09 14:00', '10-09 15:00'])
    expect([clock(values[0]!.timestamp), clock(values.at(-1)!.timestamp)]).toEqual(['10-09 14:01', '10-09 16:00'])
  })

  it('the first day of a stock has a flat threshold from 30 values on, and no turnover to compare with', async () => {
    const { values } = await read(day(FRIDAY))
    const first = values.findIndex(({ volatility }) => volatility !== null)
    expect(values.findIndex(({ threshold }) => threshold !== null)).toBe(first + 30)
    expect(
      values.every(({ seasonal, volume_ratio, usual }) => !seasonal && volume_ratio === null && usual === null),
    ).toBe(true)
  })

  it('a price that stands still never alerts', async () => {
    const { values } = await read(day(FRIDAY, { move: () => 0 }))
    expect(new Set(values.map(({ volatility }) => volatility))).toEqual(new Set([null, 0]))
    expect(new Set(values.map(({ state }) => state))).toEqual(new Set(['normal']))
  })

  it('a stock that trades once a day has bars and no volatility', async () => {
    const { bars, values } = await read(
      ['2026-11-18', '2026-11-19', FRIDAY].map((date) => tickAt(at(`${date}T11:05`), 6)),
    )
    expect(bars.map(({ trades }) => trades)).toEqual([1, 1, 1])
    expect(values.every(({ volatility, state }) => volatility === null && state === 'normal')).toBe(true)
  })

  it('a stock halted from 10:30 to 14:00 and over a day has no volatility while nothing trades', async () => {
    const thursday = day('2026-11-18')
    const { bars, values } = await read([
      ...between(thursday, '09:30', '10:30'),
      ...between(thursday, '14:00', '16:10'),
      ...between(day(FRIDAY), '14:00', '15:00'),
    ])
    expect(bars.map(({ start }) => clock(start))).toEqual(['11-18 09:30', '11-18 14:00', '11-18 15:00', '11-20 14:00'])
    expect(values.find(({ timestamp }) => clock(timestamp) === '11-18 13:30')).toMatchObject({ volatility: null })
    expect(values.filter(({ timestamp }) => timestamp.startsWith('2026-11-19'))).toEqual([])
  })

  it('a symbol whose first trade comes after 15:30', async () => {
    const { bars, values } = await read(between(day(FRIDAY), '15:31', '16:10'))
    expect(bars).toHaveLength(1)
    expect(values.map(({ timestamp }) => clock(timestamp))[0]).toBe('11-20 15:32')
  })

  it('a closing auction alone is a bar and no volatility: exit 3 and one line', async () => {
    const { bars, values, warnings } = await read([tickAt(at(`${FRIDAY}T16:08:30`), 600)])
    expect(bars.map(({ start, trades }) => [clock(start), trades])).toEqual([['11-20 15:00', 1]])
    expect(values).toEqual([])
    expect(warnings).toEqual([
      '',
      'hkq: no data in "sqlite:hk_market.db": see what is there with hkq export, or record first\n',
    ])
  })

  it('an index has no turnover and alerts all the same', async () => {
    const storm = (minute: number) => (minute >= 660 && minute < 690 ? 1e-2 : 1e-3)
    const { values } = await read([
      ...day('2026-11-19', { symbol: 'HSI' }),
      ...day(FRIDAY, { symbol: 'HSI', move: storm }),
    ])
    expect(values.some(({ state }) => state === 'alert')).toBe(true)
    expect(values.every(({ volume_ratio }) => volume_ratio === null)).toBe(true)
  })

  it('a year outside the calendar: weekdays count as full, one warning, nothing annualised', async () => {
    const { values, warnings } = await read(day('2019-05-02'))
    expect(values).toHaveLength(330)
    expect(values.every(({ annualized }) => annualized === null)).toBe(true)
    for (const warning of warnings) expect(warning).toMatch(/^hkq: the calendar covers \S+, not "2019": [^\n]*\n$/)
  })

  it('a symbol with gaps and no trades, a day without trades, an empty range: exit 3 and one line', async () => {
    const cwd = await stored([...day(FRIDAY), gapAt(at(`${FRIDAY}T10:00`), at(`${FRIDAY}T11:00`), '00005.HK')])
    for (const command of ['resample', 'volatility']) {
      for (const format of ['table', 'json', 'ndjson', 'csv']) {
        for (const asked of [['5'], ['700', '--since', '2026-11-23'], ['--since', '2027-06-01']]) {
          const { code, stdout, stderr } = await hkq([command, ...asked, '--format', format], { cwd })
          expect([code, stdout], `${command} ${asked} ${format}`).toEqual([3, ''])
          expect(stderr).toMatch(/^hkq: no data[^\n]* in "sqlite:hk_market\.db"[^\n]*\n$/)
        }
      }
    }
  })
})

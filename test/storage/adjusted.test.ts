import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { resample } from '../../src/core/bars/resample.ts'
import { Adjustments } from '../../src/core/market/adjustments.ts'
import type { Bar } from '../../src/core/market/bar.ts'
import { DAY, MINUTE, parseTime } from '../../src/core/market/time.ts'
import { adjustedSource, adjustedStore } from '../../src/core/storage/adjusted.ts'
import { adjustmentsIn } from '../../src/core/storage/adjustments-file.ts'
import { openSqlite } from '../../src/core/storage/sqlite.ts'
import { storeSource } from '../../src/core/storage/store-source.ts'
import { storedBars } from '../../src/core/storage/stored-bars.ts'
import { dayOfTicks } from '../statistics/market.ts'
import { collect, pieces } from './sample.ts'

const directory = mkdtempSync(join(tmpdir(), 'hkq-adjusted-'))
afterAll(() => rmSync(directory, { recursive: true }))

const DAYS = ['2026-11-19', '2026-11-20']
const SPLIT = new Adjustments([{ date: parseTime('2026-11-20'), symbol: '00700.HK', factor: 0.1 }])
const TICKS = DAYS.flatMap((date) => dayOfTicks(date, { volume: () => 300 }))

const all = async (bars: AsyncIterable<readonly Bar[]>): Promise<Bar[]> => (await pieces(bars)).flat()

describe('a store at adjusted prices', () => {
  const opened = (async () => {
    const store = await openSqlite(join(directory, 'market.db'), { mode: 'record' })
    await store.write(TICKS)
    return store
  })()
  afterAll(async () => (await opened).close())

  test('gives bars of before and after at one level, with money as it was traded', async () => {
    const bars = await all(storedBars(adjustedStore(await opened, SPLIT), '00700.HK', {}, { every: DAY }))
    const raw = await all(storedBars(await opened, '00700.HK', {}, { every: DAY }))
    expect(bars[1]).toEqual(raw[1])
    for (const name of ['open', 'high', 'low', 'close', 'vwap', 'mean'] as const) {
      expect(bars[0]![name]!).toBeCloseTo(raw[0]![name]! / 10, 10)
    }
    expect([bars[0]!.volume, bars[0]!.turnover]).toEqual([raw[0]!.volume, raw[0]!.turnover])
  })

  test.each([30_000, MINUTE, 5 * MINUTE])(
    'gives the bars of its adjusted ticks, from ticks or minutes: %i ms',
    async (every) => {
      const bars = await all(storedBars(adjustedStore(await opened, SPLIT), '00700.HK', {}, { every }))
      const source = adjustedSource(
        storeSource(await openSqlite(join(directory, 'market.db'), { mode: 'read' }), '', {}),
        SPLIT,
      )
      const expected = await all(resample(source, { every }))
      expect(bars.length).toBe(expected.length)
      bars.forEach((bar, i) => {
        for (const [name, value] of Object.entries(expected[i]!)) {
          const ours = bar[name as keyof Bar]
          if (typeof value === 'number') expect((ours as number) / value).toBeCloseTo(1, 12)
          else expect(ours).toEqual(value)
        }
      })
    },
  )

  test('gives the same prices as ticks, as columns and in order across symbols', async () => {
    const store = adjustedStore(await opened, SPLIT)
    const prices = (await collect(store.ticks('00700.HK', {}))).map(({ last_price }) => last_price)
    const columns = (await pieces(store.columns('00700.HK', {}))).flatMap(({ last_price }) => [...last_price])
    const read = (await pieces(store.read({ types: ['tick'] })))
      .flat()
      .map((event) => 'last_price' in event && event.last_price)
    expect(columns).toEqual(prices)
    expect(read).toEqual(prices)
    expect(prices[0]).toBe(TICKS[0]!.last_price * 0.1)
    expect(prices.at(-1)).toBe(TICKS.at(-1)!.last_price)
  })
})

describe('a file of corporate actions', () => {
  const file = (content: string): string => {
    const path = join(directory, 'actions.csv')
    writeFileSync(path, content)
    return path
  }

  test('has its columns in any order and its symbols in any spelling', async () => {
    const read = await adjustmentsIn(
      file('\ufeffSymbol, Factor ,date,why\r\n700.HK,0.2,2026-05-04,"split, 1 to 5"\r\n'),
    )
    expect(read.factor('00700.HK', parseTime('2026-05-03'))).toBe(0.2)
    expect(read.touches('09988.HK')).toBe(false)
  })

  test.each([
    ['date,symbol,ratio\n', 'has the columns "date, symbol, ratio": it needs date, symbol and factor'],
    ['date,symbol,factor,factor\n2026-05-04,700,0.2,5\n', 'has the column "factor": it stands there twice'],
    ['', 'is empty: it needs a line of the columns date, symbol and factor'],
    [
      'date,symbol,factor\n2026-05-04,700,0.2\n2026-05-04,700,0.2\n',
      'has the line "2026-05-04,700,0.2": it stands there twice',
    ],
    ['date,symbol,factor\n2026-13-04,700,0.2\n', 'has the date "2026-13-04": write YYYY-MM-DD'],
    ['date,symbol,factor\n2026-05-04,7x,0.2\n', 'has the symbol "7x": write e.g. 00700.HK'],
    ['date,symbol,factor\n2026-05-04,700,0\n', 'has the factor "0": write what earlier prices are multiplied by'],
    ['date,symbol,factor\n2026-05-04,700\n', 'has the factor ""'],
  ])('that is wrong is refused with what is wrong: %j', async (content, message) => {
    await expect(adjustmentsIn(file(content))).rejects.toThrow(message)
  })

  test('that is not there is refused', async () => {
    await expect(adjustmentsIn(join(directory, 'none.csv'))).rejects.toThrow('no such file')
  })
})

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { csvLine } from '../../src/core/market/csv.ts'
import type { Tick } from '../../src/core/market/event.ts'
import { openCsvSource } from '../../src/core/storage/csv.ts'
import { BAR_COLUMNS } from '../../src/core/storage/csv-columns.ts'
import { openCsvSink } from '../../src/core/storage/csv-sink.ts'
import { parseColumns } from '../../src/core/storage/file-options.ts'
import { at, gap, tick } from '../bars/market.ts'
import { anyTick, collect, sessions, temporaryDirectory } from './records.ts'

const dir = temporaryDirectory()
const options = { sessions }
let files = 0

function file(content: string | Buffer, name = `${++files}.csv`): string {
  const path = join(dir, name)
  writeFileSync(path, content)
  return path
}

async function ticksIn(content: string | Buffer, more = {}): Promise<Tick[]> {
  return (await collect(await openCsvSource(file(content), { ...options, ...more }))) as Tick[]
}

describe('ticks in CSV', () => {
  test('any tick comes back as it went', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyTick, { maxLength: 20 }), fc.boolean(), async (ticks, bom) => {
        const path = join(dir, `round-${++files}.csv`)
        const sink = await openCsvSink(path, { bom })
        expect(await sink.write(ticks)).toEqual({ stored: ticks.length, duplicates: 0 })
        await sink.close()
        expect(await collect(await openCsvSource(path, options))).toEqual(ticks)
      }),
      { numRuns: 60 },
    )
  })

  test('are recognised in the tutorial’s form', async () => {
    const text =
      'symbol,timestamp,last_price,volume,bid_price,ask_price\n00700.HK,2023-08-15 14:30:25.123,330.2,500,330.0,330.4\n'
    expect(await ticksIn(text)).toMatchObject([
      {
        symbol: '00700.HK',
        last_price: 330.2,
        volume: 500,
        bid_price: 330,
        ask_price: 330.4,
        spread: 0.4,
        value: 165_100,
      },
    ])
  })

  test.each([
    [
      'vendor names',
      'code,time,price,volume,turnover,ticker_direction,sequence\nHK.00700,2023-08-15 14:30:25.123,330.2,500,165100.0,BUY,7311',
      { side: 'buy', seq: 7_311 },
    ],
    ['date and time apart', 'Date,Time,Ticker,Price,Size\n20230815,143025,700,330.2,500', {}],
    ['date and time with marks', 'Date,Time,Ticker,Price,Size\n2023-08-15,14:30:25,0700.HK,330.2,500', {}],
    ['any case and order', 'VOLUME,Last Price,Stock Code,DateTime\n500,330.2,hk00700,2023/08/15 14:30:25', {}],
    ['camel case', 'tradeTime,lastPrice,qty,symbol\n1692081025,330.2,500,700', {}],
    [
      'semicolons and quotes',
      '"symbol";"timestamp";"last_price";"volume"\n"00700.HK";"2023-08-15 14:30:25";"330.2";"500"',
      {},
    ],
    [
      'a byte-order mark and CRLF',
      '\ufeffsymbol,timestamp,last_price,volume\r\n700,2023-08-15 14:30:25,330.2,500\r\n',
      {},
    ],
    [
      'unknown columns',
      'x,symbol,note,timestamp,last_price,volume\n1,700,"a, ""b""\nc",2023-08-15 14:30:25,330.2,500',
      {},
    ],
    [
      'thousands',
      'symbol,timestamp,price,turnover,volume\n700,2023-08-15 14:30:25,330.2,"165,100.00",500',
      { turnover: 165_100 },
    ],
  ])('are recognised with %s', async (_, text, more) => {
    const ticks = await ticksIn(text)
    expect(ticks).toMatchObject([{ symbol: '00700.HK', last_price: 330.2, volume: 500, source: 'csv', ...more }])
    expect(Math.floor(ticks[0]!.timestamp / 1000)).toBe(1_692_081_025)
  })

  test('take the symbol from the file’s name when no column has it', async () => {
    const path = file('time,price,volume\n2023-08-15 14:30:25,330.2,500\n', 'hk00700-2023-08-15.csv')
    expect(await collect(await openCsvSource(path, options))).toMatchObject([{ symbol: '00700.HK' }])
  })

  test('columns can be named', async () => {
    const columns = parseColumns('timestamp:When,last_price:px, volume:n')!
    const ticks = await ticksIn('When,px,n,symbol\n1692081025123,330.2,5,700\n', { columns })
    expect(ticks).toMatchObject([{ timestamp: 1_692_081_025_123, last_price: 330.2, volume: 5 }])
    await expect(ticksIn('a,b\n1,2\n', { columns })).rejects.toThrow('has no column "When": it has "a", "b"')
    await expect(ticksIn('a,b\n', { columns: new Map([['last_prise', 'a']]) })).rejects.toThrow(
      'did you mean "last_price"?',
    )
    expect(parseColumns('timestamp')).toBeNull()
    expect(parseColumns('timestamp:a,timestamp:b')).toBeNull()
  })

  test('a header that is not understood is an error that lists what was found', async () => {
    await expect(ticksIn('foo,Bar Baz\n1,2\n')).rejects.toMatchObject({
      code: 'E_INPUT',
      message: expect.stringContaining('"foo", "Bar Baz"'),
    })
    await expect(ticksIn('')).rejects.toMatchObject({ code: 'E_INPUT' })
    await expect(ticksIn('\x1b[2Jtimestamp,x\n')).rejects.toThrow('"?[2Jtimestamp"')
  })

  test.each([
    ['symbol,timestamp,price,price,volume', 'the header of "FILE" has "price" twice'],
    ['symbol,timestamp,Price,price,volume', 'has "Price" and "price", which are one name'],
    ['symbol,timestamp,price,volume,price,volume', 'has "price" twice'],
  ])('a header that has a column twice is refused, naming it: %s', async (header, words) => {
    const path = file(`${header}\n700,2023-08-15 14:30:25,330,1,2,3\n`)
    await expect(openCsvSource(path, options)).rejects.toMatchObject({
      code: 'E_INPUT',
      message: expect.stringContaining(words.replace('FILE', path)),
    })
  })

  test('columns that nothing is read from may be there twice', async () => {
    const text = 'symbol,timestamp,price,volume,note,note,,\n700,2023-08-15 14:30:25,330,1,a,b,,\n'
    expect(await ticksIn(text)).toMatchObject([{ last_price: 330, volume: 1 }])
    const columns = parseColumns('last_price:deal')!
    const renamed = 'symbol,timestamp,price,price,deal,volume\n700,2023-08-15 14:30:25,1,2,330,1\n'
    expect(await ticksIn(renamed, { columns })).toMatchObject([{ last_price: 330 }])
  })

  test('what cannot be a trade is a rejected event with its line', async () => {
    const rows = [
      '700,2023-08-15 14:30:25,0,1',
      '700,soon,1,1',
      'ABC,2023-08-15 14:30:25,1,1',
      '700,2023-08-15 14:30:25,1,1.5',
      '700',
      '700,2023-08-15 14:30:25,0x1F4,1',
    ]
    const events = await ticksIn(`symbol,timestamp,last_price,volume\n${rows.join('\n')}\n`)
    expect(events.map((event) => (event as never as { reason: string }).reason)).toEqual([
      'price',
      'malformed',
      'malformed',
      'volume',
      'malformed',
      'malformed',
    ])
    expect(events.map((event) => (event as never as { raw: string }).raw)).toEqual(rows)
  })

  test('a running total is differenced per symbol and day', async () => {
    const text = `symbol,timestamp,price,volume
700,2023-08-15 10:00:00,330,1000
5,2023-08-15 10:00:00,60,400
700,2023-08-15 10:00:01,330,1500
700,2023-08-16 09:30:00,331,200
`
    expect((await ticksIn(text, { volume: 'day' })).map(({ volume }) => volume)).toEqual([1_000, 400, 500, 200])
  })

  test('an unclosed quote is refused before it swallows the file', async () => {
    const text = `symbol,timestamp,price,volume\n"700,${'x\n'.repeat(600_000)}`
    await expect(ticksIn(text)).rejects.toMatchObject({ code: 'E_INPUT' })
  })

  test('gzip is read as it is', async () => {
    expect(await ticksIn(gzipSync('symbol,timestamp,price,volume\n700,1692081025,1,1\n'))).toHaveLength(1)
  })
})

describe('a CSV sink', () => {
  test('text keeps its zeros and never becomes a formula, numbers are left alone', async () => {
    const path = join(dir, 'guard.csv')
    const sink = await openCsvSink(path)
    await sink.write([
      tick('10:00', 330.2, 100, { source: '=HYPERLINK("x")', trade_type: '-1', spread: -0.2, seq: 2n ** 60n }),
    ])
    const [header, row] = readFileSync(path, 'utf8').split('\n')
    expect(header).toBe(
      'symbol,timestamp,last_price,volume,turnover,bid_price,ask_price,bid_size,ask_size,quote_time,value,spread,side,phase,trade_type,flags,seq,source,received_at',
    )
    expect(row).toBe(
      `00700.HK,2026-11-23T10:00:00.000+08:00,330.2,100,33020,,,,,,33020,-0.2,,morning,'-1,,1152921504606846976,"'=HYPERLINK(""x"")",`,
    )
  })

  test('begins a new file with its header when the one before was moved away', async () => {
    const path = join(dir, 'rotated.csv')
    const sink = await openCsvSink(path)
    await sink.write([tick('10:00', 1)])
    renameSync(path, `${path}.1`)
    await sink.write([tick('10:01', 2)])
    for (const [file, price] of [
      [`${path}.1`, 1],
      [path, 2],
    ] as const)
      expect(await collect(await openCsvSource(file, options))).toMatchObject([{ last_price: price }])
  })

  test('appends to its own file under one header, and refuses another’s', async () => {
    const path = join(dir, 'append.csv')
    for (const price of [1, 2]) await (await openCsvSink(path)).write([tick('10:00', price), gap('10:00', '10:01')])
    expect(readFileSync(path, 'utf8').match(/symbol,/g)).toHaveLength(1)
    expect(await collect(await openCsvSource(path, options))).toMatchObject([{ last_price: 1 }, { last_price: 2 }])
    await expect(openCsvSink(file('time,price\n'))).rejects.toMatchObject({ code: 'E_STORAGE' })
  })

  test('a number below zero, or beyond 2^53, comes back as it went', async () => {
    const path = join(dir, 'numbers.csv')
    const ticks = [-(2n ** 60n), -5, 0, 2n ** 60n].map((seq) => tick('10:00', 330.2, 100, { seq }))
    await (await openCsvSink(path)).write(ticks)
    const read = await collect(await openCsvSource(path, options))
    expect(read.map((event) => (event as Tick).seq)).toEqual(ticks.map(({ seq }) => seq))
  })

  test('a name that ends with a slash is a directory, whatever else is in it', async () => {
    const path = `${join(dir, 'ticks.d')}/`
    await (await openCsvSink(path)).write([tick('2026-11-24T09:30', 3)])
    expect(readFileSync(join(path, '00700.HK', '2026-11-24.csv'), 'utf8')).toContain(',3,')
  })

  test('a directory gets one file for each symbol and day, and is read in order of days', async () => {
    const path = join(dir, 'by-day')
    mkdirSync(path)
    const events = [
      tick('2026-11-24T09:30', 3),
      tick('2026-11-23T10:00', 2),
      tick('2026-11-23T10:00', 9, 1, { symbol: '00005.HK' }),
    ]
    await (await openCsvSink(path)).write(events)
    expect(readFileSync(join(path, '00700.HK', '2026-11-24.csv'), 'utf8')).toContain(',3,')
    const read = await collect(await openCsvSource(path, options))
    expect(read.map((event) => (event as Tick).last_price)).toEqual([9, 2, 3])
    await expect(openCsvSource(file('', 'empty-dir').replace('empty-dir', 'nowhere'), options)).rejects.toMatchObject({
      code: 'E_STORAGE',
    })
  })
})

describe('bars in CSV', () => {
  test('hkq’s own come back as they went', async () => {
    const bar = {
      type: 'bar',
      symbol: '00700.HK',
      start: at('10:00'),
      end: at('10:01'),
      open: 1,
      high: 3,
      low: 1,
      close: 2,
    } as const
    const full = { ...bar, volume: 100, turnover: 200, vwap: 2, mean: 1.5, trades: 7, final: true, has_gap: true }
    const path = file(`${BAR_COLUMNS.join(',')}\n${csvLine(full, BAR_COLUMNS)}`)
    const source = await openCsvSource(path, options)
    expect(await collect(source.bars!({}))).toEqual([full])
  })

  test('are chosen by the symbols and times of opening and asking', async () => {
    const row = (symbol: string, minute: number) =>
      `${symbol},2026-11-20T10:0${minute}+08:00,2026-11-20T10:0${minute + 1}+08:00,1,1,1,1`
    const path = file(`symbol,start,end,open,high,low,close\n${row('700', 0)}\n${row('5', 0)}\n${row('5', 3)}\n`)
    const source = await openCsvSource(path, { ...options, query: { symbols: ['00005.HK'] } })
    const bars = await collect(source.bars!({ since: at('2026-11-20T10:02') }))
    expect(bars.map(({ symbol, start }) => [symbol, start])).toEqual([['00005.HK', at('2026-11-20T10:03')]])
  })

  test('are no ticks', async () => {
    const source = await openCsvSource(file('time,open,high,low,close\n'), options)
    await expect(collect(source)).rejects.toMatchObject({ code: 'E_INPUT' })
    expect((await openCsvSource(file('time,price\n'), options)).bars).toBeUndefined()
  })
})

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openRaw } from '../../src/core/connection/raw.ts'
import type { Bar } from '../../src/core/market/bar.ts'
import { calendarFrom } from '../../src/core/market/calendar-file.ts'
import type { MarketEvent } from '../../src/core/market/event.ts'
import { toJson } from '../../src/core/market/json.ts'
import { canonicalSymbol, parseSymbol } from '../../src/core/market/symbol.ts'
import { adjustmentsIn } from '../../src/core/storage/adjustments-file.ts'
import { openCsvSource } from '../../src/core/storage/csv.ts'
import { openNdjsonSource } from '../../src/core/storage/ndjson.ts'
import { fromJson } from '../../src/core/storage/ndjson-record.ts'
import { Ordinals } from '../../src/core/storage/read-record.ts'
import { fuzzRuns } from '../support/fuzz.ts'
import { HOSTILE_TEXTS, HOSTILE_VALUES, polluted } from '../support/hostile.ts'
import { collect, sessions, temporaryDirectory } from './records.ts'

const dir = temporaryDirectory()
const context = { sessions, source: 'ndjson', symbol: null, ordinals: new Ordinals() }
let files = 0

function file(content: string | Buffer, ending: string): string {
  const path = join(dir, `${++files}.${ending}`)
  writeFileSync(path, content)
  return path
}

const GOOD = '"symbol":"00700.HK","timestamp":"2026-11-20T10:00:00.000+08:00"'
const RECORDS: Readonly<Record<string, readonly string[]>> = {
  tick: [
    'symbol',
    'timestamp',
    'last_price',
    'volume',
    'turnover',
    'bid_price',
    'ask_size',
    'quote_time',
    'side',
    'trade_type',
    'flags',
    'seq',
    'source',
    'received_at',
    '__proto__',
  ],
  quote: ['symbol', 'timestamp', 'bids', 'asks', 'seq', 'source', 'received_at'],
  gap: ['symbol', 'from', 'to', 'cause', 'volume', 'filled_by', 'source'],
  status: ['symbol', 'timestamp', 'state', 'detail', 'source'],
  rejected: ['symbol', 'timestamp', 'reason', 'raw', 'source', 'received_at'],
  bar: ['symbol', 'start', 'end', 'open', 'volume', 'vwap', 'trades', 'final', 'has_gap', 'revision'],
  constructor: ['symbol'],
}
const REST: Readonly<Record<string, string>> = {
  tick: `${GOOD},"last_price":1,"volume":1`,
  quote: `${GOOD},"bids":[],"asks":[]`,
  gap: '"from":"2026-11-20T10:00","to":"2026-11-20T10:01","cause":"stale"',
  status: `${GOOD},"state":"lost","detail":"x"`,
  rejected: `${GOOD},"reason":"price","raw":"x"`,
  bar: `${GOOD},"start":"2026-11-20T10:00","end":"2026-11-20T10:01","open":1,"high":1,"low":1,"close":1`,
  constructor: GOOD,
}

/** What every record of a file keeps, whatever the file holds. */
function expectSound(records: readonly (MarketEvent | Bar | null)[]): void {
  for (const record of records) {
    if (record === null) continue
    const line = toJson(record)
    expect(JSON.parse(line).type).toBe(record.type)
    if (record.type !== 'status') expect(line.length).toBeLessThan(60_000)
    if ('symbol' in record && record.symbol !== null) expect(canonicalSymbol(record.symbol)).toBe(record.symbol)
    if (record.type === 'tick') expect(Number.isFinite(record.last_price + record.timestamp)).toBe(true)
  }
  expect(polluted()).toBe(false)
}

describe('a line of JSON', () => {
  const lines = (value: string): string[] => [
    value,
    `{${value}}`,
    `{"type":${value}}`,
    ...Object.entries(RECORDS).flatMap(([type, fields]) =>
      fields.map((field) => `{"type":"${type}",${REST[type]},"${field}":${value}}`),
    ),
  ]

  it.each(HOSTILE_VALUES)('with %s anywhere is a record or quarantined', (_, value) => {
    for (const line of lines(value)) expectSound([fromJson(line, context)])
  })

  it.each(HOSTILE_TEXTS)('with a text that holds %s is a record or quarantined', (_, text) => {
    for (const line of lines(JSON.stringify(text))) expectSound([fromJson(line, context)])
  })

  it('with any JSON in its fields is never an error', () => {
    const value = fc.json({ maxDepth: 4 })
    fc.assert(
      fc.property(value, (json) => expectSound(lines(json).map((line) => fromJson(line, context)))),
      fuzzRuns(),
    )
  })

  it('of 10 MB ends the reading with its reason', async () => {
    const path = file(`{"type":"tick"}\n{"raw":"${'x'.repeat(10_000_000)}"}\n`, 'ndjson')
    const read = openNdjsonSource(path, { sessions }).then((source) => collect(source))
    await expect(read).rejects.toMatchObject({ code: 'E_INPUT', message: expect.stringContaining('more than 1 MiB') })
  })

  it('of a bomb of gzip does so too', async () => {
    const path = file(gzipSync(`{"type":"tick"}\n${Buffer.alloc(200_000_000, 'x')}`), 'ndjson.gz')
    const read = openNdjsonSource(path, { sessions }).then((source) => collect(source))
    await expect(read).rejects.toMatchObject({ code: 'E_INPUT' })
  })

  it('in which a time is beyond all times is quarantined at once', () => {
    const line = `{"type":"tick",${REST.tick},"timestamp":1e999}`
    expect(fromJson(line, context)).toMatchObject({ type: 'rejected', reason: 'malformed', raw: line })
  })

  it('that cannot be a trade is kept up to 4,096 characters, and how long it was; once', () => {
    const line = `{"type":"tick","raw":"${'x'.repeat(10_000)}"}`
    const record = fromJson(line, context)
    expect(record).toMatchObject({ type: 'rejected', raw: `${line.slice(0, 4_096)}... (10024 characters)` })
    expect(fromJson(toJson(record!), context)).toEqual(record)
  })
})

describe('a CSV file', () => {
  const COLUMNS = [
    'symbol',
    'timestamp',
    'last_price',
    'volume',
    'turnover',
    'side',
    'trade_type',
    'flags',
    'seq',
    'source',
  ]
  const USUAL = ['00700.HK', '2026-11-20 10:00:00', '1', '1', '1', 'B', 'U', '', '1', 'x']
  const cells = [...HOSTILE_TEXTS, ...HOSTILE_VALUES].map(
    ([what, text]) => [what, `"${text.replaceAll('"', '""')}"`] as const,
  )

  it.each(cells)('with a cell of %s is ticks and quarantined records', async (_, cell) => {
    const rows = COLUMNS.map((_, at) => USUAL.map((usual, i) => (i === at ? cell : usual)).join(','))
    const path = file(`${COLUMNS.join(',')}\n${rows.join('\n')}\n`, 'csv')
    const events = await collect(await openCsvSource(path, { sessions }))
    expect(events).toHaveLength(rows.length)
    expectSound(events)
  })

  it.each([
    ['a name that is long', '>'.repeat(500_000)],
    ['a hundred thousand names', 'a,'.repeat(100_000)],
    ['names of every object’s own', '__proto__,constructor,toString,hasOwnProperty'],
    ['nothing but quotes', '"'.repeat(500_001)],
  ])('whose header has %s is refused, or read by its other columns', async (_, names) => {
    const bare = openCsvSource(file(`${names}\n1,2\n`, 'csv'), { sessions })
    await expect(bare.then((source) => collect(source))).rejects.toMatchObject({ code: 'E_INPUT' })
    const header = `symbol,timestamp,last_price,volume,${names.replaceAll('"', '')}`
    const source = await openCsvSource(file(`${header}\n${USUAL.slice(0, 4).join()}\n`, 'csv'), { sessions })
    expect(await collect(source)).toMatchObject([{ type: 'tick', symbol: '00700.HK', last_price: 1 }])
  })
})

describe('a raw capture', () => {
  const begun = '{"connection":{"vendor":"alltick","depth":0,"at":1795140000000}}'
  const trade = JSON.stringify({
    ...{ at: 1_795_140_000_100 },
    text: '{"cmd_id":22998,"data":{"code":"700.HK","seq":"1","tick_time":"1795140000000","price":"1","volume":"1","turnover":"1","trade_direction":1}}',
  })

  async function read(lines: string | Buffer): Promise<MarketEvent[]> {
    const folder = join(dir, `raw-${++files}`)
    mkdirSync(folder)
    writeFileSync(join(folder, 'alltick-2026-11-20-1795140000000-1.ndjson.gz'), gzipSync(lines))
    return collect(openRaw(folder, { sessions }))
  }

  it.each(HOSTILE_VALUES)('with %s anywhere is read around it', async (_, value) => {
    const lines = [value, `{"at":${value},"text":"x"}`, `{"at":1,"text":${value}}`, `{"at":1,"base64":${value}}`]
    const connections = [`{"connection":${value}}`, `{"connection":{"vendor":"alltick","depth":${value},"at":1}}`]
    const events = await read([begun, ...lines, ...connections, begun, trade, ''].join('\n'))
    expect(events.at(-1)).toMatchObject({ type: 'tick', symbol: '00700.HK' })
    expectSound(events)
  })

  it('claims no memory for a length that a line only names', async () => {
    const events = await read([begun, '{"at":1,"text":{"length":4000000000}}', trade, ''].join('\n'))
    expect(events).toMatchObject([{ type: 'tick' }])
  })

  it('is read up to a line longer than any frame', async () => {
    const events = await read(Buffer.concat([Buffer.from(`${begun}\n${trade}\n`), Buffer.alloc(100_000_000, 'x')]))
    expect(events).toMatchObject([{ type: 'tick' }, { type: 'status', detail: expect.stringContaining('longer than') }])
  })
})

describe('a file of settings', () => {
  it.each(HOSTILE_VALUES)('as a calendar with %s is refused, or has nothing of it', (_, value) => {
    for (const json of [
      value,
      `{"2028":${value}}`,
      `{"2028":{"closed":${value},"half":[]}}`,
      `{"__proto__":${value}}`,
    ]) {
      let refusal: unknown = { code: 'E_CONFIG' }
      try {
        calendarFrom(JSON.parse(json))
      } catch (error) {
        refusal = error
      }
      expect(refusal).toMatchObject({ code: 'E_CONFIG' })
    }
    expect(polluted()).toBe(false)
  })

  it.each(HOSTILE_TEXTS)('as adjustments with %s is refused', async (_, text) => {
    const cell = `"${text.replaceAll('"', '""')}"`
    for (const row of [`${cell},00700.HK,1`, `2026-11-20,${cell},1`, `2026-11-20,00700.HK,${cell}`]) {
      const path = file(`date,symbol,factor\n${row}\n`, 'csv')
      await expect(adjustmentsIn(path)).rejects.toMatchObject({ code: 'E_INPUT' })
    }
  })

  it.each([...HOSTILE_TEXTS, ...HOSTILE_VALUES])('has no symbol that is %s', (_, text) => {
    expect(() => parseSymbol(text.trim() === '' ? '-' : text)).toThrow(/^unknown symbol "[ -~]{0,40}": [^\n]{0,200}$/)
  })
})

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable, Writable } from 'node:stream'
import { constants, gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toJson } from '../../src/core/market/json.ts'
import { ndjsonInto, openNdjsonSink, openNdjsonSource } from '../../src/core/storage/ndjson.ts'
import { fromJson } from '../../src/core/storage/ndjson-record.ts'
import { Ordinals } from '../../src/core/storage/read-record.ts'
import { tick } from '../bars/market.ts'
import { anyEvent, anyTick, collect, sessions, temporaryDirectory } from './records.ts'

const dir = temporaryDirectory()
const options = { sessions }
const context = { sessions, source: 'ndjson', symbol: null, ordinals: new Ordinals() }

function file(name: string, content: string | Buffer): string {
  const path = join(dir, name)
  writeFileSync(path, content)
  return path
}

describe('lines of JSON', () => {
  test('any event comes back as it went', () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        expect(fromJson(toJson(event), context)).toEqual(event)
      }),
      { numRuns: 500 },
    )
  })

  test('a bar comes back as it went, an empty one without prices', () => {
    const bar = {
      type: 'bar',
      symbol: 'HSI',
      start: 1.7e12,
      end: 1.7e12 + 60_000,
      open: 1,
      high: 3,
      low: 1,
      close: 2,
    } as const
    const whole = {
      ...bar,
      volume: null,
      turnover: null,
      vwap: null,
      mean: 1.5,
      trades: 7,
      final: true,
      has_gap: true,
      revision: 2,
    }
    expect(fromJson(toJson(whole), context)).toEqual(whole)
    const { revision: _, ...empty } = { ...whole, open: NaN, high: NaN, low: NaN, close: NaN, trades: 0, mean: null }
    expect(toJson(empty)).toContain('"open":null')
    expect(fromJson(toJson(empty), context)).toEqual(empty)
  })

  test('what is no record is a rejected event with its line, other records of hkq are passed over', () => {
    for (const line of [
      '{"type":"tick"',
      '[]',
      '7',
      '{"type":"quote"}',
      '{"type":"gap","from":"x"}',
      '{"type":"bar"}',
    ]) {
      expect(fromJson(line, context), line).toMatchObject({ type: 'rejected', reason: 'malformed', raw: line })
    }
    expect(fromJson('{"type":"volatility","symbol":"HSI"}', context)).toBeNull()
    expect(fromJson('  ', context)).toBeNull()
  })

  test('a record without a type is a tick, its trade judged as any other', () => {
    const line = '{"symbol":"700","timestamp":"2023-08-15 14:30:25.123","last_price":-1,"volume":100}'
    expect(fromJson(line, context)).toMatchObject({ type: 'rejected', reason: 'price', symbol: '00700.HK', raw: line })
  })

  test('three trades of one millisecond without sequence numbers are three trades', async () => {
    const line = '{"symbol":"700","timestamp":"2023-08-15T14:30:25.123+08:00","last_price":330.2,"volume":100}\n'
    const ticks = await collect(await openNdjsonSource(file('thrice.ndjson', line.repeat(3)), options))
    expect(ticks.map((event) => event.type === 'tick' && event.seq)).toEqual([0, 1, 2])
  })
})

describe('a source of lines', () => {
  const ticks = Array.from({ length: 3_000 }, (_, i) => tick(1_692_063_000_000 + i, 330 + (i % 7) / 5))
  const text = ticks.map((one) => `${toJson(one)}\n`).join('')

  test('reads a file, gzip or not, with a last line that lacks its end', async () => {
    const plain = file('plain.ndjson', text.trimEnd())
    const packed = file('packed.ndjson', gzipSync(text))
    expect(await collect(await openNdjsonSource(plain, options))).toEqual(ticks)
    expect(await collect(await openNdjsonSource(packed, options))).toEqual(ticks)
  })

  test('reads a stream cut anywhere, even inside a character', async () => {
    const bytes = Buffer.from(`\ufeff${toJson(tick('10:00', 1, 1, { source: '騰訊' }))}\r\n`)
    const pieces = Readable.from(Array.from(bytes, (byte) => Buffer.from([byte])))
    const events = await collect(await openNdjsonSource({ name: '-', stream: pieces }, options))
    expect(events).toMatchObject([{ type: 'tick', source: '騰訊' }])
  })

  test('delivers each line as it arrives and ends quietly on the signal', async () => {
    const stream = new PassThrough()
    const stop = new AbortController()
    stream.write(`${toJson(ticks[0]!)}\n`)
    const source = await openNdjsonSource({ name: '-', stream }, { ...options, signal: stop.signal })
    const iterator = source[Symbol.asyncIterator]()
    expect((await iterator.next()).value).toEqual([ticks[0]])
    const silent = iterator.next()
    stop.abort()
    expect((await silent).done).toBe(true)
  })

  test('ends quietly on the signal in the middle of gzip', async () => {
    const half = gzipSync(text).subarray(0, 2_000)
    const there = gunzipSync(half, { finishFlush: constants.Z_SYNC_FLUSH }).toString().split('\n').length - 1
    const stream = new PassThrough()
    const stop = new AbortController()
    stream.write(half)
    const source = await openNdjsonSource({ name: '-', stream }, { ...options, signal: stop.signal })
    let seen = 0
    for await (const batch of source) {
      seen += batch.length
      if (seen === there) setImmediate(() => stop.abort())
    }
    expect(seen).toBe(there)
    expect(there).toBeGreaterThan(0)
  })

  test('a record of a type that hkq does not write is a rejected event with its line, whatever its name', () => {
    for (const type of ['trade', 'constructor', 'toString', '__proto__', { toString: 1 }, 7]) {
      const line = JSON.stringify({ type: type as unknown, symbol: '700', timestamp: 1.7e12 })
      const rejected = { type: 'rejected', reason: 'malformed', raw: line, symbol: '00700.HK', timestamp: 1.7e12 }
      expect(fromJson(line, context), line).toMatchObject(rejected)
    }
  })

  test('records of hkq that are neither events nor bars are passed over', () => {
    for (const type of ['summary', 'volatility', 'backtest', 'health', 'description'])
      expect(fromJson(JSON.stringify({ type, symbol: '700' }), context), type).toBeNull()
  })

  test('has bars also where its first line is no record', async () => {
    const bar = { type: 'bar', symbol: 'HSI', start: 1, end: 2, open: 1, high: 1, low: 1, close: 1 }
    const lines = file('headed.ndjson', `{"type":"header"}\n${JSON.stringify(bar)}\n`)
    let bad = 0
    const source = await openNdjsonSource(lines, { ...options, onBadBar: () => void bad++ })
    expect(await collect(source.bars!({}))).toHaveLength(1)
    expect(bad).toBe(1)
  })

  test('its clock is the newest event', async () => {
    const source = await openNdjsonSource(file('clock.ndjson', text), options)
    expect(source.kind).toBe('recorded')
    await collect(source)
    expect(source.clock.now()).toBe(ticks.at(-1)!.timestamp)
  })

  test('has bars when it begins with one', async () => {
    const bar = {
      type: 'bar',
      symbol: 'HSI',
      start: 1,
      end: 2,
      open: 1,
      high: 1,
      low: 1,
      close: 1,
      final: true,
      has_gap: false,
    }
    const source = await openNdjsonSource(file('bars.ndjson', JSON.stringify(bar)), options)
    expect(await collect(source.bars!({}))).toMatchObject([{ symbol: 'HSI', close: 1, mean: null, trades: null }])
  })

  test('tells of a record among bars that can be none', async () => {
    const bar = { type: 'bar', symbol: 'HSI', start: 1, end: 2, open: 1, high: 1, low: 1, close: 1 }
    const lines = [bar, { ...bar, high: 0.5 }, { ...bar, close: 'x' }, { type: 'volatility' }]
    let bad = 0
    const path = file('bad-bars.ndjson', lines.map((line) => JSON.stringify(line)).join('\n'))
    const source = await openNdjsonSource(path, { ...options, onBadBar: () => void bad++ })
    expect(await collect(source.bars!({}))).toHaveLength(1)
    expect(bad).toBe(2)
  })

  test('a field that is named counts before one of hkq’s name, whichever comes first', () => {
    const renaming = new Map([['deal', 'last_price']])
    for (const line of [
      '{"symbol":"700","timestamp":1700000000000,"volume":1,"deal":330,"last_price":1}',
      '{"symbol":"700","timestamp":1700000000000,"volume":1,"last_price":1,"deal":330}',
    ])
      expect(fromJson(line, context, renaming), line).toMatchObject({ last_price: 330 })
  })

  test('takes symbols, times and foreign names as asked', async () => {
    const lines = file(
      'foreign.ndjson',
      '{"t":1692081025123,"c":"hk00700","p":"330.2","q":100}\n{"t":1692081026,"c":"5","p":60,"q":1}\n',
    )
    const columns = new Map(Object.entries({ timestamp: 't', symbol: 'c', last_price: 'p', volume: 'q' }))
    const events = await collect(
      await openNdjsonSource(lines, { ...options, columns, query: { symbols: ['00700.HK'] } }),
    )
    expect(events).toMatchObject([{ symbol: '00700.HK', timestamp: 1_692_081_025_123, last_price: 330.2, volume: 100 }])
  })

  test('a missing file, a directory and damaged gzip are errors that say so', async () => {
    await expect(openNdjsonSource(join(dir, 'none'), options)).rejects.toMatchObject({ code: 'E_STORAGE' })
    await expect(openNdjsonSource(dir, options)).rejects.toThrow('is a directory')
    const cut = file('cut.gz', gzipSync(text).subarray(0, 2_000))
    await expect(openNdjsonSource(cut, options).then(collect)).rejects.toMatchObject({ code: 'E_INPUT' })
  })

  test('a line that never ends is refused before it fills the memory', async () => {
    const endless = Readable.from(Array.from({ length: 40 }, () => Buffer.alloc(64 << 10, 'x')))
    await expect(openNdjsonSource({ name: '-', stream: endless }, options)).rejects.toMatchObject({ code: 'E_INPUT' })
  })
})

describe('a sink of lines', () => {
  test('appends to its file, packed when the name says so', async () => {
    for (const name of ['out.ndjson', 'out.ndjson.gz']) {
      const path = join(dir, 'new', name)
      const events = fc.sample(anyTick, 20)
      for (const half of [events.slice(0, 10), events.slice(10)]) {
        const sink = await openNdjsonSink(path)
        expect(await sink.write(half)).toEqual({ stored: 10, duplicates: 0 })
        await sink.close()
      }
      expect(await collect(await openNdjsonSource(path, options))).toEqual(events)
    }
  })

  test('3 MiB into a slow pipe arrive whole, and never pile up', async () => {
    let arrived = ''
    const slow = new Writable({
      highWaterMark: 1_024,
      write(chunk, _, done) {
        arrived += chunk
        setImmediate(done)
      },
    })
    const sink = ndjsonInto(slow)
    const batch = Array.from({ length: 100 }, (_, i) => tick('10:00', 330 + i))
    let expected = ''
    while (expected.length < 3 << 20) {
      await sink.write(batch)
      expect(slow.writableLength).toBe(0)
      expected += batch.map((one) => `${toJson(one)}\n`).join('')
    }
    expect(arrived).toBe(expected)
  })

  test('a reader that has gone ends it quietly, a full disk does not', async () => {
    const failing = (code: string) =>
      new Writable({ write: (_chunk, _, done) => done(Object.assign(new Error(code), { code })) })
    let gone = 0
    const sink = ndjsonInto(failing('EPIPE'), () => gone++)
    expect(await sink.write([tick('10:00', 1)])).toEqual({ stored: 0, duplicates: 0 })
    expect(await sink.write([tick('10:00', 1)])).toEqual({ stored: 0, duplicates: 0 })
    expect(gone).toBe(1)
    await expect(ndjsonInto(failing('ENOSPC')).write([tick('10:00', 1)])).rejects.toMatchObject({ code: 'E_STORAGE' })
  })

  test('a place where nothing can be written is known at opening', async () => {
    const blocker = file('blocker', '')
    await expect(openNdjsonSink(join(blocker, 'x.ndjson'))).rejects.toMatchObject({ code: 'E_STORAGE' })
    expect(readFileSync(blocker, 'utf8')).toBe('')
  })
})

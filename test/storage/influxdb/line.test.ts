import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { answerIn, seqIn } from '../../../src/core/storage/influxdb/answer.ts'
import { Fields, restored, series, stored } from '../../../src/core/storage/influxdb/line.ts'
import { targetOf } from '../../../src/core/storage/influxdb/target.ts'

const TARGET = targetOf('influxdb://host/market', 'shown', { tls: false })

function reply(values: string): string {
  return `{"results":[{"statement_id":0,"series":[{"name":"ticks","columns":["time","v"],"values":[${values}]}]}]}`
}

describe('an answer of InfluxDB', () => {
  it('keeps whole numbers beyond 2^53, and texts and fractions as they are', () => {
    const values =
      '[1795140000000,9223372036854775807,-9007199254740993,0.0000010000000000000002,",12345678901234567890,",null]'
    expect(answerIn(TARGET, reply(values)).rows).toEqual([
      [
        1795140000000,
        '9223372036854775807',
        '-9007199254740993',
        0.0000010000000000000002,
        ',12345678901234567890,',
        null,
      ],
    ])
  })

  it('gives back any 64-bit number and any double', () => {
    const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    const text = fc.string({ unit: 'grapheme' })
    fc.assert(
      fc.property(int64, fc.double({ noNaN: true, noDefaultInfinity: true }), text, (whole, double, words) => {
        const [row] = answerIn(TARGET, reply(`[${whole},${JSON.stringify(double)},${JSON.stringify(words)}]`)).rows
        expect(BigInt(seqIn(row![0]))).toBe(whole)
        expect(Number(row![1])).toBe(Object.is(double, -0) ? 0 : double)
        expect(row![2]).toBe(words)
      }),
    )
  })

  it('that is none is told, not taken for an empty one', () => {
    for (const text of ['', '<html>', '[]', 'null', '{"results":[{"error":"boom"}]}', '{"error":"boom"}'])
      expect(() => answerIn(TARGET, text)).toThrow(/boom|no answer of InfluxDB/)
  })

  it('that the server cut says so', () => {
    const text = reply('[1,2]').replace('"values"', '"partial":true,"values"')
    expect(answerIn(TARGET, text).isPartial).toBe(true)
    expect(answerIn(TARGET, reply('[1,2]')).isPartial).toBe(false)
  })
})

describe('a line of the line protocol', () => {
  it('leaves out what is null or no number of InfluxDB, and rounds what must be whole', () => {
    const fields = new Fields()
      .float('a', null)
      .float('b', Number.POSITIVE_INFINITY)
      .integer('c', 1.5)
      .text('d', 'x"\\')
    expect(fields.at(series('m', { tag: 'a b', none: null }), '1')).toBe('m,tag=a\\ b c=2i,d="x\\"\\\\" 1')
  })

  it('is none without a field', () => {
    expect(() => new Fields().float('a', Number.NaN).at('m', '0')).toThrow(TypeError)
  })

  it('carries any name as a tag', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        expect(stored(name)).not.toMatch(/[\n\r\\]/)
        expect(restored(stored(name))).toBe(name)
      }),
    )
  })
})

describe('an address of InfluxDB', () => {
  it('names host, port, database, user and password', () => {
    expect(targetOf('influxdb://desk:p%40ss%2F@db.example:9999/hk%20market', 'shown', { tls: true })).toEqual({
      ...{ version: 1, url: 'https://db.example:9999', database: 'hk market', user: 'desk', password: 'p@ss/' },
    })
    expect(targetOf('influxdb://[::1]/market', 'shown', { tls: false }).url).toBe('http://[::1]:8086')
  })

  it('with an organisation is a bucket, which takes no user', () => {
    expect(targetOf('influxdb://host/market', 'shown', { tls: false, org: 'desk' })).toEqual({
      ...{ version: 2, url: 'http://host:8086', database: 'market', org: 'desk' },
    })
    expect(() => targetOf('influxdb://u:p@host/market', 'shown', { tls: false, org: 'desk' })).toThrow(/takes a token/)
    expect(() => targetOf('influxdb://host/market', 'shown', { tls: false, org: '' })).toThrow(/name the organisation/)
  })
})

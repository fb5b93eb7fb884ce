import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { longIntegers, parseExact, RawText, wireNumber, wireSeq, wireTime } from '../../src/core/connection/wire.ts'

describe('numbers of the wire', () => {
  it.each([
    [5, 5],
    ['5', 5],
    ['513.500', 513.5],
    ['-1', -1],
    ['1e3', 1000],
    ['.5', 0.5],
  ])('%j is %d', (sent, number) => {
    expect(wireNumber(sent)).toBe(number)
  })

  it.each(['', ' ', ' 5', '5 ', 'abc', '0x10', '1,000', 'Infinity', 'NaN', null, undefined, true, [], {}, ['5']])(
    '%j is none',
    (sent) => {
      expect(wireNumber(sent)).toBeNaN()
    },
  )
})

describe('times of the wire', () => {
  const MS = 1_782_180_164_123

  it('are told apart by magnitude, as numbers and as strings', () => {
    const forms = [MS, MS * 1_000 + 999, String(MS), `${MS}999`, `${MS}999999`]
    for (const form of forms) expect(wireTime(form)).toBe(MS)
    for (const form of [1_782_180_164, '1782180164']) expect(wireTime(form)).toBe(1_782_180_164_000)
    expect(wireTime('1782180164.123')).toBe(MS)
  })

  it('keep their millisecond in every unit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1e11, max: 4e12 }), (ms) => {
        for (const unit of ['', '000', '999', '000000', '999999']) expect(wireTime(`${ms}${unit}`)).toBe(ms)
        expect(wireTime((ms - (ms % 1_000)) / 1_000)).toBe(ms - (ms % 1_000))
      }),
    )
  })

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, '1e400', '9'.repeat(40), 'soon', null, undefined])(
    '%j is none',
    (sent) => {
      expect(wireTime(sent)).toBeNaN()
    },
  )
})

describe('sequence numbers of the wire', () => {
  it('are exact up to 63 bits and beyond that none', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n }), (value) => {
        const seq = wireSeq(String(value))
        expect(seq === null ? null : BigInt(seq)).toBe(value < 2n ** 63n ? value : null)
        if (seq !== null) expect(typeof seq).toBe(value <= Number.MAX_SAFE_INTEGER ? 'number' : 'bigint')
      }),
    )
  })

  it.each([-1, 1.5, '', '-1', '1.0', 'x', null, undefined, 2 ** 60])('%j is none', (sent) => {
    expect(wireSeq(sent)).toBeNull()
  })
})

describe('JSON with long integers', () => {
  const LONG = longIntegers('seq')

  it('keeps every digit of the named keys and changes nothing else', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n }), fc.json(), fc.string(), (seq, other, text) => {
        const json = `{"other":${other},"text":${JSON.stringify(text)},"seq" : ${seq} }`
        const expected = { other: JSON.parse(other), text, seq: String(seq).length >= 16 ? String(seq) : Number(seq) }
        if (/"seq"/.test(other)) return
        expect(parseExact(json, LONG)).toEqual(expected)
      }),
    )
  })

  it('is not fooled by texts that look like a key', () => {
    const value = { a: '"seq":12345678901234567890,', 'x"seq': 1, seq: 7 }
    expect(parseExact(JSON.stringify(value), LONG)).toEqual(value)
  })

  it('is undefined when it is not JSON', () => {
    for (const text of ['', '{', '{"seq":12345678901234567', 'ping']) expect(parseExact(text, LONG)).toBeUndefined()
  })
})

describe('the raw text of a frame', () => {
  it('is without secrets before anybody cuts it', () => {
    const raw = new RawText((text) => text.replaceAll('secret', '***'))
    raw.set(Buffer.from(`${'x'.repeat(4_093)}secret`))
    expect(raw.toString()).not.toContain('sec')
  })
})

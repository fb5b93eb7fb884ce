import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HkqError } from '../../src/core/errors.ts'
import { canonicalSymbol, isIndex, isStructured, parseSymbol, toPadded, toShort } from '../../src/core/market/symbol.ts'

const SPELLINGS: readonly (readonly [canonical: string, spellings: readonly string[]])[] = [
  [
    '00700.HK',
    // command line, exchange, AllTick and Longbridge, Infoway and tutorial, Yahoo, Futu, iTick, Sina and Tencent, cashtag
    [
      '00700.HK',
      '700.HK',
      '0700.HK',
      'HK.00700',
      'hk00700',
      '700',
      '00700',
      '700$HK',
      '700$hk',
      'rt_hk00700',
      '$700',
      ' 700.hk ',
    ],
  ],
  ['00001.HK', ['1', '1.HK', '00001', 'HK.00001']],
  ['80700.HK', ['80700', '80700.HK', 'HK.80700', '80700$HK']],
  ['HSI', ['HSI', 'hsi', 'HSI.HK', 'HK.800000', '^HSI', 'rt_hkHSI', 'HSI$HK', 'hkHSI']],
  ['HSCEI', ['HSCEI', 'HSCEI.HK', 'HK.800100', '^HSCE', 'rt_hkHSCEI']],
  ['HSTECH', ['HSTECH', 'HSTECH.HK', 'HK.800700', 'rt_hkHSTECH']],
]

describe('a symbol', () => {
  for (const [canonical, spellings] of SPELLINGS) {
    it.each(spellings)(`${canonical} is also written %s`, (text) => {
      expect(parseSymbol(text)).toBe(canonical)
    })
  }

  it.each([
    ['00700.HK', '700.HK', '00700.HK'],
    ['09988.HK', '9988.HK', '09988.HK'],
    ['80700.HK', '80700.HK', '80700.HK'],
    ['HSI', 'HSI.HK', 'HSI.HK'],
    ['HSTECH', 'HSTECH.HK', 'HSTECH.HK'],
  ])('%s goes to AllTick and Longbridge as %s and to Infoway as %s', (canonical, short, padded) => {
    expect(toShort(canonical)).toBe(short)
    expect(toPadded(canonical)).toBe(padded)
  })

  it('comes back from every vendor as it went there', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 99_999 }), (code) => {
        const symbol = parseSymbol(String(code))
        expect(parseSymbol(toShort(symbol))).toBe(symbol)
        expect(parseSymbol(toPadded(symbol))).toBe(symbol)
        expect(parseSymbol(`HK.${String(code).padStart(5, '0')}`)).toBe(symbol)
      }),
    )
  })

  it('keeps dual counters apart', () => {
    expect(parseSymbol('80700')).not.toBe(parseSymbol('700'))
  })

  it.each([
    '',
    '0',
    '00000.HK',
    '123456',
    '000700',
    '700.US',
    '70.HKX',
    'AAPL.US',
    'HSIX',
    '-1',
    '7 00',
    'HK.800001',
    '7e2',
    '__proto__',
  ])('is not "%s"', (text) => {
    expect(canonicalSymbol(text)).toBeNull()
  })

  it.each([
    ['70.HKX', 'unknown symbol "70.HKX": did you mean 00070.HK?'],
    ['700.US', 'unknown symbol "700.US": did you mean 00700.HK?'],
    ['TENCENT', 'unknown symbol "TENCENT": use digits and .HK, e.g. 00700.HK, or an index: HSI, HSCEI, HSTECH'],
    ['\u001b[31m7', 'unknown symbol "?[31m7": did you mean 00031.HK?'],
  ])('that is wrong, as %j, is refused with a suggestion and no control character', (text, message) => {
    expect(() => parseSymbol(text)).toThrow(new HkqError('E_SYMBOL', message))
  })

  it('tells indices and structured products by its form', () => {
    expect(['HSI', 'HSCEI', '00700.HK'].map(isIndex)).toEqual([true, true, false])
    expect(['12345.HK', '28888.HK', '54321.HK', '67890.HK'].map(isStructured)).toEqual([true, true, true, true])
    expect(['00700.HK', '80700.HK', '09988.HK', '01299.HK', 'HSI'].map(isStructured)).toEqual(Array(5).fill(false))
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { endOf, literal } from '../../../src/core/connection/vendors/alltick/literal.ts'

const BEFORE = 'xyz'
const viewOf = (text: string): DataView => {
  const bytes = Buffer.from(text, 'latin1')
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

describe('a literal', () => {
  it('ends where the same text ends, whatever its length and whatever follows', () => {
    const text = fc.stringMatching(/^[ -~]{1,20}$/)
    fc.assert(
      fc.property(text, fc.string({ maxLength: 8 }), (expected, rest) => {
        expect(endOf(viewOf(BEFORE + expected + rest), 3, literal(expected))).toBe(3 + expected.length)
      }),
    )
  })

  it('is not where one byte differs, nor where the bytes end too soon', () => {
    const text = fc.stringMatching(/^[ -~]{1,20}$/)
    fc.assert(
      fc.property(text, fc.nat(), fc.integer({ min: 1, max: 255 }), (expected, place, change) => {
        const bytes = Buffer.from(BEFORE + expected, 'latin1')
        const at = 3 + (place % expected.length)
        bytes[at] = bytes[at]! ^ change
        expect(endOf(viewOf(bytes.toString('latin1')), 3, literal(expected))).toBe(-1)
        expect(endOf(viewOf((BEFORE + expected).slice(0, at)), 3, literal(expected))).toBe(-1)
      }),
    )
  })
})

import { expect, it } from 'vitest'
import { hangUpOf } from '../../src/commands/_hang-up.ts'
import { parseAddress } from '../../src/core/address/address.ts'
import type { Source } from '../../src/core/pipeline/source.ts'

function over(from: readonly string[], source: Partial<Source>): string {
  const addresses = from.map((text) => parseAddress(text, 'source'))
  return hangUpOf({ kind: 'live', ...source } as Source, addresses)
}

it('a vendor\u2019s losses are its clients\u2019 too; all else that is live has gaps', () => {
  expect(over(['alltick:'], {})).toBe('losses')
  expect(over(['infoway:'], { connections: () => 2 })).toBe('losses')
  expect(over(['alltick:', 'infoway:'], {})).toBe('gaps')
  expect(over(['nats://127.0.0.1:4222/ticks'], {})).toBe('gaps')
  expect(over(['sim:'], { kind: 'simulated' })).toBe('nothing')
  expect(over(['a.db'], { kind: 'recorded' })).toBe('nothing')
})

import { expect, it } from 'vitest'
import { hangUpOf } from '../../src/commands/_hang-up.ts'
import { parseAddress } from '../../src/core/address/address.ts'
import type { Source } from '../../src/core/pipeline/source.ts'

function over(from: readonly string[], source: Partial<Source>): string {
  const addresses = from.map((text) => parseAddress(text, 'source'))
  return hangUpOf({ kind: 'live', ...source } as Source, addresses)
}

it('the loss of a vendor\u2019s only connection is one of every client; all else that is live has gaps', () => {
  expect(over(['alltick:'], {})).toBe('losses')
  expect(over(['infoway:'], { connections: () => 1 })).toBe('losses')
  expect(over(['alltick:'], { connections: () => 2 })).toBe('gaps')
  expect(over(['alltick:', 'infoway:'], {})).toBe('gaps')
  expect(over(['nats://127.0.0.1:4222/ticks'], {})).toBe('gaps')
  expect(over(['sim:'], { kind: 'simulated' })).toBe('nothing')
  expect(over(['a.db'], { kind: 'recorded' })).toBe('nothing')
})

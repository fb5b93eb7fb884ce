import { describe, expect, it } from 'vitest'
import { Ordinals } from '../../src/core/connection/ordinal.ts'

describe('ordinals', () => {
  it('count the trades of one symbol and millisecond, whatever comes between', () => {
    const ordinals = new Ordinals()
    const asked = [
      ['A', 1],
      ['A', 1],
      ['B', 1],
      ['A', 2],
      ['A', 1],
      ['B', 1],
    ] as const
    expect(asked.map(([symbol, time]) => ordinals.next(symbol, time))).toEqual([0, 1, 0, 0, 2, 1])
  })

  it('are remembered for at least the last minute while time goes on', () => {
    const ordinals = new Ordinals()
    for (let i = 0; i < 20_000; i++) {
      expect(ordinals.next('A', i * 50)).toBe(0)
      if (i >= 1_000) expect(ordinals.next('A', (i - 1_000) * 50)).toBe(1)
    }
  })
})

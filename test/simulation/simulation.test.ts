import { describe, expect, it } from 'vitest'
import { simulate } from './simulate.ts'

describe('a simulated trading day', () => {
  it('is the same to the last event for the same seed, and another for another', async () => {
    const [one, again, other] = [await simulate({ seed: 1 }), await simulate({ seed: 1 }), await simulate({ seed: 2 })]
    expect(again.hash).toBe(one.hash)
    expect(other.hash).not.toBe(one.hash)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { alignmentOf } from '../../src/core/side-by-side/alignment.ts'
import type { Waiting } from '../../src/core/side-by-side/pairing.ts'
import type { Told } from '../../src/core/side-by-side/told.ts'
import { tick } from '../storage/sample.ts'

/** Trades at times of their own: `kind` is what makes them alike. */
const tape = (kinds: string, times = [...kinds].map((_, i) => i)): Waiting[] =>
  [...kinds].map((kind, i) => ({
    tick: tick({ timestamp: times[i]!, trade_type: kind }),
    at: times[i]!,
    given: false,
    place: i,
  }))

const kindOf = (told: Told): string => (told.type === 'tick' ? told.trade_type! : '')
const within = (most: number) => ({
  key: kindOf,
  distance: (a: Waiting, b: Waiting) => {
    const apart = Math.abs(b.at - a.at)
    return apart > most ? Number.POSITIVE_INFINITY : apart
  },
})
const places = (first: Waiting[], second: Waiting[], most = 1_000): [number, number][] =>
  alignmentOf(first, second, within(most), 0).map(([a, b]) => [first.indexOf(a), second.indexOf(b)])

describe('two tapes of one market', () => {
  it('meet by the order of their trades, though nearer likes are there', () => {
    expect(places(tape('xax', [0, 10, 40]), tape('ax', [1, 3]))).toEqual([
      [1, 0],
      [2, 1],
    ])
  })

  it('meet in the nearest of likes where the order leaves that open', () => {
    expect(places(tape('xxx', [0, 10, 20]), tape('x', [9]))).toEqual([[1, 0]])
  })

  it('do not meet where the distance forbids it, nor crosswise', () => {
    expect(places(tape('ab', [0, 10]), tape('ab', [100, 110]), 50)).toEqual([])
    expect(places(tape('ab'), tape('ba'))).toHaveLength(1)
    expect(places([], tape('a'))).toEqual([])
  })

  it('meet in all that both told, wherever each begins and ends and however few kinds there are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 60, maxLength: 60 }),
        fc.nat(9),
        fc.nat(9),
        fc.constantFrom(0, 1.5),
        (kinds, left, right, loss) => {
          const all = tape(
            kinds.join(''),
            [...kinds.keys()].map((i) => i * i),
          )
          const [first, second] = [all.slice(left), all.slice(0, 60 - right)].map((part) =>
            part.map((own) => ({ ...own })),
          )
          const common = all.slice(left, 60 - right).map(({ at }) => [at, at])
          expect(alignmentOf(first!, second!, within(0), loss).map(([a, b]) => [a.at, b.at])).toEqual(common)
          expect(alignmentOf(first!, second!, within(1e9), loss).length).toBeGreaterThanOrEqual(common.length)
        },
      ),
    )
  })
})

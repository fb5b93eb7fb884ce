import { describe, expect, it } from 'vitest'
import { audit, expectExact, type Recorded, type StoredGap } from '../support/coverage-equation.ts'
import { isTrade, priceOf, Tape, volumeOf } from '../support/tape.ts'

const SYMBOL = '00700.HK'

/** 200 numbers, one each 10 ms. */
function tape(): Tape {
  const made = new Tape([SYMBOL])
  for (let number = 1; number <= 200; number++) made.publish(number * 10)
  return made
}

const tick = (number: number) => {
  return { symbol: SYMBOL, number, time: number * 10, price: priceOf(number), volume: volumeOf(number) }
}

/** A store that has all numbers but those. */
function without(lost: readonly number[], gaps: readonly Partial<StoredGap>[] = []): Recorded {
  const numbers = Array.from({ length: 200 }, (_, i) => i + 1).filter((number) => !lost.includes(number))
  return {
    ticks: numbers.filter(isTrade).map(tick),
    quarantined: numbers.filter((number) => !isTrade(number)).map((number) => ({ symbol: SYMBOL, number })),
    gaps: gaps.map((gap) => ({ symbol: SYMBOL, from: 0, to: 0, cause: 'disconnect', ...gap })),
  }
}

describe('the coverage equation', () => {
  it('holds where every number is stored, quarantined or listed', () => {
    const result = audit(tape(), without([50, 51], [{ from: 490, to: 520 }]))
    expect(result).toMatchObject({ sent: 200, stored: 196, quarantined: 2, listed: 2, empty: [], wide: [] })
    expectExact(result)
  })

  it('names the numbers that are nowhere, though the counts could agree', () => {
    const recorded = without([50, 51, 120], [{ from: 490, to: 500 }])
    const result = audit(tape(), recorded)
    expect(result.missing).toEqual([
      '00700.HK 51..51, exchange time 510..510',
      '00700.HK 120..120, exchange time 1200..1200',
    ])
    const evened = audit(tape(), { ...recorded, ticks: [...recorded.ticks, tick(10), tick(11)] })
    expect(() => expectExact(evened)).toThrow()
  })

  it('says to which connection a missing number was handed', () => {
    const { missing } = audit(tape(), without([50]), (_, number) => (number === 50 ? [0, 2] : []))
    expect(missing).toEqual(['00700.HK 50..50, exchange time 500..500, the first handed to connection 0 and 2'])
  })

  it('does not take the gap of another symbol, nor one next to the loss', () => {
    const gaps = [{ symbol: '00005.HK', from: 0, to: 9_000 }, { from: 1_010 }, { from: 0, to: 999 }]
    const both = new Tape([SYMBOL, '00005.HK'])
    for (let number = 1; number <= 200; number++) both.publish(number * 10, [SYMBOL])
    expect(audit(both, without([100], gaps)).missing).toEqual(['00700.HK 100..100, exchange time 1000..1000'])
    expect(audit(both, without([100], [{ symbol: null, from: 0, to: 9_000 }])).missing).toEqual([])
  })

  it('finds numbers that are stored twice, under whatever time or key', () => {
    const recorded = without([])
    expect(audit(tape(), { ...recorded, ticks: [...recorded.ticks, tick(7)] }).doubled).toEqual(['00700.HK 7'])
    const later = { ...tick(7), time: 75 }
    expect(audit(tape(), { ...recorded, ticks: [...recorded.ticks, later] }).foreign).toEqual(['00700.HK 7 at 75'])
    const quarantined = [...recorded.quarantined, { symbol: SYMBOL, number: 97 }]
    expect(audit(tape(), { ...recorded, quarantined }).doubled).toEqual(['00700.HK 97 quarantined'])
  })

  it('finds rows that are not of the tape', () => {
    const recorded = without([])
    const strange = [{ ...tick(8), price: 1 }, { ...tick(9), volume: 1 }, tick(201), tick(97)]
    const { foreign } = audit(tape(), { ...recorded, ticks: [...recorded.ticks, ...strange] })
    expect(foreign).toEqual(['00700.HK 8 at 80', '00700.HK 9 at 90', '00700.HK 201 at 2010', '00700.HK 97 at 970'])
    const quarantined = [...recorded.quarantined, { symbol: SYMBOL, number: 5 }]
    expect(audit(tape(), { ...recorded, quarantined }).foreign).toEqual(['00700.HK 5 quarantined'])
  })

  it('tells gap rows in which nothing is lost, and those that could be narrower', () => {
    const gaps = [
      { from: 490, to: 510 },
      { from: 300, to: 310 },
      { from: 1_000, to: 1_050 },
    ]
    const result = audit(tape(), without([50, 102], gaps))
    expect(result.missing).toEqual([])
    expect(result.empty).toEqual(['00700.HK 300..310 disconnect: 0 lost, 0 kept inside'])
    expect(result.wide).toEqual(['00700.HK 1000..1050 disconnect: 1 lost, 3 kept inside'])
  })
})

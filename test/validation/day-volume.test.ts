import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Gap, MarketEvent, Tick } from '../../src/core/market/event.ts'
import { differenceDayVolume } from '../../src/core/validation/day-volume.ts'
import { at, tick } from './ticks.ts'

const gap = (symbol: string | null): Gap => ({
  type: 'gap',
  source: 'alltick',
  symbol,
  from: at('10:00'),
  to: at('10:05'),
  cause: 'disconnect',
  volume: null,
  filled_by: null,
})

async function differenced(...batches: MarketEvent[][]): Promise<MarketEvent[]> {
  async function* stream() {
    yield* batches
  }
  const out: MarketEvent[] = []
  for await (const batch of differenceDayVolume(stream())) out.push(...batch)
  return out
}

const volumes = (events: readonly MarketEvent[]) => events.flatMap((e) => (e.type === 'tick' ? [e.volume] : []))

describe("the day's running total", () => {
  it('becomes the size of each trade, with value and turnover to match', async () => {
    const out = await differenced([tick({ volume: 100 }), tick({ volume: 100 })], [tick({ volume: 400, turnover: 9 })])
    expect(volumes(out)).toEqual([100, 0, 300])
    expect(out[2]).toMatchObject({ value: 180_000, turnover: 180_000 })
  })

  it('is counted per symbol and day', async () => {
    const tomorrow = at('10:00') + 3 * 86_400_000
    const out = await differenced([
      tick({ volume: 100 }),
      tick({ volume: 7000, symbol: '00005.HK' }),
      tick({ volume: 250 }),
      tick({ volume: 50, timestamp: tomorrow }),
    ])
    expect(volumes(out)).toEqual([100, 7000, 150, 50])
    expect((out[3] as Tick).flags).toEqual([])
  })

  it('that falls starts anew, flagged', async () => {
    const out = await differenced([tick({ volume: 300 }), tick({ volume: 50 }), tick({ volume: 80 })])
    expect(volumes(out)).toEqual([300, 50, 30])
    expect(out.map((e) => (e as Tick).flags)).toEqual([[], ['suspect_time'], []])
  })

  it('gives what was traded in a gap to the gap, never to a tick', async () => {
    const out = await differenced(
      [tick({ volume: 300 })],
      [gap('00700.HK'), tick({ volume: 900 }), tick({ volume: 950 })],
    )
    expect(out[1]).toEqual({ ...gap('00700.HK'), volume: 600 })
    expect(volumes(out)).toEqual([300, 0, 50])
  })

  it('gives the gap the whole total when nothing was seen of that day before', async () => {
    const out = await differenced([gap('00700.HK'), tick({ volume: 900 }), tick({ volume: 950 })])
    expect(out[0]).toMatchObject({ volume: 900 })
    expect(volumes(out)).toEqual([0, 50])
    const tomorrow = at('10:00') + 3 * 86_400_000
    const later = await differenced([
      tick({ volume: 300 }),
      gap('00700.HK'),
      gap('00700.HK'),
      tick({ volume: 500, timestamp: tomorrow }),
    ])
    expect(later.map((event) => (event as Gap).volume)).toEqual([300, null, 500, 0])
  })

  it('after a gap of all symbols counts for none of the ticks that end it', async () => {
    const out = await differenced([
      tick({ volume: 300 }),
      tick({ volume: 500, symbol: '00005.HK' }),
      gap(null),
      tick({ volume: 900 }),
      tick({ volume: 800, symbol: '00005.HK' }),
      tick({ volume: 70, symbol: '00001.HK' }),
      tick({ volume: 910 }),
    ])
    expect(volumes(out)).toEqual([300, 500, 0, 0, 0, 10])
  })

  it('leaves an index alone', async () => {
    const value = tick({ symbol: 'HSI' })
    expect(await differenced([value])).toEqual([value])
  })

  it('adds up to itself', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 1e6 }), { minLength: 1 }), async (sizes) => {
        let total = 0
        const totals = sizes.map((size) => {
          total += size
          return tick({ volume: total })
        })
        expect(volumes(await differenced(totals))).toEqual(sizes)
      }),
    )
  })
})

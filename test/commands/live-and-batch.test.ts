import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openEnded } from '../../src/commands/_recorded.ts'
import { MINUTE } from '../../src/core/market/time.ts'
import { at, collect, gap, tick } from '../storage/sample.ts'
import { randomOf, sessionOf } from './live/session.ts'
import { jsonOf, lastWords, type Running, World } from './live/world.ts'

const GRID = { window: '10m', minHistory: 5, lookback: '2d', confirmVolume: 1.1 }
const RANGE = { estimator: 'parkinson', every: '5m', window: '15m', minHistory: 3 }

const cases = fc.record({
  seed: fc.nat(),
  settings: fc.constantFrom(GRID, RANGE),
  from: fc.constantFrom('follow', 'feed'),
})
/** Sessions played: HKQ_LIVE_RUNS=1000 for many. */
const runs = { numRuns: Number(process.env.HKQ_LIVE_RUNS ?? 60) }

/** Differences of two lists, for a failure that can be read. */
function difference(live: readonly string[], batch: readonly string[]) {
  const [a, b] = [new Set(live), new Set(batch)]
  return { live: live.filter((x) => !b.has(x)).slice(0, 3), batch: batch.filter((x) => !a.has(x)).slice(0, 3) }
}
const NONE = { live: [], batch: [] }
const COVERED = { type: 'coverage', source: 'alltick', symbol: null, symbols: ['00700.HK'] } as const

describe('the end of a run on a live feed', () => {
  test('closes nothing: of the hole that is open and of what was heard it says no more', async () => {
    const stop = new AbortController()
    const batch = [tick(), gap(), { ...COVERED, timestamp: at('10:01') }]
    const events = async function* () {
      yield batch
      stop.abort()
      yield batch
      yield [gap()]
    }
    expect(await collect(openEnded(events(), stop.signal))).toEqual([...batch, tick()])
  })
})

describe('live and batch', () => {
  test('give the same bars and the same volatility, whatever way the trades came and however often we began again', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ seed, settings, from }) => {
        const session = sessionOf(seed)
        const random = randomOf(~seed)
        const world = await World.of(session)
        const stops = [0, 1, 2, 3].map(() => Math.floor(0.9 * random() * session.pushes.length)).sort((a, b) => a - b)
        const liveBars = await world.bars(MINUTE, from)
        const ran: Running<never>[] = []
        let running: Awaited<ReturnType<World['volatility']>> | null = await world.volatility(settings, from)
        ran.push(running as never)
        await world.play(async (push) => {
          if (running !== null && push >= (stops[0] ?? Infinity)) {
            stops.shift()
            await running.stop()
            running = null
          } else if (running === null && random() < 0.5) {
            running = await world.volatility(settings, from, from === 'feed')
            ran.push(running as never)
          }
        })
        running ??= await world.volatility(settings, 'follow')
        ran.push(running as never)
        await Promise.all([running.stop(), liveBars.stop()])
        const bars = await world.bars(MINUTE, 'store')
        const batch = await world.volatility(settings, 'store')
        await Promise.all([bars.stop(), batch.stop()])
        await world.close()
        expect(difference(lastWords(liveBars.given), lastWords(bars.given))).toEqual(NONE)
        expect(difference(jsonOf(ran.flatMap(({ given }) => given)), jsonOf(batch.given))).toEqual(NONE)
      }),
      runs,
    )
  }, 600_000)
})

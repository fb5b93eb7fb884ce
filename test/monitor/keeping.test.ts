import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY } from '../../src/core/market/time.ts'
import { Keeper } from '../../src/core/monitor/keeper.ts'
import { type Metric, metricsOf, recordOf, recordsOf } from '../../src/core/monitor/metrics.ts'
import { type HealthRecord, machineAlone, NOTHING } from '../../src/core/monitor/record.ts'
import { REASONS, STATES } from '../../src/core/monitor/verdict.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { QUIET_MACHINE } from './facts.ts'

const NAMES = Object.keys(NOTHING) as (keyof HealthRecord)[]
const TEXTS = ['type', 'state', 'reasons', 'detail', 'source', 'store', 'rejected', 'flagged', 'symbols', 'timestamp']
const figure = fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }))
const counts = fc.dictionary(fc.constantFrom('price', 'malformed', 'odd_lot'), fc.nat())

/** Any record of a recorder, without the texts that a store does not keep. */
const anyRecord = fc
  .record({
    timestamp: fc.nat(2 ** 40),
    state: fc.constantFrom(...STATES),
    reasons: fc.subarray([...REASONS]),
    rejected: counts,
    flagged: counts,
    figures: fc.array(figure, { minLength: NAMES.length, maxLength: NAMES.length }),
  })
  .map(({ figures, ...more }): HealthRecord => {
    const numbers = NAMES.filter((name) => !TEXTS.includes(name)).map((name, i) => [name, figures[i]])
    const required = { cpus: 2, memory_used: 3, memory_limit: 4 }
    return { ...NOTHING, ...Object.fromEntries(numbers), ...required, ...more }
  })

describe('a record as numbers', () => {
  it('comes back as it was, but for texts and single symbols', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        expect(recordOf(metricsOf(record))).toEqual(record)
      }),
    )
  })

  it('of a machine alone comes back without a recorder', () => {
    const record = machineAlone(QUIET_MACHINE)
    expect(recordOf(metricsOf(record))).toEqual(record)
  })

  it('has the names of its fields, counts and reasons behind a point', () => {
    const record = { ...NOTHING, timestamp: 9, state: 'failing', reasons: ['silent'], rejected: { price: 2 } } as const
    const told = metricsOf({ ...record, queue_seconds: 0.5 })
    expect(told).toContainEqual({ time: 9, name: 'queue_seconds', value: 0.5 })
    expect(told).toContainEqual({ time: 9, name: 'rejected.price', value: 2 })
    expect(told).toContainEqual({ time: 9, name: 'reason.silent', value: 1 })
    expect(told).toContainEqual({ time: 9, name: 'state', value: 4 })
  })

  it('is told from the next by its time, wherever a store cuts its answer', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(anyRecord, { selector: (record) => record.timestamp }),
        fc.nat(5),
        async (records, n) => {
          const metrics = records.flatMap(metricsOf)
          async function* chunks() {
            for (let i = 0; i < metrics.length; i += n + 1) yield metrics.slice(i, i + n + 1)
          }
          const told: HealthRecord[] = []
          for await (const record of recordsOf(chunks())) told.push(record)
          expect(told).toEqual(records)
        },
      ),
      { numRuns: 20 },
    )
  })

  it('whose names another version wrote is read as far as it is known', () => {
    const told = [
      { time: 5, name: 'constructor', value: 1 },
      { time: 5, name: 'of_tomorrow', value: 1 },
      { time: 5, name: 'gaps', value: 3 },
      { time: 5, name: 'state', value: 77 },
    ]
    expect(recordOf(told)).toMatchObject({ timestamp: 5, gaps: 3, state: null })
  })
})

/** A keeper of a store that takes what it is given, says that it cannot, or fails. */
function keeping() {
  const clock = new ManualClock(100 * DAY)
  const store = { mood: 'takes' as 'takes' | 'cannot' | 'fails', taken: [] as Metric[], since: 0, most: 0 }
  const lines: string[] = []
  const keeper = new Keeper({
    clock,
    tell: (line) => lines.push(line),
    put: async (metrics, since) => {
      if (store.mood === 'fails') throw new Error('disk full')
      if (store.mood === 'cannot') return false
      store.taken.push(...metrics)
      store.most = Math.max(store.most, new Set(metrics.map(({ time }) => time)).size)
      store.since = since
      return true
    },
  })
  const sample = (timestamp: number): HealthRecord => ({ ...NOTHING, timestamp, state: 'ok' })
  const times = () => [...new Set(store.taken.map(({ time }) => time))]
  return { clock, store, lines, keeper, sample, times }
}

describe('a keeper', () => {
  it('keeps each record, and has those of more than 90 days forgotten', async () => {
    const { store, keeper, sample, times } = keeping()
    await keeper.keep([sample(1)])
    await keeper.keep([sample(2)])
    expect(times()).toEqual([1, 2])
    expect(store.since).toBe(10 * DAY)
  })

  it('holds what a store cannot take, and gives it in order once it can, a few at a time', async () => {
    const { store, lines, keeper, sample, times } = keeping()
    store.mood = 'cannot'
    for (let i = 1; i <= 100; i++) await keeper.keep([sample(i)])
    expect(times()).toEqual([])
    store.mood = 'takes'
    await keeper.keep([sample(101)])
    expect(times()).toEqual(Array.from({ length: 101 }, (_, i) => i + 1))
    expect(store.most).toBe(30)
    expect(lines).toEqual([])
  })

  it('holds those of eight hours at most, the latest', async () => {
    const { store, keeper, sample, times } = keeping()
    store.mood = 'cannot'
    for (let i = 1; i <= 500; i++) await keeper.keep([sample(i)])
    store.mood = 'takes'
    await keeper.keep([sample(501)])
    expect([times().length, times()[0]]).toEqual([480, 22])
  })

  it('says once that a store fails, and again only after it did well', async () => {
    const { store, lines, keeper, sample, times } = keeping()
    store.mood = 'fails'
    await keeper.keep([sample(1)])
    await keeper.keep([sample(2)])
    expect(lines).toEqual(['health is not stored for now: disk full'])
    store.mood = 'takes'
    await keeper.keep([sample(3)])
    expect(times()).toEqual([1, 2, 3])
    store.mood = 'fails'
    await keeper.keep([sample(4)])
    expect(lines).toHaveLength(2)
  })

  it('gives each record a time of its own: two recorders may answer in the same millisecond', async () => {
    const { keeper, sample, times } = keeping()
    await keeper.keep([sample(5), sample(5)])
    await keeper.keep([sample(5)])
    expect(times()).toEqual([5, 6, 7])
  })
})

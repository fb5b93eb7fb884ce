import { afterEach, describe, expect, it } from 'vitest'
import { MINUTE, parseTime } from '../../src/core/market/time.ts'
import { Random } from '../../src/core/simulator/random.ts'
import { expectExact, figuresOf, recordedIn } from '../support/coverage-equation.ts'
import { CrashDriver, type CrashPlan, type Moment, SYMBOLS } from './crash-driver.ts'

/** A Monday, in the morning session. */
const MORNING = parseTime('2026-11-23T10:00')
/** Crashes in all: HKQ_CRASHES=200 for the large run. */
const CRASHES = Number(process.env.HKQ_CRASHES ?? 16)
/** Those of a migration, a statement each. */
const MIGRATIONS = 8
/** Crashes that one store goes through. */
const LIFE = 40

/** The kinds of crash in turn, and how late one may come: ms, statements, commits, checkpoints. */
const MOMENTS: readonly (readonly [Moment, number])[] = [
  ['some time', 600],
  ['after insert', 600],
  ['checkpoint', 2],
  ['between statements', 2_000],
  ['before commit', 80],
  ['some time', 600],
  ['after commit', 80],
  ['between statements', 200],
]

/** Trades of each symbol that the server gives again: some holes are shorter than that, most are not. */
const PAST = 150

function* plans(count: number): Generator<CrashPlan> {
  const random = new Random(CRASHES)
  for (let i = 0; i < count; i++) {
    const [moment, latest] = MOMENTS[i % MOMENTS.length]!
    yield { moment, count: 1 + random.below(latest) }
  }
}

let driver: CrashDriver
afterEach(() => driver.close())

/** A crash as planned; in a checkpoint only if SQLite's own account of it says so. */
async function crash(plan: CrashPlan) {
  for (;;) {
    const left = await driver.crash(plan)
    if (plan.moment !== 'checkpoint' || left.inCheckpoint) return left
  }
}

describe('a recorder at 2,000 ticks a second, killed at any moment, time and again', () => {
  const all = [...plans(CRASHES - MIGRATIONS)]
  const lives = Array.from({ length: Math.ceil(all.length / LIFE) }, (_, i) => all.slice(i * LIFE, (i + 1) * LIFE))
  it.each(lives.map((life, i) => [i + 1, life] as const))(
    'loses nothing it acknowledged, doubles nothing, and writes each hole down (store %i)',
    async (_, life) => {
      driver = await CrashDriver.open(MORNING, PAST)
      // so many that the first run has begun late, however fast it starts
      for (let number = 0; number <= PAST; number++) driver.tape.publish(MORNING)
      driver.trade(2_000)
      let commits = 0
      for (const plan of life) commits += (await crash(plan)).commits
      expect(await driver.finish(), 'holes in a session').toBe(3)
      const { empty, ...result } = driver.audit()
      expectExact({ ...result, empty })
      expect(result.wide).toEqual([])
      // where the first trade given again is the very next one, nobody can know that nothing lies between
      expect(empty.filter((row) => !row.endsWith(': 0 lost, 0 kept inside'))).toEqual([])
      if (process.env.HKQ_CRASHES)
        process.stdout.write(`${life.length} crashes, ${commits} commits, ${figuresOf({ ...result, empty })}\n`)
    },
    LIFE * 5_000,
  )
})

describe('a recorder that is killed while it brings an older store to the newest schema', () => {
  it('leaves the old schema or the new one, whole, and goes on with all that was there', async () => {
    driver = await CrashDriver.open(MORNING)
    const old = driver.makeOldStore()
    driver.trade(500)
    const schemas: string[] = []
    for (let count = 1; schemas.at(-1) === old || count <= MIGRATIONS; count++)
      schemas.push((await driver.crash({ moment: 'migration', count })).schema)
    const untouched = schemas.filter((schema) => schema === old).length
    expect(untouched).toBeGreaterThanOrEqual(MIGRATIONS - 2)
    expect(new Set(schemas.slice(untouched)).size, 'nothing between old and new').toBe(1)
    await driver.finish()
    const result = driver.audit()
    expectExact(result)
    expect(result).toMatchObject({ empty: [], wide: [] })
  })
})

describe('a recorder that is dead at 14:00 and started again next morning', () => {
  it('writes the holes of both sessions down, and no night', async () => {
    driver = await CrashDriver.open(parseTime('2026-11-23T13:59:59'))
    driver.trade(200)
    await driver.crash({ moment: 'some time', count: 1_500 })
    await driver.halt()
    for (const [from, to] of [
      ['2026-11-23T14:01', '2026-11-23T16:00'],
      ['2026-11-23T16:08', '2026-11-23T16:10'],
      ['2026-11-24T09:20', '2026-11-24T10:00'],
    ] as const) {
      for (let time = parseTime(from); time < parseTime(to); time += MINUTE) driver.tape.publish(time)
    }
    driver.clock.set(parseTime('2026-11-24T10:00'))
    driver.trade(200)
    await driver.finish()
    const recorded = recordedIn(driver.path)
    const result = driver.audit()
    expectExact(result)
    expect(result).toMatchObject({ empty: [], wide: [] })
    for (const symbol of SYMBOLS) {
      const holes = recorded.gaps.filter((gap) => gap.symbol === symbol && gap.cause === 'restart')
      expect(holes).toEqual([
        { symbol, cause: 'restart', from: expect.any(Number), to: parseTime('2026-11-23T16:10') },
        { symbol, cause: 'restart', from: parseTime('2026-11-24T09:20'), to: expect.any(Number) },
      ])
      expect(holes[0]!.from).toBeGreaterThan(parseTime('2026-11-23T14:00'))
      expect(holes[1]!.to).toBeGreaterThan(parseTime('2026-11-24T10:00'))
    }
  })
})

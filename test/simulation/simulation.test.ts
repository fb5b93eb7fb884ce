import { describe, expect, it } from 'vitest'
import { Dice } from './dice.ts'
import { FAULTS, type FaultKind } from './faults.ts'
import { type Outcome, simulate } from './simulate.ts'

/** Seeds that failed once. */
const SEEDS_THAT_FAILED: readonly (readonly [seed: number, found: string])[] = [
  [137, 'a hole before the first tick of a run began where it was noticed, not where the line fell silent'],
  [
    728,
    'a connection made while the vendor was mute was kept for ten minutes though the vendor told what did not come',
  ],
  [915, 'a machine that woke connected again within the floor of the vendor'],
  [992, 'half a minute without a trade of any symbol was taken for a mute feed, though the vendor could be asked'],
  [889, 'a symbol that had not traded yet was unknown to the run after a power cut'],
]

/** What failed once: a fault about the close of the morning, and how the program ended soon after it. */
const ENDS_THAT_FAILED: readonly (readonly [seed: number, fault: FaultKind, end: FaultKind, found: string])[] = [
  [25, 'slow', 'sigterm', 'the end of a run covered what was still under way'],
  [45, 'slow', 'sigterm', 'the end of a run covered what was still under way'],
  [10, 'slowdisk', 'sigterm', 'data held back for seconds was told as coverage up to now'],
  [11, 'slowdisk', 'sigterm', 'data held back for seconds was told as coverage up to now'],
]

const SEEDS = Number(process.env.HKQ_SIM_SEEDS ?? 20)

/** How a failure is told: the rule, what came before it, and how to see it again. */
function story({ seed, broken, journal }: Outcome): string {
  const lines = [...broken.slice(0, 5), ...journal.slice(-20).map((line) => line.slice(0, 300))]
  return [`seed ${seed}`, ...lines, `again: npm run sim -- --seed ${seed}`].join('\n')
}

describe('a simulated trading day', () => {
  it('without a fault has no gap, no second connection, and stores every trade', async () => {
    const calm = await simulate({ seed: 3, faults: () => [] })
    expect(calm.broken, story(calm)).toEqual([])
    expect(calm).toMatchObject({ gaps: 0, runs: 1, connects: 1 })
    expect(calm.stored + calm.quarantined).toBe(calm.trades)
  })

  it('is the same to the last event for the same seed, and another for another', async () => {
    const [one, again, other] = [await simulate({ seed: 1 }), await simulate({ seed: 1 }), await simulate({ seed: 2 })]
    expect(again.hash).toBe(one.hash)
    expect(other.hash).not.toBe(one.hash)
  })

  it.each(Array.from({ length: SEEDS }, (_, i) => i + 1))(
    'of seed %i accounts for every trade: stored, quarantined or in a gap',
    async (seed) => {
      const outcome = await simulate({ seed })
      expect(outcome.broken, story(outcome)).toEqual([])
    },
  )

  it.each(SEEDS_THAT_FAILED)('of seed %i: %s', async (seed) => {
    const outcome = await simulate({ seed })
    expect(outcome.broken, story(outcome)).toEqual([])
  })

  it.each(ENDS_THAT_FAILED)(
    'of seed %i with %s, then %s, about the close of a session: %s',
    async (seed, fault, end) => {
      const dice = new Dice(seed, 'close')
      const outcome = await simulate({
        seed,
        length: 15_000_000,
        faults: ([day]) => {
          const { close } = day!.continuous[0]!
          const at = close - dice.between(5_000, 60_000)
          return [
            { kind: fault, at, lasts: dice.between(20_000, 90_000), force: 0.9 },
            { kind: end, at: close + dice.between(0, 25_000), lasts: 60_000, force: 0.3 },
          ]
        },
      })
      expect(outcome.broken, story(outcome)).toEqual([])
    },
  )

  it('that ends at 14:00 without power goes on the next morning: both sessions missed are gaps', async () => {
    const outcome = await simulate({
      seed: 1,
      days: 2,
      faults: ([first, second]) => {
        const at = first!.continuous[1]!.open + 3_600_000
        return [{ kind: 'power', at, lasts: second!.continuous[0]!.open + 1_800_000 - at, force: 0 }]
      },
    })
    expect(outcome.broken, story(outcome)).toEqual([])
    expect(outcome.runs).toBe(2)
    expect(outcome.gaps).toBeGreaterThanOrEqual(8)
  })

  it.each(FAULTS)('struck by %s at ten is well again, with a gap where trades are missing', async (kind) => {
    const outcome = await simulate({
      seed: 5,
      length: 5_400_000,
      faults: ([day]) => [{ kind, at: day!.continuous[0]!.open + 1_800_000, lasts: 25_000, force: 0.4 }],
    })
    expect(outcome.broken, story(outcome)).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import { levelled } from '../../src/core/holes/behind.ts'
import { formatLocal } from '../../src/core/market/time.ts'
import type { Checkpoint } from '../../src/core/pipeline/source.ts'
import { at, sessions } from './held.ts'

const NOW = at('2026-11-23T14:05')

function reached(time: string | null, parts: Partial<Checkpoint> = {}): Checkpoint {
  const timestamp = time === null ? null : at(time)
  return { source: 'alltick', symbol: '00700.HK', timestamp, seq: 7, committed_at: 0, covered_until: null, ...parts }
}

/** The holes of each store, as `cause from - to`, and how far they reach together. */
async function level(...stores: (readonly Checkpoint[])[]) {
  const all = stores.map((checkpoints) => ({ checkpoints: async () => checkpoints }))
  const found = await levelled(all, ['00700.HK'], sessions, NOW)
  const time = (ms: number) => formatLocal(ms).slice(5, 19)
  const told = all.map((store) =>
    (found.holes.get(store) ?? []).map(({ cause, from, to }) => `${cause} ${time(from)} - ${time(to)}`),
  )
  return { told, reached: found.reached }
}

describe('stores of one recording', () => {
  it('that have come as far have no hole, nor has one alone', async () => {
    const one = reached('2026-11-23T13:59:59', { covered_until: at('2026-11-23T13:59:58') })
    expect(await level([one])).toEqual({ told: [[]], reached: [one] })
    expect(await level([one], [one])).toEqual({ told: [[], []], reached: [one] })
  })

  it('go on where the furthest one ends, and each has its own hole until there', async () => {
    const late = reached('2026-11-23T14:00', { seq: 9, covered_until: at('2026-11-23T13:59:58') })
    const early = reached('2026-11-20T15:00', { covered_until: at('2026-11-20T14:59:58') })
    const hole = [
      'restart 11-20 15:00:00 - 11-20 16:10:00',
      'restart 11-23 09:20:00 - 11-23 12:00:00',
      'restart 11-23 13:00:00 - 11-23 14:00:00',
    ]
    expect(await level([late], [early])).toEqual({ told: [[], hole], reached: [late] })
    expect(await level([early], [late])).toEqual({ told: [hole, []], reached: [late] })
  })

  it('of which one lacks the last commit have a hole of it, be it of one millisecond', async () => {
    const [before, after] = [reached('2026-11-23T14:00', { seq: 8 }), reached('2026-11-23T14:00', { seq: 9 })]
    expect((await level([after], [before])).told).toEqual([[], ['restart 11-23 14:00:00 - 11-23 14:00:00']])
  })

  it('of which one was heard to the close, and the other not', async () => {
    const quiet = reached('2026-11-20T10:15', { covered_until: at('2026-11-20T14:00') })
    const whole = reached('2026-11-20T10:15', { covered_until: at('2026-11-20T16:15') })
    expect((await level([whole], [quiet])).told).toEqual([[], ['restart 11-20 13:00:00 - 11-20 16:10:00']])
  })

  it('of which one is new began late, as far as the session that is on goes', async () => {
    expect((await level([reached('2026-11-23T14:00')], [])).told).toEqual([
      [],
      ['late_start 11-23 13:00:00 - 11-23 14:00:00'],
    ])
    expect((await level([reached('2026-11-20T15:00')], [])).told).toEqual([[], []])
  })

  it('look at what is recorded now alone, and not at times of years to come', async () => {
    expect((await level([reached('2026-11-23T14:00', { symbol: '00005.HK' })], [])).told).toEqual([[], []])
    const years = reached('5138-01-05T10:00', { covered_until: at('2026-11-23T14:00') })
    expect((await level([years], [reached('2026-11-23T13:30')])).told).toEqual([
      [],
      ['restart 11-23 13:30:00 - 11-23 14:00:00'],
    ])
  })
})

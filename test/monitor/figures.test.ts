import { describe, expect, it } from 'vitest'
import { overTime } from '../../src/core/monitor/over-time.ts'
import { Quiet } from '../../src/core/monitor/quiet.ts'
import { Window } from '../../src/core/monitor/window.ts'
import { QUIET_MACHINE, SECOND } from './facts.ts'

describe('a silence', () => {
  const look = (quiet: Quiet, ...looks: [at: number, received: number, isTrading?: boolean][]): Quiet => {
    for (const [at, received, isTrading = true] of looks) quiet.look(at * SECOND, received, isTrading)
    return quiet
  }

  it('lasts from the look that saw the last trade come, and may last a minute', () => {
    const quiet = look(new Quiet(0), [5, 10], [10, 10], [15, 10])
    expect(quiet.now(20 * SECOND)).toEqual({ ms: 15 * SECOND, limit: 60 * SECOND })
  })

  it('may last five times as long as the longest one of the session', () => {
    const quiet = look(new Quiet(0), [5, 10], [45, 11], [50, 12])
    expect(quiet.now(60 * SECOND)).toEqual({ ms: 10 * SECOND, limit: 200 * SECOND })
  })

  it('starts anew with each session, and so does what is usual', () => {
    const quiet = look(new Quiet(0), [5, 10], [45, 11], [50, 11, false], [3_600, 11, false], [3_605, 11])
    expect(quiet.now(3_610 * SECOND)).toEqual({ ms: 10 * SECOND, limit: 60 * SECOND })
  })
})

describe('a window', () => {
  it('begins with the look that lies its length back, or the first', () => {
    const window = new Window<string>(60)
    expect(window.first).toBeUndefined()
    window.push(0, 'a')
    window.push(30, 'b')
    window.push(59, 'c')
    expect(window.first).toEqual({ at: 0, value: 'a' })
    window.push(90, 'd')
    expect(window.first).toEqual({ at: 30, value: 'b' })
    expect(window.values).toEqual(['b', 'c', 'd'])
  })
})

describe('samples of a machine as one', () => {
  it('are the mean of shares and rates, and the last of all else', () => {
    const first = { ...QUIET_MACHINE, cpu: null, network_in: null, loop_delay_p99: 9 }
    const busy = { ...QUIET_MACHINE, cpu: 0.9, network_in: 1_000, loop_delay_p99: 40 }
    const last = { ...QUIET_MACHINE, cpu: 0.1, network_in: 2_001, loop_delay_p99: 2, memory_used: 7 }
    expect(overTime([first, busy, last])).toEqual({ ...last, cpu: 0.5, network_in: 1_500.5 })
  })

  it('tell nothing that none of them told', () => {
    expect(overTime([{ ...QUIET_MACHINE, cpu: null }, QUIET_MACHINE, { ...QUIET_MACHINE, cpu: null }]).cpu).toBe(0.1)
    expect(overTime([{ ...QUIET_MACHINE, cpu: null }]).cpu).toBeNull()
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Facts, judge, type Reason, type STATES } from '../../src/core/monitor/verdict.ts'
import type { Trouble } from '../../src/core/pipeline/source.ts'
import { facts, line, MINUTE, QUIET_MACHINE, SECOND, unborn } from './facts.ts'

type Case = readonly [what: string, more: Partial<Facts>, state: (typeof STATES)[number], ...reasons: Reason[]]

const trouble = (kind: Trouble['kind'], detail: string) => [{ trouble: { kind, detail, since: 0 }, waiting: 5 }]
const machine = (more: Partial<typeof QUIET_MACHINE>) => ({ machine: { ...QUIET_MACHINE, ...more } })

const CASES: readonly Case[] = [
  ['all well', {}, 'ok'],
  [
    'before the opening, quiet as it must be',
    { phase: 'opening_auction', silence: { ms: 9 * MINUTE, limit: MINUTE } },
    'ok',
  ],
  ['at lunch', { phase: 'lunch' }, 'closed'],
  ['at night', { phase: 'closed', silence: { ms: 9 * MINUTE, limit: MINUTE } }, 'closed'],
  ['a replay at night', { phase: 'closed', kind: 'recorded', lines: [] }, 'ok'],
  ['a simulated market without connections', { kind: 'simulated', lines: [] }, 'ok'],

  ['just begun, not connected yet', { lines: [unborn(5 * SECOND)] }, 'starting', 'connecting'],
  ['just begun, a first attempt refused', { lines: [unborn(5 * SECOND, 'no')] }, 'starting', 'connecting'],
  ['just begun at night', { phase: 'closed', lines: [unborn(5 * SECOND)] }, 'starting', 'connecting'],
  ['never connected', { lines: [unborn(31 * SECOND, 'no')] }, 'failing', 'disconnected'],
  ['one of two connections not made yet', { lines: [line(), unborn(SECOND)] }, 'ok', 'connecting'],
  ['lost a moment ago, soon after it began', { lines: [line(SECOND), unborn(2 * SECOND)] }, 'degraded', 'disconnected'],
  ['lost a moment ago', { lines: [line(SECOND)] }, 'degraded', 'disconnected'],
  ['lost for half a minute', { lines: [line(30 * SECOND)] }, 'failing', 'disconnected'],
  ['lost before the opening', { phase: 'pre_opening', lines: [line(MINUTE)] }, 'failing', 'disconnected'],
  ['lost at night', { phase: 'closed', lines: [line(9 * MINUTE)] }, 'closed', 'disconnected'],
  ['one of three connections lost a moment ago', { lines: [line(), line(SECOND), line()] }, 'degraded', 'line_lost'],
  ['one of three connections lost for long', { lines: [line(), line(MINUTE), line()] }, 'failing', 'line_lost'],
  [
    'one of two feeds side by side lost for long',
    { isCovered: true, lines: [line(MINUTE), line()] },
    'degraded',
    'line_lost',
  ],
  ['both feeds lost', { isCovered: true, lines: [line(MINUTE), line(SECOND)] }, 'failing', 'disconnected'],

  ['mute for longer than is usual', { silence: { ms: 61 * SECOND, limit: MINUTE } }, 'degraded', 'silent'],
  ['as quiet as its symbols are', { silence: { ms: 4 * MINUTE, limit: 5 * MINUTE } }, 'ok'],
  ['mute for long', { phase: 'afternoon', silence: { ms: 3 * MINUTE, limit: MINUTE } }, 'failing', 'silent'],
  [
    'mute while it is lost: one reason is enough',
    { lines: [line(MINUTE)], silence: { ms: MINUTE, limit: MINUTE } },
    'failing',
    'disconnected',
  ],
  [
    'a simulated market that is mute',
    { kind: 'simulated', lines: [], silence: { ms: 3 * MINUTE, limit: MINUTE } },
    'failing',
    'silent',
  ],
  ['a replay that pauses', { kind: 'recorded', lines: [], silence: { ms: 9 * MINUTE, limit: MINUTE } }, 'ok'],
  [
    'a queue of which another member may take all',
    { isShared: true, silence: { ms: 9 * MINUTE, limit: MINUTE } },
    'degraded',
    'silent',
  ],

  ['a full disk', { sinks: trouble('paused', 'the disk is full'), waiting: SECOND }, 'failing', 'store_paused'],
  [
    'a full disk at night',
    { phase: 'closed', sinks: trouble('paused', 'the disk is full') },
    'failing',
    'store_paused',
  ],
  ['a store that is away, all safe on disk', { sinks: trouble('away', '"pg" is away') }, 'degraded', 'store_away'],
  ['a commit that lasts', { waiting: 6 * SECOND }, 'degraded', 'store_slow'],
  ['a commit that hangs', { waiting: 30 * SECOND }, 'failing', 'store_slow'],
  ['a store that cannot follow', { delay: 5 * SECOND }, 'degraded', 'behind'],

  ['one bad record in six thousand', { rejected: 1 }, 'ok'],
  ['more than a thousandth bad', { rejected: 7 }, 'degraded', 'rejected'],
  ['nothing but bad records', { received: 0, rejected: 3 }, 'degraded', 'rejected'],
  ['a clock that is off', { skew: -2 * SECOND }, 'degraded', 'clock'],
  ['a log that a reader holds', { log: { bytes: 65e6, limit: 64e6 } }, 'degraded', 'log_grows'],
  ['a store without a log', { log: null }, 'ok'],
  ['a disk that is nearly full', machine({ disk_used: 99.5e9 }), 'degraded', 'disk_low'],
  ['a disk that does not tell', machine({ disk_used: null, disk_size: null }), 'ok'],
  ['memory that is nearly gone', machine({ memory_used: 7.7e9 }), 'degraded', 'memory_low'],
  ['a program that is late', machine({ loop_delay_p99: 600 }), 'degraded', 'event_loop'],
  ['a machine that is not known yet', { machine: null }, 'ok'],

  [
    'several things at once: the worst counts',
    { rejected: 99, lines: [line(MINUTE)] },
    'failing',
    'disconnected',
    'rejected',
  ],
  [
    'connecting, with little disk',
    { lines: [unborn(SECOND)], ...machine({ disk_used: 99.5e9 }) },
    'degraded',
    'connecting',
    'disk_low',
  ],
]

describe('a recorder', () => {
  it.each(CASES.map(([what, ...expected]) => ({ what, expected })))(
    '$what',
    ({ expected: [more, state, ...reasons] }) => {
      const verdict = judge(facts(more))
      expect([verdict.state, ...verdict.findings.map(({ reason }) => reason)]).toEqual([state, ...reasons])
    },
  )

  it('says in words what is wrong, with the cause it was told', () => {
    const words = (more: Partial<Facts>) => judge(facts(more)).findings.map(({ detail }) => detail)
    expect(words({ lines: [line(45 * SECOND)] })).toEqual(['alltick lost for 45 s: reset'])
    expect(words({ lines: [line(), line(5 * MINUTE)] })).toEqual(['1 of 2 connections lost for 5 min: reset'])
    expect(words({ silence: { ms: 90 * SECOND, limit: MINUTE } })).toEqual(['no trade of any symbol for 90 s'])
    expect(words({ sinks: trouble('paused', 'the disk is full') })).toEqual(['nothing is stored: the disk is full'])
    expect(words({ rejected: 10 })).toEqual(['10 of 6010 records of the last minute are no trades'])
    expect(words({ skew: 3 * SECOND })).toEqual(['the local clock is 3.0 s ahead'])
  })

  it('that nothing is found of is ok or closed, any other is not', () => {
    fc.assert(
      fc.property(
        fc.record({
          phase: fc.constantFrom('closed', 'morning', 'lunch', 'afternoon'),
          silence: fc.record({ ms: fc.nat(600_000), limit: fc.constantFrom(60_000, 300_000) }),
          waiting: fc.nat(40_000),
          rejected: fc.nat(20),
        }),
        (more) => {
          const { state, findings } = judge(facts(more as Partial<Facts>))
          expect(findings.length === 0).toBe(state === 'ok' || state === 'closed')
        },
      ),
    )
  })
})

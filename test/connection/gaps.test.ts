import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GapTracker, type Reached } from '../../src/core/connection/gaps.ts'
import type { Gap, MarketEvent, Tick } from '../../src/core/market/event.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { parseTime } from '../../src/core/market/time.ts'
import { tickOf } from './fake-vendor.ts'

const sessions = new Sessions()
const at = parseTime
const SYMBOL = '00700.HK'
const YEARS_LATER = at('2029-01-05T10:00')

function tracker(checkpoint?: string, seq = 7): GapTracker {
  return new GapTracker(
    'fake',
    sessions,
    checkpoint ? [{ symbol: SYMBOL, timestamp: at(checkpoint), seq, covered_until: null }] : [],
  )
}

/** A run that was connected at `since`; its first tick bears `first` and came at `now` (default: at once, a live feed). */
function startedRun(gaps: GapTracker, since: string, first: string, seq = 8, now = at(first)): Gap[] {
  gaps.watch([SYMBOL], at(since))
  gaps.up(at(since))
  return gapsIn(gaps.mark([tickOf(SYMBOL, at(first), seq, now)]))
}

const gapsIn = (events: readonly MarketEvent[]): Gap[] => events.filter((event) => event.type === 'gap')
const stretch = ({ cause, from, to }: Gap) => [cause, from, to]

/** A store with the checkpoints and gap rows that recording runs left in it. */
class Recorded {
  readonly gaps: Gap[] = []
  #reached = new Map<string, Reached>()

  /** One run of a recorder of `SYMBOL` and the index, from `since` on; returns how to end it. */
  run(since: string) {
    const gaps = new GapTracker('fake', sessions, [...this.#reached.values()])
    gaps.watch([SYMBOL, 'HSI'], at(since))
    gaps.up(at(since))
    const heard = (now: number) => {
      for (const symbol of gaps.heard(now)) this.#know({ symbol, covered_until: now })
    }
    return {
      tick: (symbol: string, time: string, seq: number) => {
        this.gaps.push(...gapsIn(gaps.mark([tickOf(symbol, at(time), seq)])))
        this.#know({ symbol, timestamp: at(time), seq })
      },
      lost: (time: string) => gaps.lost('disconnect', at(time)),
      up: (time: string) => gaps.up(at(time)),
      heard: (time: string) => heard(at(time)),
      end: (time: string) => {
        this.gaps.push(...gaps.end(at(time)))
        heard(at(time))
      },
    }
  }

  get rows() {
    return this.gaps.map(({ symbol, cause, from, to }) => [symbol, cause, local(from), local(to)])
  }

  #know(news: Partial<Reached> & { symbol: string }): void {
    const old = this.#reached.get(news.symbol)
    this.#reached.set(news.symbol, { timestamp: null, seq: null, covered_until: null, ...old, ...news })
  }
}

const local = (time: number) => new Date(time + 8 * 3_600_000).toISOString().slice(5, 16)

describe('a recorder that is started every morning and ends after the close', () => {
  const wholeDay = (recorded: Recorded, date: string, lastTrade?: string) => {
    const run = recorded.run(`${date}T09:00`)
    run.tick('HSI', `${date}T09:30`, 1)
    if (lastTrade) run.tick(SYMBOL, `${date}T${lastTrade}`, 1)
    run.heard(`${date}T15:59`)
    run.tick('HSI', `${date}T16:00`, 2)
    run.end(`${date}T16:15`)
  }

  it('claims no hole where a stock did not trade up to the close', () => {
    const recorded = new Recorded()
    wholeDay(recorded, '2026-11-23', '15:31')
    wholeDay(recorded, '2026-11-24', '10:05')
    wholeDay(recorded, '2026-11-25')
    wholeDay(recorded, '2026-11-26', '09:31')
    expect(recorded.rows).toEqual([])
  })

  it('claims none for a stock that never traded before', () => {
    const recorded = new Recorded()
    wholeDay(recorded, '2026-11-23')
    wholeDay(recorded, '2026-11-24', '14:00')
    expect(recorded.rows).toEqual([])
  })

  it('claims none when it was killed after the close, having heard that the line works', () => {
    const recorded = new Recorded()
    const run = recorded.run('2026-11-23T09:00')
    run.tick('HSI', '2026-11-23T09:30', 1)
    run.tick(SYMBOL, '2026-11-23T11:00', 1)
    run.heard('2026-11-23T16:10:01')
    wholeDay(recorded, '2026-11-24', '10:00')
    expect(recorded.rows.filter(([symbol]) => symbol === SYMBOL)).toEqual([])
  })

  it('killed at 14:00 and started again the next morning has the holes of both sessions, from the last stored tick', () => {
    const recorded = new Recorded()
    const run = recorded.run('2026-11-23T09:00')
    run.tick('HSI', '2026-11-23T13:59', 1)
    run.tick(SYMBOL, '2026-11-23T13:05', 1)
    run.heard('2026-11-23T14:00')
    const next = recorded.run('2026-11-24T10:00')
    next.tick('HSI', '2026-11-24T10:01', 2)
    next.tick(SYMBOL, '2026-11-24T10:02', 2)
    expect(recorded.rows).toEqual([
      ['HSI', 'restart', '11-23T13:59', '11-23T16:10'],
      ['HSI', 'restart', '11-24T09:20', '11-24T10:01'],
      [SYMBOL, 'restart', '11-23T13:05', '11-23T16:10'],
      [SYMBOL, 'restart', '11-24T09:20', '11-24T10:02'],
    ])
  })

  it('has no hole where others heard what was traded until it listened', () => {
    const reached = { symbol: SYMBOL, timestamp: at('2026-11-23T10:00'), seq: 7 }
    const run = (covered: string) => {
      const gaps = new GapTracker('fake', sessions, [{ ...reached, covered_until: at(covered) }])
      return startedRun(gaps, '2026-11-23T10:30', '2026-11-23T10:40').map(stretch)
    }
    expect(run('2026-11-23T10:30')).toEqual([])
    expect(run('2026-11-23T10:29:59')).toEqual([['restart', at('2026-11-23T10:00'), at('2026-11-23T10:40')]])
  })

  it('killed while a hole was still open claims it again: nothing is called heard before its row is written', () => {
    const recorded = new Recorded()
    const run = recorded.run('2026-11-23T09:00')
    run.tick('HSI', '2026-11-23T09:30', 1)
    run.tick(SYMBOL, '2026-11-23T09:40', 1)
    run.lost('2026-11-23T10:00')
    run.up('2026-11-23T10:05')
    run.tick('HSI', '2026-11-23T10:05:01', 2)
    run.heard('2026-11-23T12:30')
    wholeDay(recorded, '2026-11-24', '10:00')
    expect(recorded.rows.filter(([symbol]) => symbol === SYMBOL)).toEqual([
      [SYMBOL, 'restart', '11-23T09:40', '11-23T12:00'],
      [SYMBOL, 'restart', '11-23T13:00', '11-23T16:10'],
    ])
  })

  it('of a replayed day calls nothing heard', () => {
    const gaps = tracker()
    startedRun(gaps, '2026-11-23T09:00', '2023-08-15T14:30', 1, at('2026-11-23T10:00'))
    gaps.end(at('2026-11-23T16:15'))
    expect(gaps.heard(at('2026-11-23T16:15'))).toEqual([])
  })
})

describe('a first run', () => {
  it.each([
    ['in the morning', '2026-11-23T10:00', '2026-11-23T10:00:05', '2026-11-23T09:20'],
    ['in the afternoon', '2026-11-23T14:00', '2026-11-23T14:00:05', '2026-11-23T13:00'],
    ['in the closing auction', '2026-11-23T16:05', '2026-11-23T16:08:40', '2026-11-23T13:00'],
    ['on a half day', '2026-12-24T11:00', '2026-12-24T11:00:05', '2026-12-24T09:20'],
  ])('begun %s starts with one late_start from the opening of that session', (_, since, first, opening) => {
    expect(startedRun(tracker(), since, first).map(stretch)).toEqual([['late_start', at(opening), at(first)]])
  })

  it.each([
    ['before the opening', '2026-11-23T09:00', '2026-11-23T09:20:07'],
    ['at lunch', '2026-11-23T12:30', '2026-11-23T13:00:07'],
    ['at the very opening', '2026-11-23T13:00', '2026-11-23T13:00:00'],
  ])('begun %s starts without a gap', (_, since, first) => {
    expect(startedRun(tracker(), since, first)).toEqual([])
  })

  it('of a replayed day starts without a gap, whatever the local time', () => {
    expect(startedRun(tracker(), '2026-11-23T10:00', '2023-08-15T14:30', 1, at('2026-11-23T10:00'))).toEqual([])
  })

  it('counts from the connection, not from the attempt', () => {
    const gaps = tracker()
    gaps.watch([SYMBOL], at('2026-11-23T12:59:55'))
    gaps.up(at('2026-11-23T13:01'))
    const first = at('2026-11-23T13:01:02')
    expect(gapsIn(gaps.mark([tickOf(SYMBOL, first, 1)])).map(stretch)).toEqual([
      ['late_start', at('2026-11-23T13:00'), first],
    ])
  })

  it('without any tick has its late start up to its end', () => {
    const gaps = tracker()
    gaps.watch([SYMBOL], at('2026-11-23T10:00'))
    gaps.up(at('2026-11-23T10:00'))
    expect(gaps.end(at('2026-11-23T11:00')).map(stretch)).toEqual([
      ['late_start', at('2026-11-23T09:20'), at('2026-11-23T11:00')],
    ])
  })

  it('that was never connected leaves no gap', () => {
    const gaps = tracker('2026-11-20T10:00')
    gaps.watch([SYMBOL], at('2026-11-23T10:00'))
    expect(gaps.end(at('2026-11-23T11:00'))).toEqual([])
  })
})

describe('a time years ahead', () => {
  const stray = (seq: number) => tickOf(SYMBOL, at('5138-01-05T10:00'), seq, at('2026-11-23T10:00:06'))

  it.each([
    ['as the first of a run', []],
    ['behind others', [tickOf(SYMBOL, at('2026-11-23T10:00:05'), 1)]],
  ])('%s hides no hole', (_, before) => {
    const gaps = tracker()
    gaps.watch([SYMBOL], at('2026-11-23T10:00'))
    gaps.up(at('2026-11-23T10:00'))
    const told = gaps.mark([...before, stray(2), tickOf(SYMBOL, at('2026-11-23T10:00:07'), 3)])
    expect(gapsIn(told).map(({ cause, from }) => [cause, from])).toEqual([['late_start', at('2026-11-23T09:20')]])
    gaps.lost('disconnect', at('2026-11-23T10:01'))
    gaps.up(at('2026-11-23T10:02'))
    const after = gaps.mark([tickOf(SYMBOL, at('2026-11-23T10:02:01'), 4)])
    expect(gapsIn(after).map(stretch)).toEqual([['disconnect', at('2026-11-23T10:00:07'), at('2026-11-23T10:02:01')]])
  })

  it.each([
    [null, ['late_start', at('2026-11-23T09:20'), at('2026-11-23T10:00:05')]],
    [at('2026-11-23T09:45'), ['restart', at('2026-11-23T09:45'), at('2026-11-23T10:00:05')]],
  ])('in a checkpoint, covered until %s, hides no hole', (covered_until, row) => {
    const gaps = new GapTracker('fake', sessions, [
      { symbol: SYMBOL, timestamp: at('5138-01-05T10:00'), seq: 7, covered_until },
    ])
    expect(startedRun(gaps, '2026-11-23T10:00', '2026-11-23T10:00:05').map(stretch)).toEqual([row])
  })

  it('is one of a replay where all are: holes go by the times alone', () => {
    const gaps = tracker()
    startedRun(gaps, '2026-11-23T10:00', '2030-01-08T10:00', 1, at('2026-11-23T10:00'))
    gaps.lost('disconnect', at('2026-11-23T10:01'))
    gaps.up(at('2026-11-23T10:02'))
    const after = gaps.mark([tickOf(SYMBOL, at('2030-01-08T10:03'), 4, at('2026-11-23T10:03'))])
    expect(gapsIn(after).map(stretch)).toEqual([['disconnect', at('2030-01-08T10:00'), at('2030-01-08T10:03')]])
    expect(gaps.heard(at('2026-11-23T10:03'))).toEqual([])
  })
})

describe('a run whose first trade is one of an earlier day, told again', () => {
  const first = tickOf(SYMBOL, at('2026-11-20T15:50'), 7, at('2026-11-23T10:00:01'))
  const begun = (gaps: GapTracker): Gap[] => {
    gaps.watch([SYMBOL, 'HSI'], at('2026-11-23T10:00'))
    gaps.up(at('2026-11-23T10:00'))
    const index = tickOf('HSI', at('2026-11-23T10:00:03'), 1)
    return gapsIn(gaps.mark([first, index, tickOf(SYMBOL, at('2026-11-23T10:05'), 8)]))
  }

  it('is a live one: it began late, is heard, and its end closes its holes', () => {
    const gaps = tracker()
    expect(begun(gaps).map(({ symbol, ...gap }) => [symbol, ...stretch({ symbol, ...gap })])).toEqual([
      ['HSI', 'late_start', at('2026-11-23T09:20'), at('2026-11-23T10:00:03')],
      [SYMBOL, 'late_start', at('2026-11-23T09:20'), at('2026-11-23T10:05')],
    ])
    expect(gaps.heard(at('2026-11-23T10:06'))).toEqual([SYMBOL, 'HSI'])
    gaps.lost('disconnect', at('2026-11-23T10:07'))
    expect(gaps.end(at('2026-11-23T10:20')).map(stretch)).toEqual([
      ['disconnect', at('2026-11-23T10:05'), at('2026-11-23T10:20')],
      ['disconnect', at('2026-11-23T10:00:03'), at('2026-11-23T10:20')],
    ])
  })

  it('goes on where the store ends', () => {
    expect(
      begun(tracker('2026-11-20T15:50', 7)).flatMap((gap) => (gap.symbol === SYMBOL ? [stretch(gap)] : [])),
    ).toEqual([
      ['restart', at('2026-11-20T15:50'), at('2026-11-20T16:10')],
      ['restart', at('2026-11-23T09:20'), at('2026-11-23T10:05')],
    ])
  })
})

describe('a restart', () => {
  it('writes every session since the checkpoint, one a session and day, weekends and lunch left out', () => {
    const rows = startedRun(tracker('2026-11-20T15:00'), '2026-11-23T14:00', '2026-11-23T14:00:05')
    expect(rows.map(stretch)).toEqual([
      ['restart', at('2026-11-20T15:00'), at('2026-11-20T16:10')],
      ['restart', at('2026-11-23T09:20'), at('2026-11-23T12:00')],
      ['restart', at('2026-11-23T13:00'), at('2026-11-23T14:00:05')],
    ])
  })

  it('knows half days and holidays', () => {
    const rows = startedRun(tracker('2026-12-24T12:01'), '2026-12-28T10:00', '2026-12-28T10:00:05')
    expect(rows.map(stretch)).toEqual([
      ['restart', at('2026-12-24T12:01'), at('2026-12-24T12:10')],
      ['restart', at('2026-12-28T09:20'), at('2026-12-28T10:00:05')],
    ])
  })

  it('of a run that watched until after the close and again before the opening writes nothing', () => {
    expect(startedRun(tracker('2026-11-20T16:08:40'), '2026-11-23T09:00', '2026-11-23T09:20:07')).toEqual([])
  })

  it('whose first tick repeats the checkpoint, or is older, writes nothing', () => {
    const since = '2026-11-23T10:00'
    expect(startedRun(tracker('2026-11-23T09:59', 7), since, '2026-11-23T09:59', 7)).toEqual([])
    expect(startedRun(tracker('2026-11-23T09:59', 7), since, '2026-11-23T09:58', 3)).toEqual([])
  })

  it('is a row even within one millisecond', () => {
    const rows = startedRun(tracker('2026-11-23T10:00', 7), '2026-11-23T10:00:02', '2026-11-23T10:00', 9)
    expect(rows.map(stretch)).toEqual([['restart', at('2026-11-23T10:00'), at('2026-11-23T10:00')]])
  })

  it('on a replayed day goes by the times of the ticks alone', () => {
    const rows = startedRun(tracker('2023-08-15T11:00'), '2029-01-05T09:00', '2023-08-15T14:30', 8, YEARS_LATER)
    expect(rows.map(stretch)).toEqual([
      ['restart', at('2023-08-15T11:00'), at('2023-08-15T12:00')],
      ['restart', at('2023-08-15T13:00'), at('2023-08-15T14:30')],
    ])
  })

  it('without any tick is written up to the end of the run', () => {
    const gaps = tracker('2026-11-23T10:00')
    gaps.watch([SYMBOL], at('2026-11-23T10:30'))
    gaps.up(at('2026-11-23T10:30'))
    expect(gaps.end(at('2026-11-23T11:00')).map(stretch)).toEqual([
      ['restart', at('2026-11-23T10:00'), at('2026-11-23T11:00')],
    ])
  })
})

describe('a loss', () => {
  const running = (last: string): GapTracker => {
    const gaps = tracker()
    startedRun(gaps, '2026-11-23T09:00', last, 10)
    return gaps
  }
  const outage = (gaps: GapTracker, from: string, to: string, first: string, seq = 20): Gap[] => {
    gaps.lost('disconnect', at(from))
    gaps.up(at(to))
    return gapsIn(gaps.mark([tickOf(SYMBOL, at(first), seq)]))
  }

  it('while nothing trades, long after the last tick, is no gap', () => {
    const lunch = outage(running('2026-11-23T11:59:50'), '2026-11-23T12:20', '2026-11-23T12:21', '2026-11-23T13:00:02')
    expect(lunch).toEqual([])
    const night = outage(running('2026-11-23T16:08:30'), '2026-11-23T20:00', '2026-11-23T23:00', '2026-11-24T09:20:02')
    expect(night).toEqual([])
  })

  it('that reaches into a session is one', () => {
    const rows = outage(
      running('2026-11-23T11:59:50'),
      '2026-11-23T12:20',
      '2026-11-23T13:00:01',
      '2026-11-23T13:00:02',
    )
    expect(rows.map(stretch)).toEqual([['disconnect', at('2026-11-23T11:59:50'), at('2026-11-23T13:00:02')]])
  })

  it('out of hours is one where trades came until then', () => {
    const rows = outage(
      running('2026-11-23T20:00'),
      '2026-11-23T20:00:01',
      '2026-11-23T20:00:04',
      '2026-11-23T20:00:05',
    )
    expect(rows).toHaveLength(1)
  })

  it('before the first tick of a run begun out of hours counts from the loss', () => {
    const gaps = tracker()
    gaps.watch([SYMBOL], at('2026-11-23T09:00'))
    gaps.up(at('2026-11-23T09:00'))
    const rows = outage(gaps, '2026-11-23T09:25', '2026-11-23T09:35', '2026-11-23T09:35:01')
    expect(rows.map(stretch)).toEqual([['disconnect', at('2026-11-23T09:25'), at('2026-11-23T09:35:01')]])
  })

  it('of a symbol that has not traded yet is known to the next run: it was watched from the opening on', () => {
    const first = tracker()
    first.watch([SYMBOL, 'HSI'], at('2026-11-23T10:52'))
    expect(first.begun().size, 'before any tick').toBe(0)
    first.up(at('2026-11-23T10:52'))
    first.mark([tickOf('HSI', at('2026-11-23T10:53'), 1)])
    expect([...first.begun()]).toEqual([[at('2026-11-23T09:20'), [SYMBOL]]])
    expect(first.begun().size, 'told once').toBe(0)

    const reached = { symbol: SYMBOL, timestamp: null, seq: null, covered_until: at('2026-11-23T09:20') }
    const second = new GapTracker('fake', sessions, [reached])
    second.watch([SYMBOL], at('2026-11-23T12:01'))
    second.up(at('2026-11-23T12:01'))
    expect(gapsIn(second.mark([tickOf(SYMBOL, at('2026-11-23T13:08'), 9)])).map(stretch)).toEqual([
      ['restart', at('2026-11-23T09:20'), at('2026-11-23T12:00')],
    ])
  })

  it('of a restart is not covered by a clock that is still behind the last tick', () => {
    const gaps = new GapTracker('fake', sessions, [
      { symbol: SYMBOL, timestamp: at('2026-11-23T10:00:20'), seq: 7, covered_until: at('2026-11-23T10:00:02') },
      { symbol: 'HSI', timestamp: at('2026-11-23T10:00:20'), seq: 7, covered_until: at('2026-11-23T10:00:02') },
    ])
    gaps.watch([SYMBOL, 'HSI'], at('2026-11-23T10:00:05'))
    gaps.up(at('2026-11-23T10:00:05'))
    gaps.mark([tickOf('HSI', at('2026-11-23T10:00:25'), 8, at('2026-11-23T10:00:07'))])
    expect(gaps.heard(at('2026-11-23T10:00:08'))).toEqual(['HSI'])
    expect(gapsIn(gaps.mark([tickOf(SYMBOL, at('2026-11-23T10:00:30'), 9)])).map(stretch)).toEqual([
      ['restart', at('2026-11-23T10:00:20'), at('2026-11-23T10:00:30')],
    ])
  })

  it('before the first tick begins where the line was last heard: a mute one had lost what came before it was given up', () => {
    const gaps = tracker()
    gaps.watch([SYMBOL], at('2026-11-23T09:00'))
    gaps.up(at('2026-11-23T09:00'))
    gaps.lost('stale', at('2026-11-23T09:30:30'), at('2026-11-23T09:00'))
    gaps.up(at('2026-11-23T09:30:34'))
    expect(gapsIn(gaps.mark([tickOf(SYMBOL, at('2026-11-23T09:30:35'), 7)])).map(stretch)).toEqual([
      ['stale', at('2026-11-23T09:00'), at('2026-11-23T09:30:35')],
    ])
  })

  it('followed by another keeps its cause, and is still open when the run ends unconnected', () => {
    const gaps = running('2026-11-23T10:00')
    gaps.lost('stale', at('2026-11-23T10:00:30'))
    gaps.up(at('2026-11-23T10:00:33'))
    gaps.lost('disconnect', at('2026-11-23T10:00:40'))
    expect(gaps.end(at('2026-11-23T10:01')).map(stretch)).toEqual([
      ['stale', at('2026-11-23T10:00'), at('2026-11-23T10:01')],
    ])
  })

  it('at lunch that is not over when the session begins is one', () => {
    const gaps = running('2026-11-23T11:59:50')
    gaps.lost('disconnect', at('2026-11-23T12:20'))
    expect(gaps.end(at('2026-11-23T13:30')).map(stretch)).toEqual([
      ['disconnect', at('2026-11-23T11:59:50'), at('2026-11-23T13:30')],
    ])
  })

  it('before the first tick after a restart is part of that row', () => {
    const gaps = tracker('2026-11-23T10:00')
    gaps.watch([SYMBOL], at('2026-11-23T10:30'))
    gaps.up(at('2026-11-23T10:30'))
    const rows = outage(gaps, '2026-11-23T10:31', '2026-11-23T10:32', '2026-11-23T10:32:05')
    expect(rows.map(stretch)).toEqual([['restart', at('2026-11-23T10:00'), at('2026-11-23T10:32:05')]])
  })

  it('tells sequence numbers beyond 2^53 apart', () => {
    const gaps = tracker()
    gaps.watch([SYMBOL], at('2026-11-23T09:00'))
    gaps.up(at('2026-11-23T09:00'))
    const tick = (seq: bigint): Tick => ({ ...tickOf(SYMBOL, at('2026-11-23T10:00'), 0), seq })
    gaps.mark([tick(2n ** 60n)])
    gaps.lost('disconnect', at('2026-11-23T10:00'))
    expect(gapsIn(gaps.mark([tick(2n ** 60n)]))).toEqual([])
    gaps.lost('disconnect', at('2026-11-23T10:00'))
    expect(gapsIn(gaps.mark([tick(2n ** 60n + 1n)]))).toHaveLength(1)
  })

  it('of a symbol no longer watched is forgotten; watched again, it goes on from its last tick', () => {
    const gaps = running('2026-11-23T10:00')
    gaps.watch([], at('2026-11-23T10:05'))
    gaps.lost('disconnect', at('2026-11-23T10:06'))
    expect(gaps.end(at('2026-11-23T10:07'))).toEqual([])
    gaps.up(at('2026-11-23T10:08'))
    gaps.watch([SYMBOL], at('2026-11-23T10:10'))
    expect(gapsIn(gaps.mark([tickOf(SYMBOL, at('2026-11-23T10:11'), 30)])).map(stretch)).toEqual([
      ['restart', at('2026-11-23T10:00'), at('2026-11-23T10:11')],
    ])
  })
})

describe('any stream that is cut and resumed', () => {
  const SYMBOLS = ['00700.HK', '00005.HK', 'HSI']
  const START = at('2026-11-23T10:00')
  const stream = fc
    .array(fc.record({ symbol: fc.constantFrom(...SYMBOLS), step: fc.integer({ min: 0, max: 3 }) }), { maxLength: 60 })
    .map((steps) => {
      let time = START
      return steps.map(({ symbol, step }, seq) => {
        time += step
        return tickOf(symbol, time, seq)
      })
    })
  const cuts = fc.array(fc.record({ after: fc.nat(20), shift: fc.integer({ min: -5, max: 5 }) }), { maxLength: 6 })

  it('covers every tick that was missed, claims no hole where the resumption overlaps, and keeps every event in order', () => {
    fc.assert(
      fc.property(stream, cuts, (ticks, breaks) => {
        const gaps = new GapTracker('fake', sessions)
        gaps.watch(SYMBOLS, START - 7_200_000)
        gaps.up(START - 7_200_000)
        const delivered = new Set<Tick>()
        const out: MarketEvent[] = []
        let position = 0
        let count = 0
        for (const { after, shift } of [...breaks, { after: ticks.length, shift: 0 }]) {
          const part = ticks.slice(position, position + after)
          position = Math.max(0, Math.min(ticks.length, position + part.length + shift))
          for (const tick of part) delivered.add(tick)
          count += part.length
          out.push(...gaps.mark([...part]))
          gaps.lost('disconnect', START)
          gaps.up(START)
        }
        const rows = [...gapsIn(out), ...gaps.end(START + 1_000_000)]
        for (const tick of ticks.filter((tick) => !delivered.has(tick))) {
          const seen = ticks.some(
            (other) => other.symbol === tick.symbol && other.seq < tick.seq && delivered.has(other),
          )
          const isCovered = rows.some(
            (row) => row.symbol === tick.symbol && row.from <= tick.timestamp && tick.timestamp <= row.to,
          )
          expect(isCovered || !seen).toBe(true)
        }
        const newest = new Map<string, Tick>()
        out.forEach((event, i) => {
          if (event.type === 'tick' && event.seq >= (newest.get(event.symbol)?.seq ?? 0))
            newest.set(event.symbol, event)
          if (event.type !== 'gap') return
          const next = out[i + 1] as Tick
          expect(next).toMatchObject({ type: 'tick', symbol: event.symbol, timestamp: event.to })
          const last = newest.get(event.symbol!)
          expect(event.from).toBe(last?.timestamp ?? START)
          expect(next.seq).toBeGreaterThan(Number(last?.seq ?? -1))
        })
        for (const { from, to } of rows) expect(from).toBeLessThanOrEqual(to)
        expect(out.filter(({ type }) => type === 'tick')).toHaveLength(count)
      }),
      { numRuns: 500 },
    )
  })
})

describe('one tick of an absurd time', () => {
  it('hides no hole, neither after a loss nor in a day that is years long', () => {
    const gaps = tracker()
    gaps.watch([SYMBOL], at('2026-11-23T10:00'))
    gaps.up(at('2026-11-23T10:00'))
    for (let i = 0; i < 120; i++) gaps.mark([tickOf(SYMBOL, at('2026-11-23T10:00') + i * 1_000, i)])
    const future = tickOf(SYMBOL, at('9999-01-01T10:00'), 500, at('2026-11-23T10:03'))
    expect(gapsIn(gaps.mark([future]))).toEqual([])
    gaps.lost('disconnect', at('2026-11-23T10:04'))
    gaps.up(at('2026-11-23T10:05'))
    expect(gapsIn(gaps.mark([future]))).toEqual([])
    expect(gapsIn(gaps.mark([tickOf(SYMBOL, at('2026-11-23T10:06'), 501)])).map(stretch)).toEqual([
      ['disconnect', at('2026-11-23T10:01:59'), at('2026-11-23T10:06')],
    ])
  })
})

describe('a local clock that is set wrong', () => {
  const start = at('2026-11-23T10:00')
  const listening = () => {
    const gaps = tracker()
    gaps.watch([SYMBOL], start)
    gaps.up(start)
    for (let i = 0; i < 120; i++) gaps.mark([tickOf(SYMBOL, start + i * 1_000, i)])
    return gaps
  }

  it('makes nothing heard until a tick shows that it goes right again', () => {
    const gaps = listening()
    const tomorrow = start + 24 * 3_600_000
    gaps.clockChanged()
    expect(gaps.heard(tomorrow)).toEqual([])
    gaps.mark([tickOf(SYMBOL, start + 130_000, 200, tomorrow + 130_000)])
    expect(gaps.heard(tomorrow + 131_000)).toEqual([])
    gaps.mark([tickOf(SYMBOL, start + 140_000, 201)])
    expect(gaps.heard(start + 141_000)).toEqual([SYMBOL])
  })

  it('may have left a coverage that lies ahead: it is not believed', () => {
    const timestamp = at('2026-11-23T10:00')
    const reached = { symbol: SYMBOL, timestamp, seq: 7, covered_until: at('2026-11-24T10:05') }
    const gaps = new GapTracker('fake', sessions, [reached])
    expect(startedRun(gaps, '2026-11-23T15:00', '2026-11-23T15:00').map(stretch)).toEqual([
      ['restart', timestamp, at('2026-11-23T12:00')],
      ['restart', at('2026-11-23T13:00'), at('2026-11-23T15:00')],
    ])
  })
})

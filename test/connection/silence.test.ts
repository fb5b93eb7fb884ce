import { describe, expect, it } from 'vitest'
import { Silence } from '../../src/core/connection/silence.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { HOUR, MINUTE, parseTime } from '../../src/core/market/time.ts'
import type { LatestTrade } from '../../src/core/pipeline/inquiry.ts'
import { tickOf } from './fake-vendor.ts'

const SECOND = 1_000
const [A, B] = ['00700.HK', '00005.HK']
const MONDAY = parseTime('2026-11-23T10:00')

/** The silence of two symbols on a connection that opens at `start`, with clocks of its own. */
function silent(start = MONDAY, symbols: readonly string[] = [A, B]) {
  const silence = new Silence(new Sessions())
  let now = start
  let at = 7_000
  silence.watch(symbols, at)
  silence.opened(now, at)
  return {
    silence,
    get now() {
      return now
    },
    wait: (ms: number) => {
      now += ms
      at += ms
    },
    due: () => silence.due(now, at),
    mute: () => silence.mute(at).map(({ symbol, times }) => [symbol, times]),
    hear: (symbol: string, time = now, seq = time) => silence.heard(tickOf(symbol, time, seq), now, at),
    answer: (...trades: LatestTrade[]) => silence.answered(symbols, trades, now, at),
    reopen: () => silence.opened(now, at),
    restart: () => silence.restart(at),
  }
}

const traded = (symbol: string, time: number, seq = time): LatestTrade => {
  return { symbol, time, seq, price: 600, volume: 100, turnover: 60_000, side: null }
}

/** Lets `run` until a symbol is due; how long that took. */
function untilDue(run: ReturnType<typeof silent>, most = 10 * HOUR): number {
  let waited = 0
  for (; run.due().length === 0 && waited <= most; waited += SECOND) run.wait(SECOND)
  return waited
}

describe('a silent symbol', () => {
  it('is asked about after 35 s in continuous trading, not before', () => {
    const run = silent()
    run.hear(A)
    run.hear(B)
    run.wait(34_999)
    expect(run.due()).toEqual([])
    run.wait(1)
    expect(run.due()).toEqual([A, B])
  })

  it('may be silent for five times its usual pause at this time of day, also on another day', () => {
    const run = silent(parseTime('2026-11-23T09:30'), [A])
    for (let i = 0; i < 60; i++) {
      run.wait(20 * SECOND)
      run.hear(A)
    }
    run.wait(24 * HOUR - 59 * 20 * SECOND)
    run.hear(A)
    expect(untilDue(run)).toBe(100 * SECOND)
    run.wait(3 * HOUR)
    run.hear(A)
    untilDue(run)
    expect(run.now).toBe(parseTime('2026-11-24T13:00:35'))
  })

  it('has the pauses within a burst of trades not counted as usual', () => {
    const run = silent(MONDAY, [A])
    for (let i = 0; i < 30; i++) {
      run.wait(30 * SECOND)
      for (let trade = 0; trade < 50; trade++) {
        run.wait(10)
        run.hear(A)
      }
    }
    expect(Math.abs(untilDue(run) - 150 * SECOND)).toBeLessThan(5 * SECOND)
  })

  it.each([
    ['at lunch', '2026-11-23T12:00', 59 * MINUTE],
    ['before the opening', '2026-11-23T08:00', 89 * MINUTE],
    ['after the close', '2026-11-23T16:00', 17 * HOUR],
    ['on the afternoon of a half day', '2026-12-24T12:00', 20 * HOUR],
    ['on a holiday', '2026-12-25T09:00', 12 * HOUR],
  ])('is not asked about %s', (_, start, duration) => {
    const run = silent(parseTime(start))
    for (let passed = 0; passed < duration; passed += MINUTE) {
      run.wait(MINUTE)
      expect(run.due()).toEqual([])
    }
  })

  it('is quiet where the vendor tells the trade that came; the next question waits twice as long, up to 10 minutes', () => {
    const run = silent(MONDAY, [A])
    run.hear(A, run.now - 1)
    const { now } = run
    const waits = Array.from({ length: 7 }, () => {
      const waited = untilDue(run)
      run.answer(traded(A, now - 1))
      return waited / SECOND
    })
    expect(waits).toEqual([35, 70, 140, 280, 560, 600, 600])
    run.wait(MINUTE)
    expect(run.mute()).toEqual([])
    run.hear(A)
    expect(untilDue(run)).toBeLessThan(30 * MINUTE)
  })

  it('is quiet where the vendor knows no trade of it', () => {
    const run = silent(MONDAY, [A])
    run.wait(35 * SECOND)
    run.answer()
    expect(untilDue(run)).toBe(70 * SECOND)
    expect(run.mute()).toEqual([])
  })
})

describe('a mute symbol', () => {
  it('is one whose newer trade does not come while the feed goes past it', () => {
    const run = silent()
    run.hear(A)
    run.wait(35 * SECOND)
    run.hear(B, run.now - 300)
    run.answer(traded(A, run.now - SECOND))
    run.wait(4_999)
    run.hear(B)
    expect(run.mute()).toEqual([])
    run.wait(1)
    expect(run.mute()).toEqual([[A, 1]])
    expect(run.mute()).toEqual([])
  })

  it('is not one whose trade was on its way', () => {
    const run = silent()
    run.hear(A)
    run.wait(35 * SECOND)
    const time = run.now - 100
    run.answer(traded(A, time))
    run.wait(SECOND)
    run.hear(A, time)
    run.wait(10 * SECOND)
    expect(run.mute()).toEqual([])
  })

  it('is not one whose trade stands in a queue that the whole feed waits in', () => {
    const run = silent()
    run.hear(A)
    run.wait(MINUTE)
    run.answer(traded(A, run.now))
    for (let lag = 0; lag < 40; lag++) {
      run.wait(SECOND)
      run.hear(B, run.now - 45 * SECOND)
      expect(run.mute()).toEqual([])
    }
    run.hear(B, run.now + SECOND)
    expect(run.mute()).toEqual([[A, 1]])
  })

  it('is found among symbols that are all silent, too', () => {
    const run = silent()
    run.hear(A)
    run.wait(35 * SECOND)
    run.answer(traded(A, run.now))
    run.wait(5_000)
    expect(run.mute()).toEqual([[A, 1]])
  })

  it('is found on a new connection by the second answer: the first one tells what was there before', () => {
    const run = silent()
    run.hear(A)
    run.wait(HOUR / 2)
    run.reopen()
    run.wait(35 * SECOND)
    run.answer(traded(A, run.now - MINUTE))
    run.wait(10 * SECOND)
    expect(run.mute()).toEqual([])
    expect(untilDue(run)).toBe(25 * SECOND)
    run.answer(traded(A, run.now))
    run.wait(5_000)
    expect(run.mute()).toEqual([[A, 1]])
  })

  it('is judged anew after each finding, and by how often it was found since it was heard', () => {
    const run = silent()
    run.hear(A)
    for (const times of [1, 2, 3]) {
      run.wait(35 * SECOND)
      run.answer(traded(A, run.now))
      run.wait(10 * SECOND)
      if (times > 1) {
        expect(run.mute()).toEqual([])
        run.wait(35 * SECOND)
        run.answer(traded(A, run.now))
        run.wait(5_000)
      }
      expect(run.mute()).toEqual([[A, times]])
    }
    run.hear(A)
    run.wait(35 * SECOND)
    run.answer(traded(A, run.now))
    run.wait(5_000)
    expect(run.mute()).toEqual([[A, 1]])
  })

  it('is not one of which nothing could be read meanwhile', () => {
    const run = silent()
    run.hear(A)
    run.wait(35 * SECOND)
    run.answer(traded(A, run.now))
    run.restart()
    run.wait(10 * SECOND)
    expect(run.mute()).toEqual([])
  })
})

describe('two tellings of one trade', () => {
  it('are the same where the pushes tell whole seconds and the answers milliseconds', () => {
    const run = silent()
    run.hear(A, MONDAY, 5)
    run.wait(35 * SECOND)
    run.answer(traded(A, MONDAY + 999, 777))
    run.wait(10 * SECOND)
    expect(run.mute()).toEqual([])
    run.answer(traded(A, MONDAY + 1_000, 778))
    run.wait(10 * SECOND)
    expect(run.mute()).toEqual([[A, 1]])
  })

  it('are told apart by sequence once an answer has told the very trade that had come', () => {
    const run = silent()
    run.hear(A, MONDAY, 5)
    run.hear(B, MONDAY, 6)
    run.wait(35 * SECOND)
    run.answer(traded(A, MONDAY, 5), traded(B, MONDAY, 6))
    run.wait(70 * SECOND)
    run.answer(traded(A, MONDAY, 7), traded(B, MONDAY, 6))
    run.wait(10 * SECOND)
    expect(run.mute()).toEqual([[A, 1]])
  })
})

describe('the word of the vendor on a feed without any data', () => {
  it('proves it quiet where it tells what came, or what was traded before the connection', () => {
    const run = silent()
    run.hear(A, MONDAY, 5)
    run.wait(30 * SECOND)
    expect(run.answer(traded(A, MONDAY, 5), traded(B, MONDAY - MINUTE - 1))).toBe(true)
  })

  it.each([
    ['a trade that did not come', [traded(A, MONDAY + 10 * SECOND), traded(B, MONDAY - HOUR)]],
    ['a trade that may have been on this connection', [traded(A, MONDAY, 5), traded(B, MONDAY - MINUTE)]],
    ['nothing', []],
  ])('proves nothing where it tells %s', (_, trades) => {
    const run = silent()
    run.hear(A, MONDAY, 5)
    run.wait(30 * SECOND)
    expect(run.answer(...trades)).toBe(false)
  })
})

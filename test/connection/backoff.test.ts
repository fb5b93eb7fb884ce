import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Backoff } from '../../src/core/connection/backoff.ts'
import { Endpoints } from '../../src/core/connection/endpoints.ts'
import { Gate } from '../../src/core/connection/gate.ts'
import { ManualClock } from '../support/manual-clock.ts'

describe('back-off', () => {
  it('is full jitter over 3, 6, 8, 8 s, and short again after data', () => {
    const backoff = new Backoff({ floorMs: 3_000 }, () => 0.999_999)
    const waits = [1, 2, 3, 4].map(() => Math.round(backoff.failed(1_000_000, 8_000)))
    expect(waits).toEqual([3_000, 6_000, 8_000, 8_000])
    backoff.reset()
    expect(Math.round(backoff.failed(1_000_000, 8_000))).toBe(3_000)
  })

  it('never connects again sooner than the floor after the last connect', () => {
    fc.assert(
      fc.property(fc.nat(20_000), fc.double({ min: 0, max: 0.999, noNaN: true }), (connectedFor, random) => {
        const backoff = new Backoff({ floorMs: 10_000 }, () => random)
        backoff.connecting(500)
        const wait = backoff.failed(500 + connectedFor, 30_000)
        expect(connectedFor + wait).toBeGreaterThanOrEqual(10_000)
        expect(wait).toBeLessThanOrEqual(10_000)
      }),
    )
  })

  it('stays finite after a thousand failures', () => {
    const backoff = new Backoff({ floorMs: 3_000 }, () => 0.5)
    for (let i = 0; i < 2_000; i++) expect(backoff.failed(1e9, 60_000)).toBeLessThanOrEqual(30_000)
  })
})

describe('endpoints', () => {
  it('keep the order given until something is known', () => {
    expect(new Endpoints(['a', 'b']).best()).toBe('a')
  })

  it('rotate on failure, come back when the others fail as often, and prefer the one that delivers', () => {
    const endpoints = new Endpoints(['a', 'b', 'c'])
    const tried = Array.from({ length: 6 }, () => {
      const best = endpoints.best()
      endpoints.failed(best)
      return best
    })
    expect(tried).toEqual(['a', 'b', 'c', 'a', 'b', 'c'])
    endpoints.delivered('b')
    expect(endpoints.best()).toBe('b')
  })

  it('that fail less come before those that connect faster', () => {
    const endpoints = new Endpoints(['a', 'b'])
    endpoints.opened('a', 5)
    endpoints.opened('b', 90)
    endpoints.failed('a')
    expect(endpoints.best()).toBe('b')
  })

  it('of equal failures take the one that connected fastest', () => {
    const endpoints = new Endpoints(['a', 'b'])
    endpoints.opened('a', 90)
    endpoints.failed('a')
    endpoints.opened('b', 12)
    endpoints.failed('b')
    expect(endpoints.best()).toBe('b')
  })
})

describe('the gate', () => {
  it('lets frames out in the order they came, never two closer than the gap', async () => {
    const clock = new ManualClock()
    const gate = new Gate(1_050, clock)
    const { signal } = new AbortController()
    const out: [string, number][] = []
    for (const name of ['a', 'b', 'c']) void gate.turn(signal).then(() => out.push([name, clock.monotonic()]))
    await clock.advance(5_000)
    void gate.turn(signal).then(() => out.push(['d', clock.monotonic()]))
    await clock.advance(1)
    expect(out).toEqual([
      ['a', 0],
      ['b', 1_050],
      ['c', 2_100],
      ['d', 5_000],
    ])
  })

  it('keeps the distance from an answer that was long on its way: the vendor counts from there', async () => {
    const clock = new ManualClock()
    const gate = new Gate(1_050, clock)
    const { signal } = new AbortController()
    await gate.turn(signal)
    let passed = false
    const next = gate.turn(signal).then(() => {
      passed = true
    })
    await clock.advance(400)
    gate.answered()
    await clock.advance(1_000)
    expect(passed).toBe(false)
    await clock.advance(10)
    expect(passed).toBe(true)
    await next
  })

  it('slowed down holds the next frame and doubles the gap, to the cap', async () => {
    const clock = new ManualClock()
    const gate = new Gate(0, clock)
    const { signal } = new AbortController()
    const out: number[] = []
    const next = (): void => void gate.turn(signal).then(() => out.push(clock.monotonic()))
    gate.slow(1_500)
    next()
    await clock.advance(1_000)
    gate.slow(1_500)
    next()
    next()
    await clock.advance(5_000)
    expect(out).toEqual([1_000, 2_500, 4_000])
  })

  it('lets nobody through once the signal aborted', async () => {
    const clock = new ManualClock()
    const gate = new Gate(1_000, clock)
    const stop = new AbortController()
    await gate.turn(stop.signal)
    const waiting = gate.turn(stop.signal)
    stop.abort()
    expect(await waiting).toBe(false)
  })
})

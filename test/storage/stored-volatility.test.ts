import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Gap, MarketEvent, Tick } from '../../src/core/market/event.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { VolatilityMonitor } from '../../src/core/statistics/volatility/monitor.ts'
import type { VolatilityOptions } from '../../src/core/statistics/volatility/options.ts'
import type { VolatilityRecord } from '../../src/core/statistics/volatility/record.ts'
import { type VolatilityRun, volatility } from '../../src/core/statistics/volatility/volatility.ts'
import { columnsOf } from '../../src/core/storage/columns.ts'
import type { Store } from '../../src/core/storage/store.ts'
import { evaluateStored } from '../../src/core/storage/stored-volatility.ts'
import { at, gap, tick } from './sample.ts'

const sessions = new Sessions()

const SETTINGS: readonly VolatilityOptions[] = [
  { preset: 'tutorial', minHistory: 5 },
  { preset: 'tutorial', minHistory: 5, sessionBreaks: 'exclude', confirmVolume: 1.1, include: [], window: '10m' },
  { preset: 'tutorial', minHistory: 5, price: 'mid', window: '7t', lookback: '1d', confirmVolume: 1.1 },
  { minHistory: 5, window: '10m' },
  { minHistory: 5, price: 'mid', grid: '30s', window: '10m', lookback: '2d', sessionBreaks: 'include' },
]

const steps = fc.array(
  fc.record({
    wait: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30_000 }), fc.integer({ min: 0, max: 1_200_000 })),
    move: fc.integer({ min: -5, max: 5 }),
    volume: fc.integer({ min: 1, max: 100 }),
    spread: fc.constantFrom(0.2, 0.4, -0.2, null),
    flags: fc.constantFrom([], [], [], ['odd_lot'] as const, ['locked'] as const),
    index: fc.constantFrom(false, false, true),
  }),
  { minLength: 1, maxLength: 400 },
)

const gaps = fc.array(
  fc.record({
    share: fc.double({ min: -0.1, max: 1.1, noNaN: true }),
    length: fc.integer({ min: 0, max: 300_000 }),
    symbol: fc.constantFrom('00700.HK', null),
    filled_by: fc.constantFrom(null, null, 'backfill' as const),
  }),
  { maxLength: 6 },
)

type Run = VolatilityOptions & VolatilityRun

type Made<T> = T extends fc.Arbitrary<infer U> ? U : never

function ticksOf(made: Made<typeof steps>): Tick[] {
  let timestamp = at('09:25')
  let price = 600
  return made.map(({ wait, move, volume, spread, flags, index }, seq) => {
    timestamp += wait
    price = Math.max(500, price + move * 0.2)
    const quote = spread === null ? null : { bid_price: price, ask_price: price + spread, bid_size: 100, ask_size: 100 }
    return {
      ...tick({ timestamp, last_price: price, volume: index ? null : volume * 100, seq, flags }),
      bid_price: quote?.bid_price ?? null,
      ask_price: quote?.ask_price ?? null,
    }
  })
}

/** At times of ticks as well as between them: shares of the ticks' span, taken to the nearest tick where even. */
function gapsOf(made: Made<typeof gaps>, ticks: readonly Tick[]): Gap[] {
  const first = ticks[0]!.timestamp
  const span = ticks.at(-1)!.timestamp - first
  return made
    .map(({ share, length, symbol, filled_by }, i) => {
      const near = ticks[Math.floor(share * ticks.length)]
      const from = i % 2 === 0 && near ? near.timestamp : first + Math.round(share * span)
      return gap({ from, to: from + length, symbol, filled_by })
    })
    .sort((a, b) => a.from - b.from)
}

/** What a store reads: a gap behind the ticks of its `from`. */
function inOrder(ticks: readonly Tick[], holes: readonly Gap[]): MarketEvent[] {
  const time = (event: Tick | Gap) => (event.type === 'tick' ? event.timestamp : event.from + 0.5)
  return [...ticks, ...holes].sort((a, b) => time(a) - time(b))
}

/** A store whose chunks of columns have `size` ticks. */
function storeOf(ticks: readonly Tick[], holes: readonly Gap[], size: number): Store {
  return {
    async *columns(_: string, { book }: { book?: boolean }) {
      for (let i = 0; i < ticks.length; i += size) yield columnsOf(ticks.slice(i, i + size), book)
    },
    gaps: () => holes,
  } as unknown as Store
}

async function all(batches: AsyncIterable<readonly VolatilityRecord[]>): Promise<VolatilityRecord[]> {
  const records: VolatilityRecord[] = []
  for await (const batch of batches) records.push(...batch)
  return records
}

/** The records of columns in chunks of `size` ticks. */
function ofColumns(ticks: readonly Tick[], holes: readonly Gap[], size: number, run: Run, signal?: AbortSignal) {
  const monitor = new VolatilityMonitor(run, run)
  return all(evaluateStored(storeOf(ticks, holes, size), '00700.HK', {}, monitor, run, signal))
}

async function ofEvents(events: MarketEvent[], options: Run) {
  return all(
    volatility(
      (async function* () {
        yield events
      })(),
      options,
    ),
  )
}

describe('volatility of stored columns', () => {
  const cases = fc.record({
    made: steps,
    holes: gaps,
    settings: fc.constantFrom(...SETTINGS),
    size: fc.integer({ min: 1, max: 100 }),
    since: fc.constantFrom(undefined, at('09:45'), at('11:00')),
  })

  test('gives the records of the same ticks and gaps as events, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ made, holes, settings, size, since }) => {
        const ticks = ticksOf(made)
        const missing = gapsOf(holes, ticks)
        const run = { ...settings, sessions, ...(since !== undefined && { since }) }
        const stored = await ofColumns(ticks, missing, size, run)
        expect(JSON.stringify(stored)).toBe(JSON.stringify(await ofEvents(inOrder(ticks, missing), run)))
      }),
    )
  })

  test('with `last` gives the records with an event, then the newest one, each once and as in the full run', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ made, holes, settings, size, since }) => {
        const ticks = ticksOf(made)
        const missing = gapsOf(holes, ticks)
        const run = { ...settings, sessions, ...(since !== undefined && { since }) }
        const full = await ofEvents(inOrder(ticks, missing), run)
        const wanted = full.filter((record, i) => record.event !== null || i === full.length - 1)
        const stored = await ofColumns(ticks, missing, size, { ...run, last: true })
        expect(JSON.stringify(stored)).toBe(JSON.stringify(wanted))
        expect(JSON.stringify(await ofEvents(inOrder(ticks, missing), { ...run, last: true }))).toBe(
          JSON.stringify(wanted),
        )
      }),
    )
  })

  test('reading ends with the signal, and what was read counts', async () => {
    const ticks = Array.from({ length: 30 }, (_, i) => tick({ timestamp: at('10:00') + i, seq: i }))
    const stopped = AbortSignal.abort()
    const run = { preset: 'tutorial', sessions, last: true } as const
    const [record] = await ofColumns(ticks, [], 10, run, stopped)
    expect(record?.timestamp).toBe(ticks[9]!.timestamp)
  })
})

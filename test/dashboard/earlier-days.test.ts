import { beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { EarlierDays } from '../../src/core/dashboard/earlier-days.ts'
import { bucketsBy } from '../../src/core/dashboard/intervals.ts'
import { type ChartVolatility, INTERVALS, type Interval } from '../../src/core/dashboard/protocol.ts'
import { Sheet } from '../../src/core/dashboard/sheet.ts'
import { showStore } from '../../src/core/dashboard/show.ts'
import type { Tick } from '../../src/core/market/event.ts'
import { DAY, dayNumber, dayStart, HOUR, MINUTE } from '../../src/core/market/time.ts'
import { openSimulator } from '../../src/core/simulator/simulator.ts'
import { VolatilityMonitor } from '../../src/core/statistics/volatility/monitor.ts'
import type { VolatilityOptions } from '../../src/core/statistics/volatility/options.ts'
import type { Store } from '../../src/core/storage/store.ts'
import { evaluateRecorded } from '../../src/core/warm-up/evaluations.ts'
import { at, gap } from '../storage/sample.ts'
import { ManualClock, turn, until } from '../support/manual-clock.ts'
import { Disk, MemoryStore } from '../support/memory-store.ts'
import { looking, sessions } from './support.ts'

const SYMBOL = '00700.HK'
const DAYS = 15
const START = at('09:20:00')
const CONTEXT = { sessions, buckets: bucketsBy(sessions), mostSeconds: () => 0, mostMinutes: () => 0 }
const SETTINGS: VolatilityOptions = { sessions, lookback: '6d' }
const disk = new Disk()
let today = 0

/** Days of a market, and a hole in an hour of the third. */
beforeAll(async () => {
  const options = { symbols: [SYMBOL], seed: 5, speed: 'max', rate: 0.2, start: START, days: DAYS, sessions } as const
  const hole = gap({ from: sessions.daysBefore(START + 30 * DAY, 30)[2]!.continuous[0]!.open + HOUR, to: 0 })
  const whole = { ...hole, symbol: SYMBOL, to: hole.from + HOUR }
  const store = new MemoryStore(disk)
  for await (const batch of openSimulator({ ...options, clock: systemClock })) {
    const ticks = batch.filter((event): event is Tick => event.type === 'tick')
    await store.write(ticks.filter(({ timestamp }) => timestamp < whole.from || timestamp > whole.to))
    for (const { timestamp } of ticks) today = Math.max(today, dayStart(dayNumber(timestamp)))
  }
  await store.write([whole])
})

/** A store that counts readings of ticks, and lets none begin before it is opened. */
class Gated extends MemoryStore {
  readonly spans: { since?: number | undefined; until?: number | undefined }[] = []
  gate: Promise<void> = Promise.resolve()

  override async *columns(...[symbol, span]: Parameters<Store['columns']>) {
    this.spans.push(span)
    await this.gate
    yield* super.columns(symbol, span)
  }
}

const pointOf = ({ timestamp, volatility, usual, threshold, volume_ratio, state, event }: ChartVolatility) => {
  return { timestamp, volatility, usual, threshold, volume_ratio, state, event }
}

/** What `hkq volatility` prints of a store. */
async function printed(settings: VolatilityOptions): Promise<ChartVolatility[]> {
  const records: ChartVolatility[] = []
  const run = { store: new MemoryStore(disk), symbols: [SYMBOL], settings, last: false, onLive: () => {} }
  const evaluator = () => new VolatilityMonitor(settings)
  const when = { clock: new ManualClock(today + DAY), signal: new AbortController().signal }
  for await (const batch of evaluateRecorded({ ...run, ...when, evaluator })) records.push(...batch.map(pointOf))
  return records
}

/** A page over the store on the evening of its last day. */
async function open(settings = SETTINGS, store = new Gated(disk)) {
  const [clock, stop] = [new ManualClock(today + 20 * HOUR), new AbortController()]
  const context = { symbols: [SYMBOL], sessions, settings, clock, signal: stop.signal }
  const show = await showStore(store, { name: 'a.db' }, context)
  await show.ready
  const line = show.desk.sheets.get(SYMBOL)!.volatility
  await until(() => line.size > 0)
  const view = looking({ ...show, isRecorded: true })
  const said = () => view.page.messages.filter(({ type }) => type === 'volatility')
  return {
    ...{ store, view, clock, said },
    /** Watches, and scrolls back to the beginning. */
    async toTheBeginning(every: Interval): Promise<void> {
      await view.watch(SYMBOL, every)
      for (let count = 0, more = true; more && view.page.chart.length > count; ) {
        count = view.page.chart.length
        const before = view.page.messages.length
        view.viewer.receive({ type: 'older', id: 1, before: view.page.chart[0]!.start })
        await until(() => view.page.messages.slice(before).some(({ type }) => type === 'older'))
        more = view.page.messages.some((one) => one.type === 'older' && one.more === false) === false
      }
    },
    async close(): Promise<void> {
      await view.leave()
      stop.abort()
      await clock.advance(20_000)
      await show.close()
    },
  }
}

describe('volatility of the days before today', () => {
  it.each<[string, VolatilityOptions]>([
    ['grid-std with a seasonal threshold', SETTINGS],
    ['a flat threshold at a low quantile', { sessions, lookback: '2d', threshold: 'flat', quantile: 0.3 }],
    ['an estimator of bars', { sessions, lookback: '3d', estimator: 'garman-klass', every: '1m', window: '30m' }],
    ['all of the history', { sessions, lookback: 'all', sessionBreaks: 'include' }],
  ])('is what the command prints, value by value, over the whole history: %s', async (_, settings) => {
    const { view, toTheBeginning, close } = await open(settings)
    await toTheBeginning('1m')
    const expected = (await printed(settings)).filter(({ timestamp }) => timestamp < today)
    const seen = () => [...view.page.volatility.values()].filter(({ timestamp }) => timestamp < today)
    await until(() => seen().length >= expected.length)
    expect(seen().sort((a, b) => a.timestamp - b.timestamp)).toEqual(expected)
    expect(expected.length).toBeGreaterThan(300 * (DAYS - 1))
    expect(expected.some(({ threshold }) => threshold !== null)).toBe(true)
    expect(expected.some(({ event }) => event === 'enter')).toBe(true)
    expect(expected.some(({ volatility }, i) => i > 700 && volatility === null)).toBe(true)
    await close()
  })

  it.each(INTERVALS.filter((every) => !every.endsWith('s')))(
    'is at %s the last value of each step, and those that begin or end an alert',
    async (every) => {
      const { view, toTheBeginning, close } = await open()
      await toTheBeginning(every)
      const buckets = bucketsBy(sessions)[every]
      const stepOf = ({ timestamp }: ChartVolatility) => buckets.of(timestamp - 1)!.start
      const expected = (await printed(SETTINGS)).filter(
        (record, i, all) =>
          record.timestamp < today &&
          (record.event !== null || all[i + 1] === undefined || stepOf(record) !== stepOf(all[i + 1]!)),
      )
      const seen = () => [...view.page.volatility.values()].filter(({ timestamp }) => timestamp < today)
      await until(() => seen().length >= expected.length)
      expect(seen().sort((a, b) => a.timestamp - b.timestamp)).toEqual(expected)
      await close()
    },
  )

  it('comes behind the candles, which wait for none of it, nor do the frames', async () => {
    const { store, view, said, close } = await open()
    let opened = (): void => {}
    store.gate = new Promise((resolve) => {
      opened = resolve
    })
    await view.watch(SYMBOL, '1m')
    const frames = view.page.frames.length
    for (let i = 0; i < 3; i++) await view.paint(1_000)
    expect(view.page.chart.length).toBeGreaterThan(500)
    expect(view.page.frames.length).toBeGreaterThanOrEqual(frames + 3)
    expect(said()).toEqual([])
    opened()
    await until(() => said().length > 0)
    await close()
  })

  it('is read once for all who ask, and again after an hour, when a hole may have been filled', async () => {
    const [store, clock] = [new Gated(disk), new ManualClock()]
    const days = new EarlierDays(store, SETTINGS, { begin: today, clock })
    const ask = async (every: Interval): Promise<void> => {
      const stretch = { every, from: today - 2 * DAY, to: today }
      for await (const points of days.of(new Sheet(SYMBOL, CONTEXT), stretch, new AbortController().signal)) {
        expect(points.length).toBeGreaterThan(0)
      }
    }
    await Promise.all([ask('1m'), ask('1m'), ask('5m')])
    expect(store.spans).toHaveLength(1)
    await clock.advance(HOUR - MINUTE)
    await ask('1h')
    expect(store.spans).toHaveLength(1)
    await clock.advance(MINUTE)
    await ask('1m')
    expect(store.spans).toHaveLength(2)
  })

  it('is no more read for a page that has turned to something else, or is gone', async () => {
    const { store, view, said, close } = await open()
    let opened = (): void => {}
    store.gate = new Promise((resolve) => {
      opened = resolve
    })
    await view.watch(SYMBOL, '1m', 1)
    await view.watch(SYMBOL, '5m', 2)
    await view.watch(SYMBOL, '15m', 3)
    await view.leave()
    const begun = store.spans.length
    opened()
    for (let i = 0; i < 50; i++) await turn()
    expect(said()).toEqual([])
    expect(store.spans).toHaveLength(begun)
    await close()
  })

  it('is told as far as a year back, a few months a reading, the newest first', async () => {
    const store = new Gated(new Disk())
    const days = new EarlierDays(store, SETTINGS, { begin: today, clock: new ManualClock() })
    const stretch = { every: '1d', from: 0, to: Number.POSITIVE_INFINITY } as const
    for await (const points of days.of(new Sheet(SYMBOL, CONTEXT), stretch, new AbortController().signal))
      expect(points).toEqual([])
    const first = (span: { since?: number | undefined }) => span.since!
    expect(store.spans.map(first)).toEqual([...store.spans.map(first)].sort((a, b) => b - a))
    expect(store.spans.length).toBe(5)
    expect(first(store.spans.at(-1)!)).toBe(dayStart(sessions.daysBefore(today, 250 + 7)[0]!.number))
  })
})

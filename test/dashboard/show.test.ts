import { describe, expect, it } from 'vitest'
import { resample } from '../../src/core/bars/resample.ts'
import { systemClock } from '../../src/core/clock.ts'
import { LENGTHS } from '../../src/core/dashboard/intervals.ts'
import type { ChartBar, ChartVolatility, Interval } from '../../src/core/dashboard/protocol.ts'
import { type ShowContext, showJoined, showSource, showStore } from '../../src/core/dashboard/show.ts'
import type { Batches, MarketEvent, Status, Tick } from '../../src/core/market/event.ts'
import { DAY, dayNumber, dayStart, MINUTE } from '../../src/core/market/time.ts'
import { Channel } from '../../src/core/pipeline/channel.ts'
import type { Source } from '../../src/core/pipeline/source.ts'
import { openSimulator } from '../../src/core/simulator/simulator.ts'
import { VolatilityMonitor } from '../../src/core/statistics/volatility/monitor.ts'
import { volatility } from '../../src/core/statistics/volatility/volatility.ts'
import { evaluateRecorded } from '../../src/core/warm-up/evaluations.ts'
import { at, tick } from '../storage/sample.ts'
import { ManualClock, until } from '../support/manual-clock.ts'
import { Disk, MemoryStore } from '../support/memory-store.ts'
import { looking, sessions } from './support.ts'

const SYMBOLS = ['HSI', '00700.HK', '09988.HK']

function simulator(days: number, signal?: AbortSignal): Source {
  return openSimulator({
    ...{
      symbols: SYMBOLS,
      seed: 7,
      speed: 'max',
      rate: 0.5,
      start: at('09:20:00'),
      days,
      sessions,
      clock: systemClock,
    },
    ...(signal && { signal }),
  })
}

function contextOf(more: Partial<ShowContext> = {}): ShowContext {
  const signal = new AbortController().signal
  return { symbols: SYMBOLS, sessions, settings: { sessions }, clock: systemClock, signal, ...more }
}

async function all(events: Batches): Promise<MarketEvent[]> {
  const found: MarketEvent[] = []
  for await (const batch of events) found.push(...batch)
  return found
}

async function barsOf(events: readonly MarketEvent[], symbol: string, every: Interval): Promise<ChartBar[]> {
  const bars: ChartBar[] = []
  const own = events.filter((event) => event.type === 'tick' && event.symbol === symbol)
  const source = (async function* () {
    yield own
  })()
  for await (const batch of resample(source, { every: LENGTHS[every], sessions })) {
    for (const { type: _, symbol: __, mean: ___, ...bar } of batch) bars.push(bar)
  }
  return bars
}

const pointOf = ({ timestamp, volatility, usual, threshold, volume_ratio, state, event }: ChartVolatility) => {
  return { timestamp, volatility, usual, threshold, volume_ratio, state, event }
}

describe('a simulated day at full speed', () => {
  it('is on the page in the end as resample and volatility have it, however seldom the page painted', async () => {
    const source = simulator(1)
    const show = showSource(source, source, contextOf())
    const view = looking({ desk: show.desk, past: show.past, now: show.now })
    await until(() => show.desk.sheets.get('00700.HK')!.tape.count > 100)
    await view.watch('00700.HK', '5m')
    for (let i = 0; i < 20; i++) await view.paint()
    await show.done
    await view.paint()
    await view.paint(1_000)
    const events = await all(simulator(1))
    expect(view.page.chart).toEqual(await barsOf(events, '00700.HK', '5m'))
    const records = (await all(
      volatility(
        (async function* () {
          yield events
        })(),
        { sessions },
      ) as never,
    )) as unknown as (ChartVolatility & { symbol: string })[]
    const own = records.filter(({ symbol }) => symbol === '00700.HK').map(pointOf)
    const seen = [...view.page.volatility.values()]
    expect(seen.length).toBeGreaterThan(300)
    expect(own.slice(0, seen.length)).toEqual(seen)
    const rows = [...view.page.rows.values()]
    const last = (symbol: string): number =>
      (events.findLast((one) => one.type === 'tick' && one.symbol === symbol) as Tick).last_price
    expect(rows.map(({ symbol, last_price }) => [symbol, last_price])).toEqual(
      SYMBOLS.map((symbol) => [symbol, last(symbol)]),
    )
    await view.leave()
  })

  it('lets a page that opens while it runs look at once', async () => {
    const stop = new AbortController()
    const source = simulator(0, stop.signal)
    const show = showSource(source, source, contextOf({ signal: stop.signal }))
    const view = looking({ desk: show.desk, past: show.past, now: show.now })
    for (const every of ['1s', '1m', '1d'] as const) await view.watch('HSI', every, LENGTHS[every])
    expect(view.page.messages.filter(({ type }) => type === 'history')).toHaveLength(3)
    stop.abort()
    await show.close()
    await view.leave()
  })
})

describe('volatility after a store', () => {
  it('is judged by the look-back of the store, as the command of that name does, and goes on with what comes', async () => {
    const disk = new Disk()
    const store = new MemoryStore(disk)
    const events = await all(simulator(3))
    const ticks = events.filter((event): event is Tick => event.type === 'tick')
    const half = Math.floor(ticks.length * 0.9)
    await store.write(ticks.slice(0, half))
    const [clock, stop] = [new ManualClock(ticks.at(-1)!.timestamp + MINUTE), new AbortController()]
    const settings = { sessions, lookback: '2d' }
    const show = await showStore(store, { name: 'a.db' }, contextOf({ clock, settings, signal: stop.signal }))
    const line = show.desk.sheets.get('00700.HK')!.volatility
    await until(() => (line.newest?.timestamp ?? 0) > ticks[half - 1]!.timestamp - 10 * MINUTE)
    for (let i = half; i < ticks.length; i += 500) {
      await store.write(ticks.slice(i, i + 500))
      await clock.advance(300)
    }
    await clock.advance(5_000)
    await until(() => line.newest!.timestamp >= ticks.at(-1)!.timestamp - 10 * MINUTE)
    const expected: ChartVolatility[] = []
    const since = dayStart(dayNumber(ticks.at(-1)!.timestamp))
    for await (const batch of evaluateRecorded({
      ...{ store: new MemoryStore(disk), symbols: ['00700.HK'], settings, last: false, since, clock },
      ...{
        evaluator: (wanted) => new VolatilityMonitor(settings, { ...wanted, since }),
        signal: stop.signal,
        onLive: () => {},
      },
    })) {
      expected.push(...batch.map(pointOf))
    }
    const seen = line.within(0, Number.POSITIVE_INFINITY)
    expect(seen.length).toBeGreaterThan(300)
    expect(expected.slice(0, seen.length)).toEqual(seen)
    expect(seen.some(({ threshold }) => threshold !== null)).toBe(true)
    stop.abort()
    await clock.advance(60_000)
    await show.close()
  })
})

describe('a store of simulated trades', () => {
  it('is up while a recorder commits, whatever day its trades are of, and says when none does', async () => {
    const disk = new Disk()
    const [clock, stop] = [new ManualClock(at('10:00:00')), new AbortController()]
    const recorder = new MemoryStore(disk, () => clock.now())
    const trade = (seq: number) => tick({ seq, timestamp: at('10:00:00') + 5 * DAY + seq, source: 'sim' })
    await recorder.write([trade(1)])
    const context = contextOf({ symbols: ['00700.HK'], clock, signal: stop.signal })
    const show = await showStore(new MemoryStore(disk), { name: 'a.db' }, context)
    const count = () => show.desk.sheets.get('00700.HK')!.tape.count
    const feeds = () => show.desk.feeds.states(show.now(), true)
    await until(() => count() === 1)
    await clock.advance(300)
    expect(feeds()).toMatchObject([{ source: 'sim', state: 'up' }])
    await clock.advance(3 * MINUTE)
    await until(() => feeds()[0]!.state === 'ended')
    expect(feeds()).toMatchObject([{ detail: 'nothing is being recorded', since: trade(1).timestamp }])
    await recorder.write([trade(2)])
    await clock.advance(300)
    await until(() => count() === 2 && feeds()[0]!.state === 'up')
    stop.abort()
    await clock.advance(MINUTE)
    await show.close()
  })
})

describe('a live feed after a store', () => {
  const live = (time: string, seq: number, more: Partial<Tick> = {}): Tick =>
    tick({ timestamp: at(time), seq, received_at: at(time) + 40, ...more })
  const up = (time: string): Status => {
    return { type: 'status', source: 'alltick', symbol: null, state: 'up', timestamp: at(time), detail: 'connected' }
  }

  it('counts what both have once, shows what came between, and the state of the feed', async () => {
    const disk = new Disk()
    const recorder = new MemoryStore(disk)
    await recorder.write([live('10:00:00', 1), tick({ timestamp: at('10:00:00') - DAY, seq: 9 }), live('10:03:00', 2)])
    const [clock, stop, feed] = [new ManualClock(at('10:04:00')), new AbortController(), new Channel<MarketEvent>()]
    const context = contextOf({ symbols: ['00700.HK'], clock, signal: stop.signal })
    const show = await showJoined(new MemoryStore(disk), { name: 'alltick', clock }, feed, context)
    await show.ready
    const view = looking({ desk: show.desk, past: show.past, now: show.now, isRecorded: true })
    await until(() => show.desk.sheets.get('00700.HK')!.tape.count === 2)
    await view.watch('00700.HK', '1m')
    await recorder.write([live('10:04:01', 3)])
    feed.pushAll([up('10:04:01'), live('10:03:00', 2), live('10:04:02', 4), live('10:04:03', 5, { last_price: 700 })])
    await until(() => show.desk.sheets.get('00700.HK')!.tape.count === 5)
    await view.paint()
    await view.paint(300)
    expect(view.page.chart.map(({ start, trades }) => [start, trades])).toEqual([
      [at('10:00:00') - DAY, 1],
      [at('10:00:00'), 1],
      [at('10:03:00'), 1],
      [at('10:04:00'), 3],
    ])
    expect(view.page.ticks.map(({ nth }) => nth)).toEqual([0, 1, 2, 3, 4, 5])
    expect(view.page.last.feeds).toMatchObject([{ source: 'alltick', state: 'up', detail: 'connected', lag: 40 }])
    stop.abort()
    feed.close()
    await clock.advance(60_000)
    await show.close()
    await view.leave()
  })
})

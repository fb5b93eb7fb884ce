import { Desk } from '../../src/core/dashboard/desk.ts'
import { PastReader } from '../../src/core/dashboard/past.ts'
import type {
  ChartBar,
  ChartGap,
  ChartVolatility,
  Frame,
  Hello,
  Interval,
  ServerMessage,
  TapeTick,
  WatchRow,
} from '../../src/core/dashboard/protocol.ts'
import { Viewer, type ViewerContext } from '../../src/core/dashboard/viewer.ts'
import type { MarketEvent } from '../../src/core/market/event.ts'
import { Sessions } from '../../src/core/market/session.ts'
import type { VolatilityRecord } from '../../src/core/statistics/volatility/record.ts'
import { ManualClock, until } from '../support/manual-clock.ts'

export const sessions = new Sessions()

export const HELLO: Hello = {
  ...{ type: 'hello', protocol: 1, build: 'b', version: '0', source: 'test', kind: 'live' },
  strategy: { window: '30m', quantile: 0.9, estimator: 'grid-std' },
}

/** What a page makes of what it is sent: the last word counts. */
export class PageModel {
  readonly messages: ServerMessage[] = []
  readonly rows = new Map<string, WatchRow>()
  readonly bars = new Map<number, ChartBar>()
  readonly volatility = new Map<number, ChartVolatility>()
  ticks: TapeTick[] = []
  gaps = new Map<string, ChartGap>()

  take(message: ServerMessage): void {
    this.messages.push(message)
    if (message.type === 'history') {
      this.bars.clear()
      this.ticks = [...message.ticks]
    }
    if (message.type !== 'frame' && message.type !== 'hello' && message.type !== 'refusal') this.#add(message)
    if (message.type !== 'frame') return
    for (const row of message.rows ?? []) this.rows.set(row.symbol, { ...this.rows.get(row.symbol), ...row })
    if (message.watched) this.#add(message.watched)
    this.ticks.push(...(message.watched?.ticks ?? []))
  }

  get frames(): Frame[] {
    return this.messages.filter((message): message is Frame => message.type === 'frame')
  }

  get last(): Frame {
    return this.frames.at(-1)!
  }

  /** Its bars in order. */
  get chart(): ChartBar[] {
    return [...this.bars.values()].sort((a, b) => a.start - b.start)
  }

  #add(news: {
    bars?: readonly ChartBar[]
    volatility?: readonly ChartVolatility[]
    gaps?: readonly ChartGap[]
  }): void {
    for (const bar of news.bars ?? []) this.bars.set(bar.start, bar)
    for (const point of news.volatility ?? []) this.volatility.set(point.timestamp, point)
    for (const gap of news.gaps ?? []) this.gaps.set(`${gap.from} ${gap.to}`, gap)
  }
}

/** A desk, a viewer of it and its page, at a time that a test moves. */
export function looking(more: Partial<ViewerContext> = {}, desk = more.desk ?? new Desk(sessions)) {
  const clock = new ManualClock()
  const page = new PageModel()
  let present = 0
  const viewer = new Viewer({
    ...{ desk, past: new PastReader(desk), hello: HELLO, clock, isRecorded: false, ready: Promise.resolve() },
    ...{ now: () => present, send: (message: ServerMessage) => page.take(JSON.parse(JSON.stringify(message))) },
    ...more,
  })
  const gone = new AbortController()
  const ran = viewer.run(gone.signal)
  return {
    ...{ desk, viewer, page, clock },
    /** Events come, at this time. */
    apply: (events: readonly MarketEvent[], now: number): void => {
      present = now
      desk.apply(events, now)
    },
    moveTo: (now: number): void => {
      present = now
    },
    watch: async (symbol: string, every: Interval, id = 1): Promise<void> => {
      viewer.receive({ type: 'watch', id, symbol, every })
      await until(() => page.messages.some((message) => 'id' in message && message.id === id))
    },
    /** Paints what was sent, and lets a frame's time pass. */
    paint: async (ms = 17): Promise<void> => {
      viewer.receive({ type: 'painted', n: page.last.n })
      await clock.advance(ms)
    },
    leave: async (): Promise<void> => {
      gone.abort()
      await ran
    },
  }
}

/** A value of volatility of 00700.HK, different where said. */
export function value(parts: Partial<VolatilityRecord> = {}): VolatilityRecord {
  return {
    ...{ type: 'volatility', symbol: '00700.HK', timestamp: 0, last_price: 600, volatility: 0.002, annualized: 0.4 },
    ...{ usual: 0.001, ratio: 2, percentile: 95, threshold: 0.0018, volume_ratio: 2, state: 'alert', event: null },
    ...{ samples: 30, estimator: 'grid-std', window: '30m', seasonal: true },
    ...parts,
  }
}

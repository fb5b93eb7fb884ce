import type {
  AlertMark,
  ChartBar,
  ChartSession,
  ChartVolatility,
  Depth,
  FeedState,
  Hello,
  History,
  Interval,
  TapeTick,
  WatchRow,
} from '../../../src/core/dashboard/protocol.ts'
import { Sessions } from '../../../src/core/market/session.ts'
import { DAY, HOUR, MINUTE, parseTime } from '../../../src/core/market/time.ts'
import { Random } from '../../../src/core/simulator/random.ts'

/** The present of the scenes: a Friday morning in continuous trading. */
export const NOW = parseTime('2026-11-20T10:45:30')

const CALENDAR = new Sessions()
const LENGTHS = { s: 1_000, m: MINUTE, h: HOUR, d: DAY } as const

export function lengthOf(every: Interval): number {
  return Number.parseInt(every, 10) * LENGTHS[every.at(-1) as keyof typeof LENGTHS]
}

/** Continuous trading of the days around `time`. */
export function sessionsUpTo(time: number, days = 3): ChartSession[] {
  const past = CALENDAR.daysBefore(time, days - 1)
  return [...past, CALENDAR.day(time)!].flatMap(({ continuous }) =>
    continuous.map(({ phase, open, close }) => ({ phase, open, close })),
  )
}

export function greeting(given: Partial<Hello> = {}): Hello {
  return {
    ...{ type: 'hello', protocol: 1, build: 'one', version: '0.1.0', source: 'stage', kind: 'live' },
    strategy: { window: '30m', quantile: 0.95, estimator: 'close-to-close' },
    ...given,
  }
}

/** Bars of each step of `sessions` up to `now`, but for those that `isEmpty` leaves out. */
export function barsOf(
  every: Interval,
  sessions: readonly ChartSession[],
  now: number,
  { start: price = 677, isEmpty = () => false }: { start?: number; isEmpty?: (start: number) => boolean } = {},
): ChartBar[] {
  const length = lengthOf(every)
  const random = new Random(length)
  const bars: ChartBar[] = []
  let last = price
  const grid = length < DAY ? sessions : sessions.filter(({ phase }) => phase === 'morning')
  for (const { open, close } of grid) {
    for (let start = open; start < close && start <= now; start += length) {
      if (isEmpty(start)) continue
      const moves = Array.from({ length: 6 }, () => Math.round(random.gaussian() * 2) / 2)
      const path = [last]
      for (const move of moves) path.push(path.at(-1)! + move * Math.sqrt(length / MINUTE))
      const rounded = path.map((value) => Math.round(value * 2) / 2)
      last = rounded.at(-1)!
      const volume = 100 * (5 + Math.floor(random.uniform() * 300))
      bars.push({
        ...{ start, end: Math.min(start + length, close), open: rounded[0]!, close: last },
        ...{ high: Math.max(...rounded), low: Math.min(...rounded), volume, turnover: volume * last },
        ...{ vwap: last, trades: Math.ceil(volume / 500), final: start + length <= now, has_gap: false },
      })
    }
  }
  return bars
}

/** A value of volatility for each minute of the bars; an alert begins wherever `alertAt` says. */
export function volatilityOf(bars: readonly ChartBar[], alertAt: readonly number[] = []): ChartVolatility[] {
  return bars.map(({ end }, i) => {
    const wave = 0.0012 + 0.0004 * Math.sin(i / 9)
    const isAlert = alertAt.some((time) => end >= time && end < time + 20 * MINUTE)
    const event = alertAt.includes(end) ? 'enter' : null
    return {
      ...{ timestamp: end, volatility: isAlert ? 0.0026 : wave, usual: 0.0011, threshold: 0.0018 },
      ...{ volume_ratio: isAlert ? 1.9 : 1.02, state: isAlert ? ('alert' as const) : ('normal' as const), event },
    }
  })
}

export function ticksOf(count: number, until: number, { price = 677, nth = 1 } = {}): TapeTick[] {
  const random = new Random(count)
  let last = price
  return Array.from({ length: count }, (_, i) => {
    last += Math.round(random.gaussian()) / 2
    return {
      ...{
        timestamp: until - (count - i) * 310,
        last_price: last,
        volume: 100 * (1 + Math.floor(random.uniform() * 30)),
      },
      ...{
        side: i % 3 === 0 ? ('sell' as const) : ('buy' as const),
        flags: i % 17 === 5 ? ['odd_lot'] : [],
        nth: nth + i,
      },
    }
  })
}

export function depthOf(price = 677, timestamp = NOW): Depth {
  const level = (step: number, i: number): readonly [number, number] => [
    price + step * (i + 1),
    400 * (i + 1) + 1_900 * ((i * 7) % 4),
  ]
  const ten = Array.from({ length: 10 }, (_, i) => i)
  return { timestamp, bids: ten.map((i) => level(-0.5, i)), asks: ten.map((i) => level(0.5, i)) }
}

/** What a page opens with, as a scene wants it. */
export function historyOf(symbol: string, every: Interval, given: Partial<History> = {}): History {
  const sessions = given.sessions ?? sessionsUpTo(NOW)
  const bars = given.bars ?? barsOf(every, sessions, NOW)
  return {
    ...{ type: 'history', id: 0, symbol, every, bars, sessions },
    ...{ volatility: volatilityOf(bars), gaps: [], more: true, ticks: ticksOf(100, NOW), depth: depthOf() },
    ...given,
  }
}

const NAMES = [
  ['HSI', 'Hang Seng Index', '恒生指數', 26_058.92],
  ['00700.HK', 'Tencent', '騰訊控股', 677],
  ['09988.HK', 'Alibaba - W', '阿里巴巴－Ｗ', 236.8],
  ['00005.HK', 'HSBC Holdings', '滙豐控股', 118.4],
  ['01299.HK', 'AIA', '友邦保險', 82.35],
  ['00388.HK', 'HKEX', '香港交易所', 441.2],
  ['03690.HK', 'Meituan - W', '美團－Ｗ', 104.6],
  ['01810.HK', 'Xiaomi - W', '小米集團－Ｗ', 41.18],
  ['00941.HK', 'China Mobile', '中國移動', 86.9],
  ['02800.HK', 'Tracker Fund', '盈富基金', 26.54],
  ['00003.HK', 'HK & China Gas', '香港中華煤氣', 7.185],
  ['01398.HK', 'ICBC', '工商銀行', 6.42],
] as const

/** So many lines of a watch list. */
export function rowsOf(count: number): WatchRow[] {
  const random = new Random(count)
  return Array.from({ length: count }, (_, i) => {
    const [symbol, name_en, name_zh, close] = NAMES[i] ?? [
      ...([`${String(20_000 + i).padStart(5, '0')}.HK`, `Company ${i}`, `公司${i}`, 12.5 + i] as const),
    ]
    const isIndex = symbol === 'HSI'
    const round = (value: number): number => Math.round(value * 100) / 100
    let value = close
    const trend = Array.from({ length: 60 }, () => {
      value *= 1 + random.gaussian() * 0.0012
      return round(value)
    })
    const last_price = trend.at(-1)!
    const volume = isIndex ? null : Math.round(random.uniform() * 4e5) * 100
    return {
      ...{ symbol, facts: { name_en, name_zh, currency: isIndex ? null : 'HKD', lot_size: isIndex ? null : 100 } },
      ...{ last_price, prev_close: close, open: trend[0]!, high: Math.max(...trend), low: Math.min(...trend) },
      ...{ volume, turnover: volume === null ? null : volume * last_price, vwap: isIndex ? null : last_price },
      ...{ bid_price: isIndex ? null : last_price, ask_price: isIndex ? null : round(last_price + 0.02) },
      ...{ timestamp: NOW - 400, halted: false, ratio: 0.6 + random.uniform() },
      ...{ percentile: null, state: 'normal' as const, trend },
    }
  })
}

export function feedOf(given: Partial<FeedState> = {}): FeedState {
  return {
    ...{ source: 'alltick', state: 'up', detail: 'symbols: 12', since: NOW - HOUR, lag: 84, rate: 118 },
    ...{ ticks: 183_221, rejected: 0, gaps: 0, carries: false, ...given },
  }
}

export function alertOf(given: Partial<AlertMark> = {}): AlertMark {
  return {
    ...{
      symbol: '09988.HK',
      timestamp: NOW,
      event: 'enter',
      volatility: 0.00231,
      threshold: 0.0018,
      volume_ratio: 1.62,
    },
    ...given,
  }
}

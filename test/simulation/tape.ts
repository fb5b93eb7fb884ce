import type { Stretch, TradingDay } from '../../src/core/market/session.ts'
import { MINUTE } from '../../src/core/market/time.ts'
import type { Dice } from './dice.ts'

/** A trade that the exchange numbered. */
export interface Trade {
  readonly symbol: string
  readonly seq: bigint
  /** Exchange time, epoch ms. */
  readonly time: number
  /** As the wire has them. A bad trade is one that no recorder can take for a trade. */
  readonly price: string
  readonly volume: string
  readonly isBad: boolean
  /** Whether trading was scheduled at that time, so that the trade is accounted for. */
  readonly isScheduled: boolean
}

/** Trades that the vendor hears of at once. */
export interface Push {
  readonly at: number
  readonly trades: readonly Trade[]
}

interface Issue {
  readonly symbol: string
  /** Mean pause between trades, ms. */
  readonly pause: number
  readonly firstSeq: bigint
  readonly price: number
}

/** A busy stock, an index, one whose numbers no double can tell apart, and one that hardly trades. */
const ISSUES: readonly Issue[] = [
  { symbol: '00700.HK', pause: 12_000, firstSeq: 1_795_000_000_000n, price: 612_000 },
  { symbol: 'HSI', pause: 15_000, firstSeq: 1n, price: 26_000_000 },
  { symbol: '00005.HK', pause: 40_000, firstSeq: 2n ** 53n, price: 101_000 },
  { symbol: '08123.HK', pause: 50 * MINUTE, firstSeq: 500n, price: 1_230 },
]

export const SYMBOLS: readonly string[] = ISSUES.map(({ symbol }) => symbol)

/** Everything that the exchange trades on these days, in order of time; numbers go on from day to day. */
export function tapeOf(days: readonly TradingDay[], dice: Dice): Push[] {
  const next = new Map(ISSUES.map(({ symbol, firstSeq }) => [symbol, firstSeq]))
  const pushes: Push[] = []
  for (const day of days) {
    for (const issue of ISSUES) {
      let last = 0
      for (const begun of timesOf(day, issue, dice).sort((a, b) => a - b)) {
        const burst = dice.chance(0.12) ? dice.whole(2, 6) : 1
        const trades: Trade[] = []
        for (let i = 0; i < burst; i++) {
          const seq = next.get(issue.symbol)!
          next.set(issue.symbol, seq + 1n)
          last = Math.max(last, begun) + (dice.chance(0.5) ? 0 : dice.whole(1, 3))
          trades.push(tradeOf(issue, seq, last, day, dice))
        }
        pushes.push(...groupsOf(trades, dice))
      }
    }
  }
  return pushes.sort((a, b) => a.at - b.at)
}

/** When a symbol trades: in the auctions' matching, all through the sessions, a little after each, an index at lunch too. */
function timesOf(day: TradingDay, { symbol, pause }: Issue, dice: Dice): number[] {
  const times: number[] = []
  const stretch = (name: Stretch['phase']): Stretch | undefined => day.phases.find(({ phase }) => phase === name)
  const isLiquid = pause < MINUTE
  const opening = stretch('opening_auction')
  if (opening && isLiquid) times.push(Math.floor(opening.open + dice.between(0, 8 * MINUTE)))
  for (const { open, close } of day.continuous) {
    for (let t = open + dice.exponential(pause / 4); t < close; t += dice.exponential(pause)) times.push(Math.floor(t))
    if (isLiquid) times.push(close - dice.whole(1, 900))
    if (dice.chance(0.3)) times.push(close + dice.whole(1, 2_900))
  }
  const lunch = stretch('lunch')
  if (lunch && symbol === 'HSI') times.push(Math.floor(dice.between(lunch.open, lunch.close)))
  if (isLiquid) times.push(Math.floor(day.end - dice.between(1_000, 2 * MINUTE)))
  return times
}

function tradeOf({ symbol, price }: Issue, seq: bigint, time: number, day: TradingDay, dice: Dice): Trade {
  const isBad = dice.chance(0.004)
  const [badPrice, badVolume] = dice.pick([
    ['0', '100'],
    ['-5', '100'],
    [null, '-100'],
    [null, '1.5'],
  ] as const)
  const usual = ((price + dice.whole(-20, 20) * 100) / 1000).toFixed(3)
  return {
    symbol,
    seq,
    time,
    price: isBad ? (badPrice ?? (symbol === 'HSI' ? '0' : usual)) : usual,
    volume: isBad ? badVolume : symbol === 'HSI' ? '0' : String(100 * dice.whole(1, 40)),
    isBad,
    isScheduled: isScheduled(time, day),
  }
}

/** Opening auction and morning, afternoon and closing auction. */
function isScheduled(time: number, day: TradingDay): boolean {
  const { phase } = day.phases.find(({ open, close }) => time >= open && time < close) ?? { phase: 'closed' }
  return phase !== 'closed' && phase !== 'lunch' && phase !== 'pre_opening'
}

/** A burst comes in one push, its trades in any order, or each in its own; a bad trade always comes alone. */
function groupsOf(trades: readonly Trade[], dice: Dice): Push[] {
  const at = (): number => trades.at(-1)!.time + 1
  if (trades.some(({ isBad }) => isBad) || dice.chance(0.5))
    return trades.map((trade) => ({ at: at(), trades: [trade] }))
  return [{ at: at(), trades: dice.shuffled(trades) }]
}

import { NO_FLAGS, type Quote, type Side } from '../market/event.ts'
import type { TradingDay } from '../market/session.ts'
import { type Band, spreadTable, tickIn } from '../market/tick-size.ts'
import { HOUR, MINUTE } from '../market/time.ts'
import { type BestQuote, makeTick, type TradeParts } from '../market/trade.ts'
import { firstSeq, type Script, type Setting, SOURCE } from './actor.ts'
import { Book, priceAbove, priceBelow } from './book.ts'
import { closingPrice } from './close.ts'
import { hash, Random } from './random.ts'
import { dayRhythm, type Rhythm } from './rhythm.ts'
import type { Security } from './security.ts'

/** Mean value of a trade, traded currency. */
const MEAN_VALUE = 60_000
/** Chance that an order meets one more resting order in the same millisecond. */
const SWEEP = 1 / 3
const FULL_SESSION = 5.5 * HOUR

/** One security's day: auctions of one price, continuous trading on the grid between them, nothing at lunch. */
export function stockScript(security: Security, setting: Setting): Script {
  return new StockDay(security, setting).play()
}

class StockDay {
  readonly #security: Security
  readonly #setting: Setting
  readonly #random: Random
  readonly #table: readonly Band[]
  readonly #book: Book
  readonly #opening: number
  readonly #target: number
  readonly #rhythms: Rhythm[]
  readonly #totalVariance: number
  readonly #meanLots: number
  /** Used again for every trade. */
  readonly #parts: TradeParts
  #value: number
  #variance = 0
  #side: Side = 'buy'
  #quoteSeq: number
  #tradeSeq: number

  constructor(security: Security, setting: Setting) {
    const { seed, day, before, rate } = setting
    const { symbol, lot, volatility } = security
    const salt = hash(symbol, seed, day.number)
    this.#table = spreadTable(day.date, security.kind)
    this.#security = security
    this.#setting = setting
    this.#random = new Random(salt)
    this.#target = closingPrice(security, seed, day)
    const gapped = closingPrice(security, seed, before) * (1 + 0.4 * volatility * this.#random.gaussian())
    const tick = tickIn(this.#table, gapped)
    this.#opening = Math.max(10, Math.round(gapped / tick) * tick)
    this.#value = this.#opening
    this.#meanLots = Math.max(1, (MEAN_VALUE * 1000) / (this.#opening * lot))
    this.#book = new Book(this.#table, lot, salt, 4 * this.#meanLots)
    this.#rhythms = dayRhythm(day, this.#random, continuousSeconds(day) * rate * (1 - SWEEP), (0.85 * volatility) ** 2)
    this.#totalVariance = this.#rhythms.at(-1)!.variance.total
    this.#quoteSeq = this.#tradeSeq = firstSeq(day)
    this.#parts = {
      symbol,
      timestamp: 0,
      last_price: 0,
      volume: 0,
      turnover: null,
      quote: null,
      side: null,
      trade_type: null,
      flags: NO_FLAGS,
      seq: 0,
      source: SOURCE,
      received_at: null,
    }
  }

  *play(): Script {
    const { day } = this.#setting
    const opening = day.phases.find(({ phase }) => phase === 'opening_auction')
    if (opening) {
      yield* this.#auction(day.phases[0]!.open, opening.open, opening.open + 2 * MINUTE, this.#opening, 0.025)
    }
    for (const rhythm of this.#rhythms) yield* this.#continuous(rhythm)
    const input = day.end - 9 * MINUTE
    yield* this.#auction(input, day.end - 2 * MINUTE, day.end, this.#target, 0.08)
  }

  /**
   * A crossed book while orders are collected, then every trade at one price at a random moment of the matching.
   * @param share of the day's usual volume that is traded here
   */
  *#auction(from: number, matching: number, end: number, price: number, share: number): Script {
    const random = this.#random
    for (let time = from + random.below(5_000); time < matching; time += 2_000 + random.below(15_000)) {
      yield time
      this.#pushQuote(time, this.#book.crossed(price, random.below(4), this.#setting.depth))
    }
    const usual = (FULL_SESSION / 1000) * this.#setting.rate * share
    const trades = Math.min(400, Math.max(1, Math.round(usual / 5)))
    let time = matching + random.below(end - matching - 1_000)
    this.#parts.quote = null
    for (let i = 0; i < trades; i++) {
      if (i % 20 === 0) yield time++
      this.#pushTrade(time - 1, price, null, (this.#meanLots * usual) / trades)
    }
    this.#value = price
  }

  *#continuous({ stretch, orders, variance }: Rhythm): Script {
    const random = this.#random
    let time = stretch.open + random.below(40)
    yield time
    this.#walkTo(variance.by(time))
    this.#book.follow(this.#value)
    this.#publish(time)
    while (true) {
      time = orders.after(time, random.exponential())
      if (time >= stretch.close) return
      const at = Math.floor(time)
      yield at
      this.#walkTo(variance.by(time))
      if (this.#book.follow(this.#value) || random.uniform() < 0.3) this.#publish(at)
      this.#order(at)
    }
  }

  /** Brownian bridge to the day's close, in variance time. */
  #walkTo(variance: number): void {
    const step = variance - this.#variance
    const left = this.#totalVariance - this.#variance
    const drift = left > 0 ? ((this.#target - this.#value) * step) / left : 0
    const value = this.#value + drift + this.#value * Math.sqrt(step) * this.#random.gaussian()
    this.#value = Math.max(10, value)
    this.#variance = variance
  }

  /** One marketable order: a trade at the best price, sometimes several in the same millisecond, now and then a level deeper. */
  #order(time: number): void {
    const random = this.#random
    if (random.uniform() < 0.3) this.#side = this.#side === 'buy' ? 'sell' : 'buy'
    let price = this.#side === 'buy' ? this.#book.ask : this.#book.bid
    do {
      this.#pushTrade(time, price, this.#side, this.#meanLots)
      if (random.uniform() < 0.05)
        price = this.#side === 'buy' ? priceAbove(this.#table, price) : priceBelow(this.#table, price)
    } while (random.uniform() < SWEEP)
  }

  #pushTrade(timestamp: number, price: number, side: Side, meanLots: number): void {
    const parts = this.#parts
    const draw = this.#random.uniform()
    const lots = Math.min(3000, Math.max(1, Math.round(0.5 * meanLots * (1 / Math.sqrt(1 - draw)))))
    parts.timestamp = timestamp
    parts.last_price = price / 1000
    parts.volume = lots * this.#security.lot
    parts.side = side
    parts.seq = ++this.#tradeSeq
    this.#setting.stage.out.push(makeTick(parts, this.#setting.sessions))
  }

  #publish(time: number): void {
    const quote: BestQuote = this.#book.turn(time)
    this.#parts.quote = quote
    const { depth } = this.#setting
    if (depth > 0) this.#pushQuote(time, { bids: this.#book.bids(depth), asks: this.#book.asks(depth) })
  }

  #pushQuote(timestamp: number, { bids, asks }: Pick<Quote, 'bids' | 'asks'>): void {
    const { depth, sessions, stage } = this.#setting
    if (depth === 0) return
    const phase = sessions.phaseAt(timestamp)
    const seq = ++this.#quoteSeq
    const { symbol } = this.#security
    stage.out.push({ type: 'quote', symbol, timestamp, bids, asks, phase, seq, source: SOURCE, received_at: null })
  }
}

function continuousSeconds(day: TradingDay): number {
  return day.continuous.reduce((sum, { open, close }) => sum + close - open, 0) / 1000
}

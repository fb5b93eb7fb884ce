import { describe, expect, it, onTestFinished } from 'vitest'
import type {
  Depth,
  PushDepthEvent,
  PushQuoteEvent,
  PushTradesEvent,
  QuoteContext,
  Sdk,
  Trade,
} from '../../src/core/connection/longbridge/sdk.ts'
import { whyNot } from '../../src/core/connection/longbridge/sdk.ts'
import { type LongbridgeOptions, openLongbridge } from '../../src/core/connection/longbridge.ts'
import { HkqError } from '../../src/core/errors.ts'
import type { MarketEvent } from '../../src/core/market/event.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { parseTime } from '../../src/core/market/time.ts'
import { createValidator } from '../../src/core/validation/validator.ts'
import { ManualClock, turn, until } from '../support/manual-clock.ts'

const MORNING = parseTime('2026-11-23T10:00')
const NIGHT = parseTime('2026-11-23T20:00')
const SECRETS = { appKey: 'app-key-1234', appSecret: 'app-secret-1234', accessToken: 'access-token-1234' }

const decimal = (value: number) => ({ toNumber: () => value })
const trade = (at: number, price = 600, more: Partial<Trade> = {}): Trade => {
  return { price: decimal(price), volume: 100, timestamp: new Date(at), tradeType: '', ...more }
}
const levels = (...side: [number | null, number][]): Depth[] =>
  side.map(([price, volume]) => ({ price: price === null ? null : decimal(price), volume }))

/** The package `longbridge` as its types describe it, with a server that a test plays. */
class FakeSdk implements QuoteContext {
  readonly made: unknown[][] = []
  readonly calls: [string, string[], number[]][] = []
  /** What the next subscriptions come to: an error's words, or null. */
  failures: (string | null)[] = []
  status: Record<string, number> = {}
  #onQuote: (error: Error | null, event: PushQuoteEvent) => void = () => {}
  #onDepth: (error: Error | null, event: PushDepthEvent) => void = () => {}
  #onTrades: (error: Error | null, event: PushTradesEvent) => void = () => {}

  get sdk(): Sdk {
    return {
      Config: {
        fromApikey: (...given) => {
          this.made.push(given)
          return {}
        },
      },
      QuoteContext: { new: () => this },
    }
  }

  setOnQuote(callback: typeof this.onQuote): void {
    this.#onQuote = callback
  }
  setOnDepth(callback: (error: Error | null, event: PushDepthEvent) => void): void {
    this.#onDepth = callback
  }
  setOnTrades(callback: (error: Error | null, event: PushTradesEvent) => void): void {
    this.#onTrades = callback
  }
  readonly onQuote = (error: Error | null, event: PushQuoteEvent): void => this.#onQuote(error, event)

  async subscribe(symbols: string[], types: number[]): Promise<void> {
    this.calls.push(['subscribe', symbols, types])
    const failure = this.failures.shift()
    if (failure) throw new Error(failure)
  }
  async unsubscribe(symbols: string[], types: number[]): Promise<void> {
    this.calls.push(['unsubscribe', symbols, types])
  }
  async quote(symbols: string[]) {
    return symbols
      .filter((symbol) => symbol in this.status)
      .map((symbol) => ({ symbol, prevClose: decimal(590), tradeStatus: this.status[symbol]! }))
  }
  async staticInfo(symbols: string[]) {
    return symbols.map((symbol) => {
      return { symbol, nameCn: '腾讯', nameEn: 'TENCENT', nameHk: '騰訊', currency: 'HKD', lotSize: 100 }
    })
  }

  trades(symbol: string, ...trades: Trade[]): void {
    this.#onTrades(null, { symbol, data: { trades } })
  }
  depth(symbol: string, bids: Depth[], asks: Depth[]): void {
    this.#onDepth(null, { symbol, data: { bids, asks } })
  }
  fail(words: string): void {
    this.#onTrades(new Error(words), undefined as never)
  }
}

async function start(options: Partial<LongbridgeOptions> & { at?: number; fake?: FakeSdk } = {}) {
  const { at = MORNING, fake = new FakeSdk(), ...rest } = options
  const clock = new ManualClock(at)
  const stop = new AbortController()
  const events: MarketEvent[] = []
  const feed = await openLongbridge({
    ...{ symbols: ['00700.HK', 'HSI'], sessions: new Sessions(), clock, random: () => 0, signal: stop.signal },
    ...{ longbridge: () => SECRETS, load: async () => fake.sdk },
    ...rest,
  })
  const done = (async (): Promise<unknown> => {
    try {
      for await (const batch of feed) events.push(...batch)
      return undefined
    } catch (error) {
      return error
    }
  })()
  onTestFinished(async () => {
    stop.abort()
    await done
  })
  const of = <T extends MarketEvent['type']>(type: T) =>
    events.filter((event) => event.type === type) as Extract<MarketEvent, { type: T }>[]
  const states = (state: string) => of('status').filter((event) => event.state === state)
  await turn()
  await turn()
  return { clock, fake, feed, stop, done, events, of, states }
}

describe('opening Longbridge', () => {
  it('takes the three secrets, and switches off what the SDK would print', async () => {
    const { fake } = await start()
    const { appKey, appSecret, accessToken } = SECRETS
    expect(fake.made).toEqual([[appKey, appSecret, accessToken, { enablePrintQuotePackages: false }]])
  })

  it('subscribes to quotes, books and trades in the spelling of Longbridge', async () => {
    const { fake, states } = await start()
    expect(fake.calls).toEqual([['subscribe', ['700.HK', 'HSI.HK'], [0, 1, 3]]])
    expect(states('up')).toHaveLength(1)
  })

  it.each([['appKey'], ['appSecret'], ['accessToken']])(
    'is refused without %s, naming what to set',
    async (missing) => {
      const opened = start({ longbridge: () => ({ ...SECRETS, [missing]: undefined }) })
      await expect(opened).rejects.toMatchObject({
        code: 'E_TOKEN',
        message: expect.stringMatching(/LONGBRIDGE_APP_KEY/),
      })
    },
  )

  it('is refused beyond 500 symbols, before the SDK is loaded', async () => {
    const symbols = Array.from({ length: 501 }, (_, i) => `${String(i + 1).padStart(5, '0')}.HK`)
    const load = () => Promise.reject(new Error('loaded'))
    await expect(start({ symbols, load })).rejects.toMatchObject({ code: 'E_USAGE' })
  })

  it('tells a package that is not there from one that does not run on this system', () => {
    const missing = Object.assign(new Error("Cannot find package 'longbridge' imported from x"), {
      code: 'ERR_MODULE_NOT_FOUND',
    })
    expect(whyNot(missing)).toBe('is not installed: npm install longbridge')
    const native = new Error("Cannot find module './longbridge.linux-x64-gnu.node'\nRequire stack:")
    const libc = new Error("libc.so.6: version `GLIBC_2.39' not found", { cause: native })
    const broken = new Error('Cannot find native binding. npm has a bug', { cause: libc })
    expect(whyNot(broken)).toMatch(/^does not run on this system \(libc\.so\.6: version `GLIBC_2\.39' not found\)/)
  })
})

describe('a trade of Longbridge', () => {
  it('is a tick joined with the last book, its time in whole seconds, its side not told', async () => {
    const { clock, fake, of } = await start()
    fake.depth('700.HK', levels([599.5, 200], [600, 300]), levels([601, 100], [600.5, 400]))
    await clock.advance(500)
    fake.trades('700.HK', trade(MORNING))
    await turn()
    expect(of('tick')).toEqual([
      {
        ...{ type: 'tick', symbol: '00700.HK', timestamp: MORNING, last_price: 600, volume: 100, turnover: 60_000 },
        ...{ bid_price: 600, bid_size: 300, ask_price: 600.5, ask_size: 400, quote_time: null, spread: 0.5 },
        ...{ value: 60_000, side: null, phase: 'morning', trade_type: null, flags: [], seq: 0 },
        ...{ source: 'longbridge', received_at: MORNING + 500 },
      },
    ])
  })

  it.each([
    ['', []],
    [' ', []],
    ['U', []],
    ['Y', []],
    ['*', ['off_exchange']],
    ['D', ['odd_lot']],
    ['M', ['off_exchange']],
    ['X', ['off_exchange']],
    ['P', ['off_exchange', 'late']],
  ])('of type "%s" has the flags %j', async (tradeType, flags) => {
    const { fake, of } = await start()
    fake.trades('700.HK', trade(MORNING, 600, { tradeType }))
    await turn()
    expect(of('tick')).toMatchObject([{ flags, trade_type: tradeType.trim() || null }])
  })

  it('among others of its second has an ordinal, symbol by symbol', async () => {
    const { fake, of } = await start()
    fake.trades('700.HK', trade(MORNING), trade(MORNING), trade(MORNING + 1_000))
    fake.trades('HSI.HK', trade(MORNING, 24_000))
    fake.trades('700.HK', trade(MORNING))
    await turn()
    expect(of('tick').map(({ symbol, timestamp, seq }) => [symbol, timestamp - MORNING, seq])).toEqual([
      ['00700.HK', 0, 0],
      ['00700.HK', 0, 1],
      ['00700.HK', 1_000, 0],
      ['HSI', 0, 0],
      ['00700.HK', 0, 2],
    ])
  })

  it('has no latency, since its times are whole seconds', async () => {
    const { clock, fake, of } = await start()
    for (let i = 0; i < 120; i++) {
      fake.trades('700.HK', trade(MORNING + i * 100 - ((i * 100) % 1_000)))
      await clock.advance(100)
    }
    const sessions = new Sessions()
    const validator = createValidator({
      ...{ sessions, now: () => clock.now(), monotonic: () => clock.monotonic() },
      live: true,
      maxJump: 0.2,
    })
    validator.push(of('tick'))
    expect([validator.feed.live, validator.feed.measuresLatency]).toEqual([true, false])
  })

  it('is not joined with a book from before an opening', async () => {
    const { clock, fake, of } = await start({ at: parseTime('2026-11-23T09:29:58') })
    fake.depth('700.HK', levels([600, 300]), levels([600.5, 400]))
    await clock.advance(3_000)
    fake.trades('700.HK', trade(parseTime('2026-11-23T09:30:01')))
    await turn()
    expect(of('tick')).toMatchObject([{ bid_price: null, ask_price: null }])
  })

  it.each([
    ['a price of zero', trade(MORNING, 0), 'price'],
    ['a time that is none', trade(Number.NaN), 'malformed'],
    ['a volume with a fraction', trade(MORNING, 600, { volume: 0.5 }), 'volume'],
  ])('with %s is quarantined with what it said', async (_, bad, reason) => {
    const { fake, of } = await start()
    fake.trades('700.HK', bad)
    await turn()
    expect(of('rejected')).toMatchObject([{ reason, source: 'longbridge', symbol: '00700.HK' }])
    expect(JSON.parse(of('rejected')[0]!.raw)).toMatchObject({ symbol: '700.HK' })
  })

  it('of a symbol that is none of Hong Kong is quarantined', async () => {
    const { fake, of } = await start()
    fake.trades('AAPL.US', trade(MORNING))
    fake.depth('AAPL.US', [], [])
    await turn()
    expect(of('rejected').map(({ reason, symbol }) => [reason, symbol])).toEqual([
      ['malformed', null],
      ['malformed', null],
    ])
  })

  it('that cannot be read never throws into the SDK: a warning tells', async () => {
    const { fake, states } = await start()
    expect(() => fake.trades('700.HK', null as never)).not.toThrow()
    expect(() => fake.fail(`broken ${SECRETS.accessToken}`)).not.toThrow()
    await turn()
    expect(states('warning').map(({ detail }) => detail)).toEqual([
      expect.stringMatching(/^a push that cannot be read: /),
      'broken ***',
    ])
  })
})

describe('a book of Longbridge', () => {
  it('is a quote where a depth is asked for, best first, at the time of receipt, levels without a price left out', async () => {
    const { fake, of } = await start({ depth: 1 })
    fake.depth('700.HK', levels([599.5, 200], [600, 300], [null, 100]), levels([600.5, 0]))
    await turn()
    expect(of('quote')).toEqual([
      {
        ...{ type: 'quote', symbol: '00700.HK', timestamp: MORNING, bids: [[600, 300]], asks: [], phase: 'morning' },
        ...{ seq: 0, source: 'longbridge', received_at: MORNING },
      },
    ])
  })
})

describe('a halt', () => {
  it.each([
    [1, 'trading is halted'],
    [2, 'it is delisted'],
    [3, 'a circuit breaker holds it'],
    [5, 'its code has moved'],
    [7, 'trading is halted for a split'],
    [8, 'it has expired'],
    [10, 'it is suspended'],
  ])('(status %i) is told once, and its end once', async (tradeStatus, detail) => {
    const { fake, states } = await start()
    for (const status of [0, tradeStatus, tradeStatus, 0, 0])
      fake.onQuote(null, { symbol: '700.HK', data: { tradeStatus: status } })
    await turn()
    expect(states('halted')).toMatchObject([{ symbol: '00700.HK', source: 'longbridge', detail }])
    expect(states('resumed')).toMatchObject([{ symbol: '00700.HK' }])
  })

  it.each([4, 6, 9, 99])('is not what status %i says', async (tradeStatus) => {
    const { fake, states } = await start()
    fake.onQuote(null, { symbol: '700.HK', data: { tradeStatus } })
    await turn()
    expect([...states('halted'), ...states('resumed')]).toEqual([])
  })

  it('that was there before is asked for at the start, since nothing is pushed of it', async () => {
    const fake = new FakeSdk()
    fake.status = { '700.HK': 10, 'HSI.HK': 0 }
    const { states } = await start({ fake })
    await until(() => states('halted').length > 0)
    expect(states('halted')).toMatchObject([{ symbol: '00700.HK', detail: 'it is suspended' }])
  })
})

describe('a connection that the SDK keeps to itself', () => {
  it('is judged lost when nothing comes for too long while the market trades: the hole is written, the subscription asked for again', async () => {
    const { clock, fake, of, states } = await start()
    fake.trades('700.HK', trade(MORNING))
    await clock.advance(29_000)
    expect(states('lost')).toEqual([])
    await clock.advance(6_000)
    expect(states('lost')).toHaveLength(1)
    expect(states('up')).toHaveLength(2)
    expect(fake.calls.filter(([name]) => name === 'subscribe')).toHaveLength(2)
    fake.trades('700.HK', trade(MORNING + 35_000))
    await turn()
    expect(of('gap').at(-1)).toMatchObject({
      ...{ symbol: '00700.HK', source: 'longbridge', cause: 'stale', from: MORNING, to: MORNING + 35_000 },
    })
  })

  it('begins the hole of a symbol without a trade where data came last, not where the silence was noticed', async () => {
    const { clock, fake, of } = await start({ at: parseTime('2026-11-23T12:30') })
    await clock.advance(30 * 60_000 + 5_000)
    const last = clock.now()
    fake.trades('700.HK', trade(last))
    await clock.advance(40_000)
    fake.trades('HSI.HK', trade(clock.now(), 24_000))
    await turn()
    expect(of('gap').at(-1)).toMatchObject({ symbol: 'HSI', cause: 'stale', from: last, to: clock.now() })
  })

  it('is none where the machine slept, be it over the close of a session: a hole, and the subscription asked for again', async () => {
    const { clock, fake, of, states } = await start({ at: parseTime('2026-11-23T11:30'), checkpoints: [] })
    const last = clock.now()
    fake.trades('700.HK', trade(last))
    await clock.advance(2_000)
    clock.jump(parseTime('2026-11-23T13:05') - clock.now())
    fake.trades('700.HK', trade(last + 1_000))
    fake.trades('700.HK', trade(clock.now()))
    await clock.advance(2_000)
    expect(states('lost').map(({ detail }) => detail)).toEqual([expect.stringMatching(/^the machine slept/)])
    expect(states('up')).toHaveLength(2)
    expect(fake.calls.filter(([name]) => name === 'subscribe')).toHaveLength(2)
    expect(
      of('gap')
        .filter(({ symbol }) => symbol === '00700.HK')
        .at(-1),
    ).toMatchObject({
      ...{ cause: 'disconnect', from: last + 1_000, to: parseTime('2026-11-23T13:05') },
    })
  })

  it('keeps both of two equal trades of a second, one of them from before the answer that ends the doubt', async () => {
    const fake = new FakeSdk()
    const { clock, of } = await start({ fake })
    fake.trades('700.HK', trade(MORNING))
    await clock.advance(2_000)
    let answer = (): void => {}
    fake.subscribe = () => new Promise((resolve) => (answer = resolve))
    clock.jump(60_000)
    const second = clock.now() - (clock.now() % 1_000)
    fake.trades('700.HK', trade(second))
    await turn()
    answer()
    await turn()
    fake.trades('700.HK', trade(second))
    await turn()
    expect(of('tick').map(({ timestamp, seq }) => [timestamp, seq])).toEqual([
      [MORNING, 0],
      [second, 0],
      [second, 1],
    ])
    expect(
      of('gap')
        .map(({ symbol, from, to }) => [symbol, from, to])
        .at(-1),
    ).toEqual(['00700.HK', MORNING, second])
  })

  it('is left alone while nothing trades', async () => {
    const { clock, fake, states } = await start({ at: NIGHT })
    await clock.advance(6 * 3_600_000)
    expect(fake.calls).toHaveLength(1)
    expect(states('lost')).toEqual([])
  })

  it('is asked for again until it answers, with pauses, and forgets what it had of the old one', async () => {
    const fake = new FakeSdk()
    const { clock, feed, of, states } = await start({ fake })
    fake.depth('700.HK', levels([600, 300]), levels([600.5, 400]))
    fake.trades('700.HK', trade(MORNING))
    fake.failures = ['request timeout', 'request timeout', null]
    await clock.advance(30_000)
    expect(feed.lines!()).toMatchObject([{ state: 'lost', since: MORNING + 30_000, detail: 'request timeout' }])
    expect(states('lost').map(({ detail }) => detail.split(';')[0])).toEqual([
      'no data for too long while the market trades',
      'request timeout',
    ])
    await clock.advance(6_000)
    expect(states('lost')).toHaveLength(3)
    expect(states('up')).toHaveLength(2)
    expect(feed.lines!()).toEqual([{ source: 'longbridge', state: 'up', since: MORNING + 36_000, detail: null }])
    fake.trades('700.HK', trade(MORNING + 36_000))
    await turn()
    expect(of('tick').at(-1)).toMatchObject({ bid_price: null, seq: 0 })
  })

  it('ends when the retries are exhausted', async () => {
    const fake = new FakeSdk()
    fake.failures = ['no network', 'no network']
    const { clock, done } = await start({ fake, maxRetries: 1 })
    await clock.advance(4_000)
    expect(await done).toMatchObject({ code: 'E_NETWORK', message: expect.stringContaining('no network') })
    await turn()
    expect(clock.sleeping, 'nothing goes on').toEqual([])
  })

  it.each([
    ['openapi error: code=401003: token expired', 'E_TOKEN'],
    ['openapi error: code=403201: signature invalid', 'E_TOKEN'],
    ['response error: 301605 too many subscriptions', 'E_USAGE'],
  ])('ends at once when it says "%s"', async (words, code) => {
    const fake = new FakeSdk()
    fake.failures = [`${words} ${SECRETS.appSecret}`]
    const { done } = await start({ fake })
    const error = await done
    expect(error).toBeInstanceOf(HkqError)
    expect(error).toMatchObject({ code })
    expect(String(error)).not.toContain(SECRETS.appSecret)
  })
})

describe('a feed of Longbridge', () => {
  it('takes another set of symbols while it runs', async () => {
    const { fake, feed } = await start()
    feed.subscribe!(['00700.HK', '00005.HK'])
    await until(() => fake.calls.length === 3)
    expect(fake.calls.slice(1)).toEqual([
      ['unsubscribe', ['HSI.HK'], [0, 1, 3]],
      ['subscribe', ['700.HK', '5.HK'], [0, 1, 3]],
    ])
  })

  it('tells how far it was heard where a store asks for it', async () => {
    const { clock, fake, of } = await start({ checkpoints: [] })
    fake.trades('700.HK', trade(MORNING))
    fake.trades('HSI.HK', trade(MORNING, 24_000))
    await clock.advance(5_000)
    fake.trades('700.HK', trade(MORNING + 5_000))
    await turn()
    expect(of('coverage').at(-1)).toMatchObject({ symbols: ['00700.HK', 'HSI'], timestamp: MORNING + 3_000 })
  })

  it('was heard up to its last sign of life when it ends, not up to the end', async () => {
    const { clock, fake, of, stop, done } = await start({ checkpoints: [] })
    fake.trades('700.HK', trade(MORNING))
    fake.trades('HSI.HK', trade(MORNING, 24_000))
    await clock.advance(20_000)
    stop.abort()
    await done
    expect(Math.max(...of('coverage').map(({ timestamp }) => timestamp))).toBeLessThanOrEqual(MORNING)
  })

  it('tells names, board lot and previous close', async () => {
    const fake = new FakeSdk()
    fake.status = { '700.HK': 0 }
    const { feed } = await start({ fake, symbols: ['00700.HK'] })
    expect(await feed.instruments!()).toEqual([
      {
        ...{ symbol: '00700.HK', date: '2026-11-23', name_en: 'TENCENT', name_zh: '騰訊', currency: 'HKD' },
        ...{ lot_size: 100, kind: 'unknown', prev_close: 590, vendor: 'longbridge', vendor_code: '700.HK' },
      },
    ])
  })

  it('ends quietly on the signal, and lets go of its subscription', async () => {
    const { fake, stop, done } = await start()
    stop.abort()
    expect(await done).toBeUndefined()
    expect(fake.calls.at(-1)).toEqual(['unsubscribe', ['700.HK', 'HSI.HK'], [0, 1, 3]])
  })

  it('ends when its reader leaves, though the SDK never answers', async () => {
    const fake = new FakeSdk()
    fake.subscribe = () => new Promise(() => {})
    const { sdk } = fake
    const feed = await openLongbridge({
      ...{ symbols: ['00700.HK'], sessions: new Sessions(), clock: new ManualClock(MORNING), random: () => 0 },
      ...{ signal: new AbortController().signal, longbridge: () => SECRETS, load: async () => sdk },
    })
    const iterator = feed[Symbol.asyncIterator]()
    const pending = iterator.next()
    await iterator.return!()
    expect((await pending).done).toBe(true)
  })
})

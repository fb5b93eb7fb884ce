import { FLAGS } from './event.ts'

type Schema = Readonly<Record<string, unknown>>

const text = (description: string): Schema => ({ type: 'string', description })
const number = (description: string): Schema => ({ type: 'number', description })
const integer = (description: string): Schema => ({ type: 'integer', description })
const truth = (description: string): Schema => ({ type: 'boolean', description })
const time = (description: string): Schema => ({
  type: 'string',
  format: 'date-time',
  description: `${description}, ISO 8601 with zone`,
})
const choice = (description: string, ...values: (string | null)[]): Schema => ({ enum: values, description })
const orNull = (schema: Schema): Schema => ({ ...schema, type: [schema.type, 'null'] })
const seq: Schema = { type: ['integer', 'string'], description: 'sequence number; beyond 2^53 a string of digits' }
const levels: Schema = {
  type: 'array',
  description: 'best level first: [price, size]',
  items: { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 },
}
const counts = (description: string): Schema => ({
  type: 'object',
  additionalProperties: { type: 'integer' },
  description,
})
const phase = choice(
  'phase of the trading day',
  'pre_opening',
  'opening_auction',
  'morning',
  'lunch',
  'afternoon',
  'closing_auction',
  'closed',
)

/** The fields of every record type, in the order of the JSON. */
const RECORDS: Readonly<Record<string, Readonly<Record<string, Schema>>>> = {
  tick: {
    symbol: text('canonical symbol, e.g. 00700.HK, HSI'),
    timestamp: time('exchange time'),
    last_price: number('trade price, traded currency'),
    volume: orNull(integer('shares of this trade; null for an index')),
    turnover: orNull(number('traded currency')),
    bid_price: orNull(number('best bid when the trade arrived')),
    ask_price: orNull(number('best ask when the trade arrived')),
    bid_size: orNull(number('shares at the best bid')),
    ask_size: orNull(number('shares at the best ask')),
    quote_time: orNull(time('exchange time of the quote')),
    value: orNull(number('last_price * volume')),
    spread: orNull(number('ask_price - bid_price')),
    side: choice('who took liquidity, as the vendor infers', 'buy', 'sell', null),
    phase,
    trade_type: orNull(text("vendor's trade type")),
    flags: { type: 'array', items: { enum: FLAGS }, description: 'what is doubtful' },
    seq,
    source: text('vendor that delivered it'),
    received_at: orNull(time('local receive time')),
  },
  quote: {
    symbol: text('canonical symbol'),
    timestamp: time('exchange time'),
    bids: levels,
    asks: levels,
    phase,
    seq,
    source: text('vendor that delivered it'),
    received_at: orNull(time('local receive time')),
  },
  gap: {
    source: text('feed that has the hole'),
    symbol: orNull(text('canonical symbol; null for all')),
    from: time('last stored tick before the hole'),
    to: time('first tick after it'),
    cause: choice('why', 'disconnect', 'stale', 'restart', 'late_start', 'vendor', 'overflow'),
    volume: orNull(integer("missing shares, if the vendor's totals tell")),
    filled_by: choice('what filled it', null, 'second feed', 'backfill'),
  },
  status: {
    source: text('feed'),
    symbol: orNull(text('canonical symbol; null for the feed')),
    state: choice('state', 'connecting', 'up', 'lost', 'waiting', 'warning', 'halted', 'resumed', 'ended'),
    timestamp: time('local time'),
    detail: text('for people'),
  },
  bar: {
    symbol: text('canonical symbol'),
    start: time('start of the bar, inclusive'),
    end: time('end of the bar, exclusive'),
    open: number('first price'),
    high: number('highest price'),
    low: number('lowest price'),
    close: number('last price'),
    volume: orNull(integer('shares')),
    turnover: orNull(number('traded currency')),
    vwap: orNull(number('sum(price * volume) / sum(volume)')),
    mean: orNull(number('arithmetic mean of last_price')),
    trades: orNull(integer('trades')),
    final: truth('false while the bar can still change'),
    has_gap: truth('a recorded gap crosses the bar'),
    revision: integer('changes after the bar was final; absent when none'),
  },
  volatility: {
    symbol: text('canonical symbol'),
    timestamp: time('evaluation time'),
    last_price: orNull(number('price at that time')),
    volatility: orNull(number('deviation of returns over the window, never scaled')),
    annualized: orNull(number('volatility times the square root of the periods per year')),
    usual: orNull(number('median at this minute of the day')),
    ratio: orNull(number('volatility / usual')),
    percentile: orNull(number('share of the reference values at or below, percent')),
    threshold: orNull(number('alert level')),
    volume_ratio: orNull(number('turnover of the window / its usual')),
    state: choice('state', 'normal', 'unconfirmed', 'alert', null),
    event: choice('change of state', 'enter', 'leave', null),
    samples: integer('returns in the window'),
    estimator: text('estimator'),
    window: text('window'),
    seasonal: truth('threshold by time of day'),
    jump_share: orNull(number('share of the variance due to jumps, 0 to 1; of bipower alone')),
  },
  backtest: {
    symbol: orNull(text('canonical symbol; null for all together, their counts added up')),
    threshold: choice('kind of threshold', 'seasonal', 'flat'),
    quantile: number('quantile of the threshold'),
    days: integer('days on which the strategy could alert'),
    alerts: integer('enter events'),
    alerts_per_day: orNull(number('alerts / days')),
    early_share: orNull(number('share of the alerts before 10:00')),
    early_days_share: orNull(number('share of the days with an alert before 10:00')),
    base_rate: orNull(number('share of all points whose horizon was above 1.25 times its usual')),
    hit_rate: orNull(number('that share of the alerts')),
    lift: orNull(number('hit_rate / base_rate')),
    scored: integer('alerts whose horizon ended the same day and has a usual'),
    horizon: text('how far it looks ahead, trading time'),
    window: text('window'),
    estimator: text('estimator'),
  },
  probe: {
    url: text('endpoint, without its token'),
    reached: truth('it answered, be it with an error'),
    status: orNull(integer('HTTP status; 101 is a WebSocket')),
    dns: orNull(number('ms')),
    tcp: orNull(number('ms')),
    tls: orNull(number('ms')),
    upgrade: orNull(number('ms')),
    total: orNull(number('ms, from the name to the answer')),
    samples: integer('good connections'),
    failed: orNull(text('phase that failed')),
    remedy: orNull(text('what stands in the way, and what to do')),
  },
  check: {
    name: text('what was looked at'),
    state: choice('how it stands', 'ok', 'warning', 'failure'),
    code: orNull(text('of a failure, as docs/exit-codes.md has it')),
    detail: text('what was found'),
    remedy: orNull(text('what to do about it')),
  },
  integrity: {
    store: text('file'),
    sound: truth('the store finds nothing wrong with its file'),
    problems: { type: 'array', items: { type: 'string' }, description: 'what it finds wrong' },
  },
  mismatch: {
    symbol: text('canonical symbol'),
    start: time('start of the minute'),
    field: text('figure of the one-minute summary'),
    stored: orNull(text('as stored; null where there is none')),
    recomputed: orNull(text('as its trades make it; null where they make none')),
  },
  coverage: {
    symbol: text('canonical symbol'),
    date: text('trading day, Hong Kong'),
    scheduled: number('seconds of continuous trading by the calendar'),
    observed: number('seconds of it whose trades are there'),
    backfilled: number("seconds of it of which a vendor's minutes are there"),
    missing: number('seconds of it of which nothing is there'),
    coverage: number('observed / scheduled'),
    holes: integer('holes that meet the day'),
    unfilled: integer('of which nothing has filled'),
    minutes: integer('stored one-minute summaries'),
    backfilled_minutes: integer("of which a vendor's"),
    differing_minutes: integer('of which differ from their trades'),
    completeness: orNull(number('volume / volume of the vendor, when last compared')),
  },
  completeness: {
    symbol: text('canonical symbol'),
    date: text('trading day, Hong Kong'),
    vendor: text('whose bars'),
    timestamp: time('local time of the comparison'),
    volume: orNull(integer('shares stored')),
    vendor_volume: orNull(number("shares of the vendor's day bar")),
    turnover: orNull(number('traded currency')),
    vendor_turnover: orNull(number('traded currency')),
    completeness: orNull(number('volume / vendor_volume; null for an index')),
    open: orNull(number('first price')),
    vendor_open: orNull(number('first price')),
    high: orNull(number('highest price')),
    vendor_high: orNull(number('highest price')),
    low: orNull(number('lowest price')),
    vendor_low: orNull(number('lowest price')),
    close: orNull(number('last price')),
    vendor_close: orNull(number('last price')),
    minutes: orNull(integer("minutes that the vendor's bars reach; null for none")),
    differing: orNull(integer('of which differ')),
  },
  summary: {
    source: text('where from'),
    received: integer('ticks received'),
    stored: integer('ticks stored'),
    duplicates: integer('ticks that were stored already'),
    rejected: counts('rejected records by reason'),
    flagged: counts('stored ticks by flag'),
    gaps: integer('gap rows'),
    reconnects: integer('reconnects'),
    latency_p50: orNull(number('exchange to receive, ms')),
    latency_p99: orNull(number('exchange to receive, ms')),
    commit_p50: orNull(number('receive to commit, ms')),
    commit_p99: orNull(number('receive to commit, ms')),
    durability: choice('what a commit survives; null without a store', 'process', 'power', null),
    bytes: integer('bytes received'),
    feeds: {
      type: 'array',
      description: 'each of two feeds side by side; absent with one',
      items: {
        type: 'object',
        properties: {
          source: text('vendor'),
          received: integer('trades it delivered, each once'),
          given: integer('how many of them went out'),
          lag_p50: orNull(number('exchange to receive, ms; null where it is no live one')),
          lag_p99: orNull(number('exchange to receive, ms')),
          coverage: orNull(number('share of the trades of both that it delivered, 0 to 1')),
          missed: integer('trades that only the other delivered'),
          gaps: integer('holes of its own, filled or not'),
          reconnects: integer('reconnects'),
          price_disagreements: integer('minutes of a symbol with last prices more than a spread apart'),
          largest_disagreement: orNull(number('largest such distance, traded currency')),
        },
      },
    },
  },
}

/** Field names of a record type in the order of the JSON, without `type`. */
export function fieldNames(type: string): readonly string[] {
  return Object.keys(RECORDS[type] ?? {})
}

/** Fields that only some records of their type have. */
const OPTIONAL: ReadonlySet<string> = new Set(['revision', 'jump_share', 'feeds'])

/**
 * The JSON Schema (draft 2020-12) of the records a command prints.
 * @param types record types, e.g. `['tick', 'gap']`
 */
export function schemaOf(types: readonly string[]): Schema {
  const variants = types.map((type) => ({
    title: type,
    type: 'object',
    required: ['type', ...Object.keys(RECORDS[type]!).filter((name) => !OPTIONAL.has(name))],
    properties: { type: { const: type }, ...RECORDS[type] },
  }))
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    ...(variants.length === 1 ? variants[0] : { oneOf: variants }),
  }
}

import { HkqError } from '../errors.ts'
import { nearest } from '../nearest.ts'

/** What hkq calls the columns of ticks and bars, each with the names that vendors and the tutorial give it. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  symbol: ['code', 'ticker', 'stock_code', 'stock', 'instrument', 'security', 'ric', 's', '代码', '股票代码'],
  timestamp: ['datetime', 'date_time', 'time_key', 'tick_time', 'trade_time', 'exchange_time', 'ts', 't', '时间'],
  date: ['day', 'trade_date', 'trading_date', '日期'],
  time: [],
  last_price: ['price', 'last', 'trade_price', 'last_done', 'p', '价格', '最新价'],
  volume: ['vol', 'size', 'qty', 'quantity', 'shares', 'trade_volume', 'last_size', 'v', '成交量'],
  turnover: ['amount', 'money', 'trade_value', 'traded_value', '成交额'],
  bid_price: ['bid', 'bid1', 'bid_1', 'bid_price1', 'bid_price_1', 'bid1_price', 'best_bid'],
  ask_price: ['ask', 'ask1', 'ask_1', 'ask_price1', 'ask_price_1', 'ask1_price', 'best_ask', 'offer'],
  bid_size: [
    'bid_volume',
    'bid_vol',
    'bid_qty',
    'bid_size1',
    'bid_size_1',
    'bid_volume1',
    'bid_volume_1',
    'bid1_volume',
  ],
  ask_size: [
    'ask_volume',
    'ask_vol',
    'ask_qty',
    'ask_size1',
    'ask_size_1',
    'ask_volume1',
    'ask_volume_1',
    'ask1_volume',
  ],
  quote_time: [],
  side: ['trade_direction', 'ticker_direction', 'direction'],
  trade_type: [],
  flags: [],
  seq: ['sequence', 'sequence_no', 'seq_no', 'trade_id'],
  source: [],
  received_at: [],
  start: [],
  end: [],
  open: ['open_price', 'o', '开盘', '开盘价'],
  high: ['high_price', 'h', 'max', '最高', '最高价'],
  low: ['low_price', 'l', 'min', '最低', '最低价'],
  close: ['close_price', 'c', '收盘', '收盘价'],
  vwap: [],
  mean: [],
  trades: ['trade_count', 'num_trades', 'number_of_trades', 'transactions'],
  final: [],
  has_gap: [],
  revision: [],
}

/** What a CSV file holds, and where: the position of each of hkq's columns that it has. */
export interface CsvLayout {
  readonly kind: 'ticks' | 'bars'
  readonly columns: ReadonlyMap<string, number>
}

/**
 * Recognises a header, whatever the case and order of its names; columns it does not know are ignored.
 * @param wanted hkq's name to the file's, for columns the user has named
 * @throws HkqError E_INPUT listing what was found, when it is neither ticks nor bars; naming a column that is there twice
 */
export function readHeader(header: readonly string[], file: string, wanted: ReadonlyMap<string, string>): CsvLayout {
  const names = header.map(plainName)
  const columns = new Map<string, number>()
  for (const [ours, theirs] of wanted) columns.set(ours, namedColumn(ours, theirs, header, names, file))
  const taken = new Set(columns.values())
  for (const [ours, others] of Object.entries(NAMES)) {
    if (columns.has(ours)) continue
    const at = [ours, ...others].map((name) => names.indexOf(name)).find((i) => i !== -1 && !taken.has(i))
    if (at !== undefined) columns.set(ours, at)
  }
  for (const at of columns.values()) refuseTwice(at, header, names, file)
  const timed = ['timestamp', 'date', 'time', 'start'].some((name) => columns.has(name))
  if (timed && columns.has('last_price')) return { kind: 'ticks', columns }
  if (timed && ['open', 'high', 'low', 'close'].every((name) => columns.has(name))) return { kind: 'bars', columns }
  throw notUnderstood(header, file, timed)
}

function namedColumn(
  ours: string,
  theirs: string,
  header: readonly string[],
  names: readonly string[],
  file: string,
): number {
  if (!Object.hasOwn(NAMES, ours)) {
    const guess = nearest(ours, Object.keys(NAMES))
    throw new HkqError(
      'E_INPUT',
      `unknown column "${ours}" in columns=: ${guess ? `did you mean "${guess}"?` : known()}`,
    )
  }
  const at = names.indexOf(plainName(theirs))
  if (at !== -1) return at
  throw new HkqError('E_INPUT', `"${file}" has no column "${theirs}": it has ${listed(header)}`)
}

/** Of two columns of one name nobody can tell which is meant; those that nothing is read from may be there as often as they like. */
function refuseTwice(at: number, header: readonly string[], names: readonly string[], file: string): void {
  const again = names.indexOf(names[at]!, at + 1)
  if (again === -1) return
  const [first, second] = [shown(header[at]!), shown(header[again]!)]
  const both = first === second ? `${first} twice` : `${first} and ${second}, which are one name`
  throw new HkqError('E_INPUT', `the header of "${file}" has ${both}: rename the one that is not meant, or take it out`)
}

function known(): string {
  return `use one of ${Object.keys(NAMES).join(', ')}`
}

function notUnderstood(header: readonly string[], file: string, timed: boolean): HkqError {
  const missing = timed ? 'price (last_price, or open high low close)' : 'time (timestamp)'
  const remedy = 'name them with ?columns=timestamp:t,last_price:p'
  return new HkqError('E_INPUT', `the header of "${file}" has no ${missing}, found ${listed(header)}: ${remedy}`)
}

/** The names as found, fit for one line of a terminal. */
function listed(header: readonly string[]): string {
  const names = header.slice(0, 20).map(shown)
  return header.length > 20 ? `${names.join(', ')} and ${header.length - 20} more` : names.join(', ')
}

function shown(name: string): string {
  return `"${name.replace(/[^\x20-\x7e\u4e00-\u9fff]/g, '?').slice(0, 30)}"`
}

/** What stands behind so many characters makes no difference to what a column is. */
const LONGEST_NAME = 100

/** `Last Price`, `lastPrice`, `LAST_PRICE` are `last_price`. */
function plainName(name: string): string {
  return name
    .slice(0, LONGEST_NAME)
    .trim()
    .replace(/^[<["']+|[>\]"']+$/g, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[\s.-]+/g, '_')
    .toLowerCase()
}

import { COMPARED } from '../../market/completeness.ts'
import { FLAGS } from '../../market/event.ts'
import { EXACT, FLAG_SHIFT, phaseInSql, SIDE_IN_SQL } from '../marks.ts'

/** `hkq1` in the header of the file tells our databases from other people's. */
export const APPLICATION_ID = 0x686b7131

/** What the views mean by local time: `2023-08-15 14:30:25.123`, Hong Kong. */
const local = (time: string) => `strftime('%Y-%m-%d %H:%M:%f', (${time}) / 1000.0, 'unixepoch', '+8 hours')`
const flags = `rtrim(${FLAGS.map((flag, i) => `iif(marks & ${1 << (FLAG_SHIFT + i)}, '${flag},', '')`).join(' || ')}, ',')`
const price = (stored: string) => `iif(marks & ${EXACT}, ${stored}, ${stored} / 1000.0)`
const bid = `iif(marks & ${EXACT}, bid, (price - bid) / 1000.0)`
const ask = `iif(marks & ${EXACT}, ask, (price + ask) / 1000.0)`
/** As `clean` of market/trade.ts. */
const clean = (amount: string) => `round(${amount}, iif(abs(${amount}) < 1e8, 6, 3))`
const value = clean(`(${price('price')} * volume)`)

const TABLES = `
CREATE TABLE symbol (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

-- Times in epoch milliseconds UTC. Prices and turnover in thousandths of the traded currency, bid and ask as distances
-- below and above the price, turnover NULL where it is price * volume; with the EXACT mark all four are plain amounts.
-- quoted: ms the quote is older than the trade; received: ms from the trade to its arrival.
-- marks: phase (3 bits), side (2), EXACT (1), flags.
CREATE TABLE tick (
  symbol INTEGER NOT NULL, time INTEGER NOT NULL, seq INTEGER NOT NULL, source INTEGER NOT NULL,
  price REAL NOT NULL, volume INTEGER, turnover REAL, bid REAL, ask REAL, bid_size INTEGER, ask_size INTEGER,
  quoted INTEGER, marks INTEGER NOT NULL, trade_type TEXT, received INTEGER,
  PRIMARY KEY (symbol, time, seq, source)
) STRICT, WITHOUT ROWID;

CREATE TABLE quote (
  symbol INTEGER NOT NULL, time INTEGER NOT NULL, seq INTEGER NOT NULL, source INTEGER NOT NULL,
  phase INTEGER NOT NULL, bids TEXT NOT NULL, asks TEXT NOT NULL, received INTEGER,
  PRIMARY KEY (symbol, time, seq, source)
) STRICT, WITHOUT ROWID;

-- One-minute summaries (bars/summary.ts): prices plain, sums in thousandths.
CREATE TABLE minute (
  symbol INTEGER NOT NULL, start INTEGER NOT NULL,
  open REAL NOT NULL, high REAL NOT NULL, low REAL NOT NULL, close REAL NOT NULL,
  first_time INTEGER NOT NULL, first_seq INTEGER NOT NULL, last_time INTEGER NOT NULL, last_seq INTEGER NOT NULL,
  volume INTEGER, turnover_mills REAL, value_mills REAL, price_mills REAL, trades INTEGER, left_out INTEGER NOT NULL,
  origin TEXT NOT NULL, PRIMARY KEY (symbol, start)
) STRICT, WITHOUT ROWID;

-- symbol 0 means all symbols
CREATE TABLE gap (
  source INTEGER NOT NULL, symbol INTEGER NOT NULL, start INTEGER NOT NULL, finish INTEGER NOT NULL, cause TEXT NOT NULL,
  volume REAL, filled_by TEXT, PRIMARY KEY (source, symbol, start, finish, cause)
) STRICT, WITHOUT ROWID;

CREATE TABLE rejected (source INTEGER NOT NULL, symbol TEXT, time INTEGER, reason TEXT NOT NULL, raw TEXT NOT NULL, received INTEGER) STRICT;
CREATE UNIQUE INDEX rejected_once ON rejected (source, ifnull(symbol, ''), ifnull(time, -1), reason, raw);

CREATE TABLE checkpoint (
  source INTEGER NOT NULL, symbol INTEGER NOT NULL, time INTEGER NOT NULL, seq INTEGER NOT NULL, committed INTEGER NOT NULL,
  PRIMARY KEY (source, symbol)
) STRICT, WITHOUT ROWID;

CREATE TABLE instruments (
  symbol TEXT NOT NULL, date TEXT NOT NULL, name_en TEXT, name_zh TEXT, currency TEXT, lot_size INTEGER, kind TEXT NOT NULL,
  prev_close REAL, vendor TEXT NOT NULL, vendor_code TEXT NOT NULL, PRIMARY KEY (symbol, date, vendor)
) STRICT, WITHOUT ROWID;

CREATE TABLE metric (time INTEGER NOT NULL, name TEXT NOT NULL, value REAL NOT NULL, PRIMARY KEY (time, name)) STRICT, WITHOUT ROWID;

-- who records: told to a second recorder
CREATE TABLE recorder (id INTEGER PRIMARY KEY CHECK (id = 1), pid INTEGER NOT NULL, started INTEGER NOT NULL) STRICT;
`

const VIEWS = `
CREATE VIEW ticks AS SELECT symbol.name AS symbol, ${local('time')} AS timestamp, ${price('price')} AS last_price, volume,
  ${bid} AS bid_price, ${ask} AS ask_price,
  iif(marks & ${EXACT}, turnover, ifnull(turnover / 1000.0, ${value})) AS turnover, bid_size, ask_size,
  ${local('time - quoted')} AS quote_time, ${value} AS value, ${clean(`(${ask} - ${bid})`)} AS spread, ${SIDE_IN_SQL} AS side,
  ${phaseInSql('marks & 7')} AS phase, trade_type, ${flags} AS flags, seq, source.name AS source,
  ${local('time + received')} AS received_at
FROM tick JOIN symbol ON symbol.id = tick.symbol JOIN source ON source.id = tick.source;

CREATE VIEW quotes AS SELECT symbol.name AS symbol, ${local('time')} AS timestamp, bids, asks, ${phaseInSql('phase')} AS phase, seq,
  source.name AS source, ${local('time + received')} AS received_at
FROM quote JOIN symbol ON symbol.id = quote.symbol JOIN source ON source.id = quote.source;

CREATE VIEW bars_1m AS SELECT symbol.name AS symbol, ${local('start')} AS timestamp, open, high, low, close, volume,
  turnover_mills / 1000.0 AS turnover,
  iif(origin = 'ticks', value_mills, turnover_mills) / 1000.0 / nullif(volume, 0) AS vwap,
  price_mills / 1000.0 / nullif(trades, 0) AS mean, trades, left_out, origin
FROM minute JOIN symbol ON symbol.id = minute.symbol WHERE trades IS NOT 0;

CREATE VIEW gaps AS SELECT source.name AS source, symbol.name AS symbol, ${local('start')} AS gap_start,
  ${local('finish')} AS gap_end, cause, gap.volume, filled_by
FROM gap JOIN source ON source.id = gap.source LEFT JOIN symbol ON symbol.id = gap.symbol;

CREATE VIEW rejected_ticks AS SELECT source.name AS source, symbol, ${local('time')} AS timestamp, reason, raw,
  ${local('received')} AS received_at
FROM rejected JOIN source ON source.id = rejected.source;

CREATE VIEW checkpoints AS SELECT source.name AS source, symbol.name AS symbol, ${local('time')} AS timestamp, seq,
  ${local('committed')} AS committed_at
FROM checkpoint JOIN source ON source.id = checkpoint.source JOIN symbol ON symbol.id = checkpoint.symbol;

CREATE VIEW metrics AS SELECT ${local('time')} AS timestamp, name, value FROM metric;
`

const COVERAGE = `
-- local time up to which a live feed was heard
CREATE TABLE coverage (
  source INTEGER NOT NULL, symbol INTEGER NOT NULL, until INTEGER NOT NULL, committed INTEGER NOT NULL,
  PRIMARY KEY (source, symbol)
) STRICT, WITHOUT ROWID;

DROP VIEW checkpoints;
CREATE VIEW checkpoints AS SELECT source.name AS source, symbol.name AS symbol, ${local('time')} AS timestamp, seq,
  ${local('max(ifnull(checkpoint.committed, 0), ifnull(coverage.committed, 0))')} AS committed_at,
  ${local('until')} AS covered_until
FROM checkpoint FULL JOIN coverage USING (source, symbol)
  JOIN source ON source.id = source JOIN symbol ON symbol.id = symbol;
`

const COMPLETENESS = `
-- a day beside the vendor's bars of it (market/completeness.ts); time is that of the comparison
CREATE TABLE compared (
  symbol INTEGER NOT NULL, date TEXT NOT NULL, vendor INTEGER NOT NULL, time INTEGER NOT NULL,
  ${COMPARED.map((name) => `${name} REAL`).join(', ')},
  PRIMARY KEY (symbol, date, vendor)
) STRICT, WITHOUT ROWID;

CREATE VIEW completeness AS SELECT symbol.name AS symbol, date, source.name AS vendor, ${local('time')} AS timestamp,
  ${COMPARED.join(', ')}
FROM compared JOIN symbol ON symbol.id = compared.symbol JOIN source ON source.id = compared.vendor;
`

const ARCHIVED = `
-- days (since 1970-01-01, Hong Kong) whose ticks and quotes lie in a lake; its folder is relative to that of this file.
-- stale: the lake's minutes are older than those here
CREATE TABLE archived (
  id INTEGER PRIMARY KEY AUTOINCREMENT, symbol INTEGER NOT NULL, day INTEGER NOT NULL, lake TEXT NOT NULL,
  ticks INTEGER NOT NULL, quotes INTEGER NOT NULL, stale INTEGER NOT NULL DEFAULT 0, UNIQUE (symbol, day)
) STRICT;

CREATE VIEW archived_days AS SELECT symbol.name AS symbol, date(day * 86400, 'unixepoch') AS date, ticks, quotes, lake
FROM archived JOIN symbol ON symbol.id = archived.symbol;
`

/** Step i brings a database from schema version i to i + 1. Released steps are never edited; new ones are added. */
export const STEPS: readonly string[] = [TABLES + VIEWS, COVERAGE, COMPLETENESS, ARCHIVED]

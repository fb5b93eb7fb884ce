import { COMPARED } from '../../market/completeness.ts'
import { FLAGS } from '../../market/event.ts'
import { FLAG_SHIFT, phaseInSql, SIDE_IN_SQL } from '../marks.ts'

/** What the views mean by local time: a timestamp of Hong Kong; NULL before year 1. */
const local = (time: string) =>
  `CASE WHEN (${time}) > -62135596800000 THEN timestamp '1970-01-01 08:00' + (${time}) * interval '1 millisecond' END`
const flags = `concat_ws(',', ${FLAGS.map((flag, i) => `CASE WHEN marks & ${1 << (FLAG_SHIFT + i)} <> 0 THEN '${flag}' END`).join(', ')})`
/** As `clean` of market/trade.ts. */
const clean = (amount: string) =>
  `CASE WHEN abs(${amount}) < 1e8 THEN round((${amount}) * 1e6) / 1e6 WHEN abs(${amount}) < 1e12 THEN round((${amount}) * 1e3) / 1e3 ELSE ${amount} END`
const value = clean('(price * volume)')

const TABLES = `
CREATE TABLE hkq_version (version integer NOT NULL);
INSERT INTO hkq_version VALUES (0);
COMMENT ON TABLE hkq_version IS 'store of hkq; tables are written by hkq alone, views are for everybody';

CREATE TABLE symbol (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text COLLATE "C" NOT NULL UNIQUE);
CREATE TABLE source (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text COLLATE "C" NOT NULL UNIQUE);

-- Times in epoch milliseconds UTC, prices and turnover in the traded currency. turnover: NULL where it is price * volume, NaN
-- where it is not known. quoted: ms the quote is older than the trade; received: ms from the trade to its arrival.
-- marks: phase (3 bits), side (2), one unused, flags.
CREATE TABLE tick (
  time bigint NOT NULL, seq bigint NOT NULL, price float8 NOT NULL, volume bigint, turnover float8, bid float8, ask float8,
  bid_size bigint, ask_size bigint, quoted bigint, received bigint, symbol integer NOT NULL, source integer NOT NULL,
  marks integer NOT NULL, trade_type text, PRIMARY KEY (symbol, time, seq, source)
);

CREATE TABLE quote (
  time bigint NOT NULL, seq bigint NOT NULL, symbol integer NOT NULL, source integer NOT NULL, phase integer NOT NULL,
  received bigint, bids text NOT NULL, asks text NOT NULL, PRIMARY KEY (symbol, time, seq, source)
);

-- One-minute summaries (bars/summary.ts): prices plain, sums in thousandths. Rewritten while the minute lasts.
CREATE TABLE minute (
  symbol integer NOT NULL, start bigint NOT NULL,
  open float8 NOT NULL, high float8 NOT NULL, low float8 NOT NULL, close float8 NOT NULL,
  first_time bigint NOT NULL, first_seq bigint NOT NULL, last_time bigint NOT NULL, last_seq bigint NOT NULL,
  volume float8, turnover_mills float8, value_mills float8, price_mills float8, trades integer, left_out integer NOT NULL,
  origin text NOT NULL, PRIMARY KEY (symbol, start)
) WITH (fillfactor = 80);

-- symbol 0 means all symbols
CREATE TABLE gap (
  source integer NOT NULL, symbol integer NOT NULL, start bigint NOT NULL, finish bigint NOT NULL, cause text NOT NULL,
  volume float8, filled_by text, PRIMARY KEY (source, symbol, start, finish, cause)
);

CREATE TABLE rejected (
  source integer NOT NULL, symbol text, time bigint, reason text NOT NULL, raw text NOT NULL, received bigint
);
CREATE UNIQUE INDEX rejected_once ON rejected (source, coalesce(symbol, ''), coalesce(time, -1), reason, md5(raw));

CREATE TABLE checkpoint (
  source integer NOT NULL, symbol integer NOT NULL, time bigint NOT NULL, seq bigint NOT NULL, committed bigint NOT NULL,
  PRIMARY KEY (source, symbol)
) WITH (fillfactor = 50);

-- local time up to which a live feed was heard
CREATE TABLE coverage (
  source integer NOT NULL, symbol integer NOT NULL, until bigint NOT NULL, committed bigint NOT NULL,
  PRIMARY KEY (source, symbol)
) WITH (fillfactor = 50);

CREATE TABLE instruments (
  symbol text COLLATE "C" NOT NULL, date text COLLATE "C" NOT NULL, name_en text, name_zh text, currency text,
  lot_size bigint, kind text NOT NULL, prev_close float8, vendor text NOT NULL, vendor_code text NOT NULL,
  PRIMARY KEY (symbol, date, vendor)
);

CREATE TABLE metric (time bigint NOT NULL, name text NOT NULL, value float8 NOT NULL, PRIMARY KEY (time, name));

-- a day beside the vendor's bars of it (market/completeness.ts); time is that of the comparison
CREATE TABLE compared (
  symbol integer NOT NULL, date text NOT NULL, vendor integer NOT NULL, time bigint NOT NULL,
  ${COMPARED.map((name) => `${name} float8`).join(', ')}, PRIMARY KEY (symbol, date, vendor)
);
`

const VIEWS = `
CREATE VIEW ticks AS SELECT symbol.name AS symbol, ${local('time')} AS timestamp, price AS last_price, volume,
  bid AS bid_price, ask AS ask_price,
  CASE WHEN turnover IS NULL THEN ${value} ELSE nullif(turnover, 'NaN') END AS turnover, bid_size, ask_size,
  ${local('time - quoted')} AS quote_time, ${value} AS value, ${clean('(ask - bid)')} AS spread, ${SIDE_IN_SQL} AS side,
  ${phaseInSql('marks & 7')} AS phase, trade_type, ${flags} AS flags, seq, source.name AS source,
  ${local('time + received')} AS received_at
FROM tick JOIN symbol ON symbol.id = tick.symbol JOIN source ON source.id = tick.source;

CREATE VIEW quotes AS SELECT symbol.name AS symbol, ${local('time')} AS timestamp, bids, asks, ${phaseInSql('phase')} AS phase, seq,
  source.name AS source, ${local('time + received')} AS received_at
FROM quote JOIN symbol ON symbol.id = quote.symbol JOIN source ON source.id = quote.source;

CREATE VIEW bars_1m AS SELECT symbol.name AS symbol, ${local('start')} AS timestamp, open, high, low, close, volume,
  turnover_mills / 1000 AS turnover,
  CASE origin WHEN 'ticks' THEN value_mills ELSE turnover_mills END / 1000 / nullif(volume, 0) AS vwap,
  price_mills / 1000 / nullif(trades, 0) AS mean, trades, left_out, origin
FROM minute JOIN symbol ON symbol.id = minute.symbol WHERE trades IS DISTINCT FROM 0;

CREATE VIEW gaps AS SELECT source.name AS source, symbol.name AS symbol, ${local('start')} AS gap_start,
  ${local('finish')} AS gap_end, cause, gap.volume, filled_by
FROM gap JOIN source ON source.id = gap.source LEFT JOIN symbol ON symbol.id = gap.symbol;

CREATE VIEW rejected_ticks AS SELECT source.name AS source, symbol, ${local('time')} AS timestamp, reason, raw,
  ${local('received')} AS received_at
FROM rejected JOIN source ON source.id = rejected.source;

CREATE VIEW checkpoints AS SELECT source.name AS source, symbol.name AS symbol, ${local('time')} AS timestamp, seq,
  ${local('greatest(checkpoint.committed, coverage.committed)')} AS committed_at, ${local('until')} AS covered_until
FROM checkpoint FULL JOIN coverage USING (source, symbol)
  JOIN source ON source.id = coalesce(checkpoint.source, coverage.source)
  JOIN symbol ON symbol.id = coalesce(checkpoint.symbol, coverage.symbol);

CREATE VIEW metrics AS SELECT ${local('time')} AS timestamp, name, value FROM metric;

CREATE VIEW completeness AS SELECT symbol.name AS symbol, date, source.name AS vendor, ${local('time')} AS timestamp,
  ${COMPARED.join(', ')}
FROM compared JOIN symbol ON symbol.id = compared.symbol JOIN source ON source.id = compared.vendor;
`

/** Step i brings a schema from version i to i + 1. Released steps are never edited; new ones are added. */
export const STEPS: readonly string[] = [TABLES + VIEWS]

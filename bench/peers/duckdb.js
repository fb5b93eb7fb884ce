// The peer: DuckDB on a Parquet file of the same ticks. Arguments: MODULE make CSV PARQUET, or MODULE TASK PARQUET;
// in place of a file a query in brackets.
import { createRequire } from 'node:module'

const [module, task, ...paths] = process.argv.slice(2)
const { DuckDBInstance } = createRequire(import.meta.url)(module)
const db = await (await DuckDBInstance.create(':memory:')).connect()

const EVERY = { 'resample 5m': '5 minutes', 'resample 10s': '10 seconds' }

const tableOf = (source) => (source.startsWith('(') ? source : `'${source}'`)

async function rowsOf(sql) {
  return (await db.runAndReadAll(sql)).getRows()
}

/** The ticks carry their order in the tape, since a scan by many threads has none. */
async function make([csv, parquet]) {
  const ticks = `SELECT seq, make_timestamp_ms(time) AS time, price, volume FROM read_csv('${csv}') ORDER BY seq`
  await db.run(`COPY (${ticks}) TO '${parquet}' (FORMAT parquet)`)
}

async function bars(every, [source]) {
  const rows = await rowsOf(`
    SELECT time_bucket(INTERVAL '${every}', time) AS start, arg_min(price, seq) AS open, max(price) AS high,
      min(price) AS low, arg_max(price, seq) AS close, sum(volume) AS volume,
      sum(price * volume) / sum(volume) AS vwap
    FROM ${tableOf(source)} GROUP BY start ORDER BY start`)
  return { bars: rows.length, volume: rows.reduce((sum, [, , , , , volume]) => sum + Number(volume), 0) }
}

/** The window (t - 30 min, t] in whole milliseconds; the quantile of all values, once. */
async function volatility([source]) {
  const [[last]] = await rowsOf(`
    WITH moves AS (SELECT seq, time, price / lag(price) OVER (ORDER BY seq) - 1 AS move FROM ${tableOf(source)}),
      deviations AS (SELECT seq, stddev_samp(move) OVER (ORDER BY time RANGE BETWEEN
        INTERVAL '1799999 milliseconds' PRECEDING AND CURRENT ROW) AS value FROM moves)
    SELECT arg_max(value, seq), quantile_cont(value, 0.9) FROM deviations`)
  return { volatility: last }
}

if (task === 'make') await make(paths)
else {
  const result = task === 'volatility' ? await volatility(paths) : await bars(EVERY[task], paths)
  process.stdout.write(JSON.stringify(result))
}

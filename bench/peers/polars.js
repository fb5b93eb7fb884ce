// The peer: Polars on a Parquet file of the same ticks. Arguments: MODULE make CSV PARQUET, or MODULE TASK PARQUET.
import { createRequire } from 'node:module'

const [module, task, ...paths] = process.argv.slice(2)
const pl = createRequire(import.meta.url)(module)

const EVERY = { 'resample 5m': '5m', 'resample 10s': '10s' }

function make([csv, parquet]) {
  pl.readCSV(csv)
    .withColumns(pl.col('time').cast(pl.Datetime('ms')))
    .writeParquet(parquet)
}

function bars(every, [parquet]) {
  const [price, volume] = [pl.col('price'), pl.col('volume')]
  const frame = pl
    .scanParquet(parquet)
    .groupByDynamic({ indexColumn: 'time', every, period: every, closed: 'left' })
    .agg(
      price.first().as('open'),
      price.max().as('high'),
      price.min().as('low'),
      price.last().as('close'),
      volume.sum().as('volume'),
      price.mul(volume).sum().divideBy(volume.sum()).as('vwap'),
    )
    .collectSync()
  return { bars: frame.height, volume: frame.getColumn('volume').sum() }
}

/** The quantile of all values, once. */
function volatility([parquet]) {
  const moves = pl.scanParquet(parquet).select(pl.col('time'), pl.col('price').pctChange().as('move')).collectSync()
  const deviations = moves
    .groupByRolling({ indexColumn: 'time', period: '30m', closed: 'right' })
    .agg(pl.col('move').std().as('value'))
    .getColumn('value')
  deviations.quantile(0.9, 'linear')
  return { volatility: deviations.tail(1).toArray()[0] }
}

if (task === 'make') make(paths)
else process.stdout.write(JSON.stringify(task === 'volatility' ? volatility(paths) : bars(EVERY[task], paths)))

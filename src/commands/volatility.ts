import type { Command } from 'commander'
import { parseAddress } from '../core/address/address.ts'
import { HkqError } from '../core/errors.ts'
import { FLAGS } from '../core/market/event.ts'
import { annualBasis } from '../core/statistics/volatility/history.ts'
import { VolatilityMonitor, type WantedRecords } from '../core/statistics/volatility/monitor.ts'
import { settingsOf, type VolatilityOptions } from '../core/statistics/volatility/options.ts'
import type { VolatilityRecord } from '../core/statistics/volatility/record.ts'
import { mostUnusualFirst, volatilityColumns } from '../core/terminal/signal-columns.ts'
import { renderVolatilityChart } from '../core/terminal/volatility-chart.ts'
import { Alerts } from './_alerts.ts'
import { backtest } from './_backtest.ts'
import { printCharts } from './_chart.ts'
import { Delivered } from './_delivered.ts'
import { printDescription } from './_describe.ts'
import { stopAfter } from './_events.ts'
import type { Io } from './_io.ts'
import { defineCommand, withCommon, withFrom, withLive, withRange, withReading } from './_options.ts'
import { printer, tell, zoneOf } from './_print.ts'
import { conclude, DEFAULT_STORE, LateTrades, rangeOf, rejectedIn } from './_recorded.ts'
import { printedSchema, type Setup, setUp } from './_setup.ts'
import { checked, withStrategy } from './_strategy-options.ts'
import { choices, duration } from './_values.ts'
import { openHistory, runOver, type VolatilityCommand } from './_volatility-run.ts'

export function define(io: Io): Command {
  const command = defineCommand('volatility', io)
    .description('Rolling volatility, what is usual at this time of day, the threshold, and alerts.')
    .argument('[symbols...]', 'e.g. 00700.HK HSI (default: all of the store)')
  withStrategy(command)
  command
    .option('--annualize', 'demand the figure per year and show it')
    .option('--include <flags>', 'flagged ticks to take in, or all', choices('flag', FLAGS))
    .option('--last', 'newest value per symbol, most unusual first')
    .option('--follow', 'print history, then go on as it is recorded')
    .option('--history <store>', 'warm up a live source from this store, whose last day is printed first')
    .option(
      '--exec <command>',
      'run this at each alert that is read, with --follow at each new one: the record on its standard input; four at once, 30 s each',
    )
    .option('--chart', 'draw volatility, its threshold and the alerts in the terminal')
    .option('--describe', 'a summary of the values (needs danfojs-node)')
    .option('--backtest', 'a table of the alerts by quantile and threshold, and of what came after them')
    .option('--horizon <length>', 'trading time that a backtest looks ahead (default: 30m)', checked(duration))
  withRange(command, io)
  withFrom(command, `default: ${DEFAULT_STORE}`)
  withReading(command)
  withLive(command)
  return withCommon(command).action(async (args: string[], options: VolatilityCommand) => {
    const setup = setUp(command, io, args)
    if (printedSchema(command, io, [options.backtest ? 'backtest' : 'volatility'])) return
    rangeOf(options)
    const settings: VolatilityOptions = { ...options, sessions: setup.sessions }
    settingsOf(settings)
    if (options.backtest) return backtest(options, settings, setup, io)
    if (command.getOptionValueSource('horizon') === 'cli') throw noBacktest(options.horizon!)
    await run(options, settings, setup, io)
  })
}

async function run(options: VolatilityCommand, settings: VolatilityOptions, setup: Setup, io: Io): Promise<void> {
  const columns = volatilityColumns(
    zoneOf(options),
    options.annualize,
    settingsOf(settings).estimator.jumpShare !== undefined,
  )
  const output = printer<VolatilityRecord>(options, io, { columns, whole: options.last === true })
  const signal = stopAfter(options.duration, io, output.gone)
  const recorded = await openHistory(options, settings, setup, signal, io)
  const beginsWithHistory = options.history !== undefined || ('store' in recorded && options.follow === true)
  const alerts = new Alerts(options, io, !beginsWithHistory, beginsWithHistory ? deliveredOf(options) : null)
  const late = new LateTrades()
  const asked = { options, settings, setup, signal, onLive: () => alerts.live(), onTooLate: late.add, io }
  const evaluator = (wanted: VolatilityOptions & WantedRecords) => new VolatilityMonitor(wanted, wanted)
  const newest = new Map<string, VolatilityRecord>()
  const all: VolatilityRecord[] = []
  let [count, newestTime] = [0, 0]
  for await (const records of await runOver(recorded, { ...asked, evaluator })) {
    count += records.length
    alerts.take(records)
    newestTime = records.at(-1)!.timestamp
    if (options.last) for (const record of records) newest.set(record.symbol, record)
    else if (options.describe || options.chart) for (const record of records) all.push(record)
    else await output.write(records)
    if (signal.aborted) break
  }
  late.tell('value of volatility', options, io)
  if (!signal.aborted) conclude({ found: count, rejected: rejectedIn(recorded) }, setup, options, io)
  if (options.describe) await printDescription(all, options, io)
  else if (options.chart) drawChart(all, options, io)
  if (options.annualize) tellBasis(settings, newestTime, options, io)
  if (options.last) await output.write(mostUnusualFirst(newest.values()))
  if (options.last || !(options.describe || options.chart)) await output.end()
  await alerts.settled()
}

/** Options that make another alert of the same ticks. */
const RULE = [
  'preset',
  'window',
  'grid',
  'every',
  'estimator',
  'quantile',
  'lookback',
  'minHistory',
  'confirmVolume',
  'release',
  'threshold',
  'price',
  'sessionBreaks',
  'include',
  'adjust',
] as const

/** What `--exec` has been run for, beside the store that is followed or warms up. */
function deliveredOf(options: VolatilityCommand): Delivered | null {
  const { exec, history, from = DEFAULT_STORE } = options
  if (exec === undefined) return null
  const { path } = parseAddress(history ?? from, 'source')
  return new Delivered(`${path}-alerts`, [exec, ...RULE.map((name) => options[name] ?? null)])
}

function noBacktest(horizon: string): HkqError {
  return new HkqError('E_USAGE', `--horizon "${horizon}" is what a backtest looks ahead: add --backtest`)
}

function drawChart(records: readonly VolatilityRecord[], options: VolatilityCommand, io: Io): void {
  const linesBelow = options.annualize && !options.quiet ? 1 : 0
  printCharts(records, (rows, view) => renderVolatilityChart(rows, view, options.annualize), options, io, linesBelow)
}

/** What `annualized` is scaled by. */
function tellBasis(settings: VolatilityOptions, time: number, options: VolatilityCommand, io: Io): void {
  const basis = annualBasis(settings, time)
  tell(
    basis === null ? 'no annualised figure: the calendar does not cover these days' : `annualised by ${basis.text}`,
    options,
    io,
  )
}

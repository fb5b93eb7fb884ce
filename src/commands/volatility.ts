import type { Command } from 'commander'
import { parseAddress } from '../core/address/address.ts'
import { HkqError } from '../core/errors.ts'
import { FLAGS } from '../core/market/event.ts'
import { ESTIMATORS } from '../core/statistics/estimators/index.ts'
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
import { printedSchema, setUp } from './_setup.ts'
import { choice, choices, duration, integer, interval, positive, quantile, tradingDays, window } from './_values.ts'
import { openHistory, runOver, type VolatilityCommand } from './_volatility-run.ts'

const NAMES = ESTIMATORS.map(({ name }) => name)

export function define(io: Io): Command {
  const command = defineCommand('volatility', io)
    .description('Rolling volatility, what is usual at this time of day, the threshold, and alerts.')
    .argument('[symbols...]', 'e.g. 00700.HK HSI (default: all of the store)')
    .option(
      '--preset <name>',
      "session: a value a minute, by time of day; tutorial: the source's, per tick (session|tutorial)",
      choice('preset', ['session', 'tutorial']),
      'session',
    )
    .option('--window <length>', 'rolling window, e.g. 30m or 1800t (default: 30m)', checked(window))
    .option('--grid <step>', 'step of the price grid (default: 1m)', checked(interval))
    .option('--every <interval>', 'length of the bars of bar estimators (default: 1m)', checked(interval))
    .option('--estimator <name>', NAMES.join(', '), choice('estimator', NAMES))
    .option('--quantile <q>', 'quantile of the threshold (default: 0.9)', quantile)
    .option(
      '--lookback <days>',
      'trading days the threshold looks back, or all (default: 20d; tutorial: all)',
      lookback,
    )
    .option('--min-history <n>', 'values a flat threshold asks for (default: 30; tutorial: 100)', integer(1))
    .option(
      '--confirm-volume <ratio>',
      'turnover ratio that confirms, or off (default: 1.5; tutorial: off)',
      ratioOrOff,
    )
    .option('--release <share>', 'share of the threshold at which a state is left (default: 0.9)', positive('share'))
    .option(
      '--threshold <kind>',
      'by time of day, or flat (auto|flat|seasonal)',
      choice('threshold', ['auto', 'flat', 'seasonal']),
    )
    .option('--price <price>', 'last trade or mid of the quote (last|mid)', choice('price', ['last', 'mid']))
    .option(
      '--session-breaks <how>',
      'whether returns span nights and lunch (exclude|include)',
      choice('session breaks', ['exclude', 'include']),
    )
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
    const { estimator } = settingsOf(settings)
    if (options.backtest) return backtest(options, settings, setup, io)
    if (command.getOptionValueSource('horizon') === 'cli') throw noBacktest(options.horizon!)
    const output = printer<VolatilityRecord>(options, io, {
      columns: volatilityColumns(zoneOf(options), options.annualize, estimator.jumpShare !== undefined),
      whole: options.last === true,
    })
    const signal = stopAfter(options.duration, io, output.gone)
    const newest = new Map<string, VolatilityRecord>()
    const all: VolatilityRecord[] = []
    let count = 0
    let newestTime = 0
    const recorded = await openHistory(options, settings, setup, signal, io)
    const beginsWithHistory = options.history !== undefined || ('store' in recorded && options.follow === true)
    const delivered = beginsWithHistory ? deliveredOf(options) : null
    const alerts = new Alerts(options, io, !beginsWithHistory, delivered)
    const late = new LateTrades()
    const asked = { options, settings, setup, signal, onLive: () => alerts.live(), onTooLate: late.add, io }
    const evaluator = (run: VolatilityOptions & WantedRecords) => new VolatilityMonitor(run, run)
    for await (const records of await runOver(recorded, { ...asked, evaluator })) {
      count += records.length
      newestTime = records.at(-1)!.timestamp
      alerts.take(records)
      if (options.last) for (const record of records) newest.set(record.symbol, record)
      else if (options.describe || options.chart) for (const record of records) all.push(record)
      else await output.write(records)
      if (signal.aborted) break
    }
    late.tell('value of volatility', options, io)
    if (!signal.aborted) conclude({ found: count, rejected: rejectedIn(recorded) }, setup, options, io)
    if (options.describe) await printDescription(all, options, io)
    else if (options.chart)
      printCharts(
        all,
        (rows, view) => renderVolatilityChart(rows, view, options.annualize),
        options,
        io,
        options.annualize && !options.quiet ? 1 : 0,
      )
    if (options.annualize) tellBasis(settings, newestTime, options, io)
    if (options.last) await output.write(mostUnusualFirst(newest.values()))
    if (options.last || !(options.describe || options.chart)) await output.end()
    await alerts.settled()
  })
}

/** What `--exec` has been run for, beside the store that is followed or warms up. */
function deliveredOf(options: VolatilityCommand): Delivered | null {
  const { exec, history, from = DEFAULT_STORE } = options
  if (exec === undefined) return null
  const { preset, estimator, window, grid, every, quantile, lookback, threshold, confirmVolume } = options
  const { path } = parseAddress(history ?? from, 'source')
  const rule = { preset, estimator, window, grid, every, quantile, lookback, threshold, confirmVolume }
  return new Delivered(`${path}-alerts`, { exec, ...rule })
}

function noBacktest(horizon: string): HkqError {
  return new HkqError('E_USAGE', `--horizon "${horizon}" is what a backtest looks ahead: add --backtest`)
}

/** Checks a value with a parser whose result the strategy reads for itself. */
function checked(parse: (text: string) => unknown): (text: string) => string {
  return (text) => {
    parse(text)
    return text.trim()
  }
}

function lookback(text: string): string {
  return text === 'all' ? text : `${tradingDays(text)}d`
}

function ratioOrOff(text: string): number | false {
  return text === 'off' ? false : positive('ratio')(text)
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

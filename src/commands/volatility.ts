import type { Command } from 'commander'
import { FLAGS } from '../core/market/event.ts'
import { ESTIMATORS } from '../core/statistics/estimators/index.ts'
import { annualBasis } from '../core/statistics/volatility/history.ts'
import { settingsOf, type VolatilityOptions } from '../core/statistics/volatility/options.ts'
import type { VolatilityRecord } from '../core/statistics/volatility/record.ts'
import { alertLine, leaveLine } from '../core/terminal/lines.ts'
import { mostUnusualFirst, volatilityColumns } from '../core/terminal/signal-columns.ts'
import { renderVolatilityChart } from '../core/terminal/volatility-chart.ts'
import { printCharts } from './_chart.ts'
import { printDescription } from './_describe.ts'
import { stopAfter } from './_events.ts'
import { type Alarm, openAlarm } from './_exec.ts'
import { type Io, say } from './_io.ts'
import { defineCommand, withCommon, withFrom, withLive, withRange, withReading } from './_options.ts'
import { paletteOf, printer, tell, zoneOf } from './_print.ts'
import { conclude, DEFAULT_STORE, openRecorded, rangeOf, rejectedIn } from './_recorded.ts'
import { printedSchema, setUp } from './_setup.ts'
import { choice, choices, integer, interval, positive, quantile, tradingDays, window } from './_values.ts'
import { recordsFrom, type VolatilityCommand } from './_volatility-records.ts'

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
    .option('--history <store>', 'warm up a live source from this store')
    .option('--exec <command>', 'run this at each alert, the record on its standard input')
    .option('--chart', 'draw volatility, its threshold and the alerts in the terminal')
    .option('--describe', 'a summary of the values (needs danfojs-node)')
  withRange(command, io)
  withFrom(command, `default: ${DEFAULT_STORE}`)
  withReading(command)
  withLive(command)
  return withCommon(command).action(async (args: string[], options: VolatilityCommand) => {
    const setup = setUp(command, io, args)
    if (printedSchema(command, io, ['volatility'])) return
    rangeOf(options)
    const settings: VolatilityOptions = { ...options, sessions: setup.sessions }
    settingsOf(settings)
    const output = printer<VolatilityRecord>(options, io, {
      columns: volatilityColumns(zoneOf(options), options.annualize),
      whole: options.last === true,
    })
    const signal = stopAfter(options.duration, io, output.gone)
    let isNews = !options.follow && options.history === undefined
    const told = alertTeller(options, openAlarm(options.exec, io), io)
    const onLive = (): void => {
      isNews = true
    }
    const newest = new Map<string, VolatilityRecord>()
    const all: VolatilityRecord[] = []
    let count = 0
    let newestTime = 0
    const recorded = await openRecorded(options, setup, signal, io)
    if ('source' in recorded && options.history === undefined) onLive()
    for await (const records of await recordsFrom(recorded, { options, settings, setup, signal, onLive, io })) {
      count += records.length
      newestTime = records.at(-1)!.timestamp
      if (isNews) told(records)
      if (options.last) for (const record of records) newest.set(record.symbol, record)
      else if (options.describe || options.chart) for (const record of records) all.push(record)
      else await output.write(records)
      if (signal.aborted) break
    }
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
    await output.end()
  })
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

/** Alerts as lines on stderr while following, and `--exec` at each one. */
function alertTeller(options: VolatilityCommand, alarm: Alarm, io: Io): (records: readonly VolatilityRecord[]) => void {
  const palette = paletteOf(io.stderr, options, io)
  const zone = zoneOf(options)
  return (records) => {
    for (const record of records) {
      if (record.event === null) continue
      if (record.event === 'enter') alarm(record)
      if (!options.follow || options.quiet) continue
      say(io, record.event === 'enter' ? alertLine(record, zone, palette) : leaveLine(record, zone, palette))
    }
  }
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

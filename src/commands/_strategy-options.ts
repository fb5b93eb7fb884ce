import type { Command } from 'commander'
import { ESTIMATORS } from '../core/statistics/estimators/index.ts'
import { choice, integer, interval, positive, quantile, tradingDays, window } from './_values.ts'

const NAMES = ESTIMATORS.map(({ name }) => name)

/** The settings of the volatility strategy; what is not given comes from the preset. */
export function withStrategy(command: Command): Command {
  return command
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
}

/** Checks a value with a parser whose result the strategy reads for itself. */
export function checked(parse: (text: string) => unknown): (text: string) => string {
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

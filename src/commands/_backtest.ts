import { parseAddress } from '../core/address/address.ts'
import { HkqError } from '../core/errors.ts'
import { Backtest } from '../core/statistics/volatility/backtest.ts'
import { type BacktestRecord, backtestRecords } from '../core/statistics/volatility/backtest-record.ts'
import { horizonOf } from '../core/statistics/volatility/horizon.ts'
import { settingsOf, type VolatilityOptions } from '../core/statistics/volatility/options.ts'
import type { Tally } from '../core/statistics/volatility/tally.ts'
import { backtestColumns, backtestLegend } from '../core/terminal/backtest-columns.ts'
import { stopAfter } from './_events.ts'
import type { Io } from './_io.ts'
import { formatOf, printer, tell } from './_print.ts'
import { bringsLiveOnly, conclude, DEFAULT_STORE, rejectedIn } from './_recorded.ts'
import type { Setup } from './_setup.ts'
import { openHistory, runOver, type VolatilityCommand } from './_volatility-run.ts'

const NO_OUTCOME =
  'hkq: nothing could be judged: it takes five full days before, and a horizon that ends within the day'

/** Options that make no sense of a backtest: they show, or wait for, single values. */
const EXCLUDED = ['follow', 'last', 'chart', 'describe', 'exec', 'history', 'annualize'] as const

/**
 * `hkq volatility --backtest`: what the strategy would have told, and what came after it.
 * @throws HkqError E_USAGE before anything is opened, E_NO_DATA, and as openRecorded
 */
export async function backtest(
  options: VolatilityCommand,
  settings: VolatilityOptions,
  setup: Setup,
  io: Io,
): Promise<void> {
  check(options, settings)
  const output = printer<BacktestRecord>(options, io, { columns: backtestColumns(), whole: true })
  const signal = stopAfter(options.duration, io, output.gone)
  const horizon = options.horizon === undefined ? {} : { horizon: options.horizon }
  const tallies: Tally[] = []
  const recorded = await openHistory(options, settings, setup, signal, io)
  const evaluator = (run: VolatilityOptions) => new Backtest({ ...run, ...horizon })
  const asked = { options, settings, evaluator, setup, signal, onLive: () => {}, io }
  for await (const some of await runOver(recorded, asked)) tallies.push(...some)
  if (!signal.aborted) conclude({ found: tallies.length, rejected: rejectedIn(recorded) }, setup, options, io)
  const rows = backtestRecords(tallies, { ...settings, ...horizon })
  if (rows.every(({ base_rate }) => base_rate === null)) tell(NO_OUTCOME, options, io)
  await output.write(rows)
  await output.end()
  if (formatOf(options, io) === 'table' && rows.length > 0)
    for (const line of backtestLegend(rows[0]!)) tell(line, options, io)
}

function check(options: VolatilityCommand, settings: VolatilityOptions): void {
  const excluded = EXCLUDED.find((name) => options[name] !== undefined && options[name] !== false)
  if (excluded) throw new HkqError('E_USAGE', `--backtest makes one table of a whole range: leave out --${excluded}`)
  horizonOf(settingsOf(settings), options.horizon)
  const from = parseAddress(options.from ?? DEFAULT_STORE, 'source')
  if (!bringsLiveOnly(from)) return
  throw new HkqError('E_USAGE', `--backtest needs what was recorded and "${from.text}" is live: record it first`)
}

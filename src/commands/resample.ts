import type { Command } from 'commander'
import { mergeBars } from '../core/bars/merge-bars.ts'
import type { BarOptions } from '../core/bars/options.ts'
import { type ResampleOptions, resample } from '../core/bars/resample.ts'
import type { Bar } from '../core/market/bar.ts'
import { type Batches, FLAGS, type Flag } from '../core/market/event.ts'
import { DAY, dayNumber, dayStart } from '../core/market/time.ts'
import { follow } from '../core/storage/follow.ts'
import { Present } from '../core/storage/present.ts'
import type { Store } from '../core/storage/store.ts'
import { madeOf, storedBars } from '../core/storage/stored-bars.ts'
import { renderBarChart } from '../core/terminal/bar-chart.ts'
import { barColumns } from '../core/terminal/market-columns.ts'
import { newestStored } from '../core/warm-up/history.ts'
import { printCharts } from './_chart.ts'
import { printDescription } from './_describe.ts'
import { stopAfter } from './_events.ts'
import type { Io } from './_io.ts'
import {
  type CommonOptions,
  defineCommand,
  type LiveOptions,
  type RangeOptions,
  type ReadingOptions,
  withCommon,
  withFrom,
  withLive,
  withRange,
  withReading,
} from './_options.ts'
import { printer, tell, zoneOf } from './_print.ts'
import {
  conclude,
  DEFAULT_STORE,
  LateTrades,
  openRecorded,
  type Recorded,
  rangeOf,
  rejectedIn,
  symbolsOf,
} from './_recorded.ts'
import { printedSchema, type Setup, setUp } from './_setup.ts'
import { choice, choices, interval } from './_values.ts'

interface Options extends CommonOptions, LiveOptions, RangeOptions, ReadingOptions {
  every: number
  align: 'session' | 'clock'
  auctions: 'join' | 'separate' | 'drop'
  fill: 'none' | 'forward' | 'empty'
  include?: readonly Flag[]
  follow?: boolean
  describe?: boolean
  chart?: boolean
}

export function define(io: Io): Command {
  const command = defineCommand('resample', io)
    .description('Bars from what was recorded: [start, start + every), by trading session or by the clock.')
    .argument('[symbols...]', 'e.g. 00700.HK HSI (default: all of the store)')
    .option('--every <interval>', 'length of a bar, 1s to 1d', interval, interval('5m'))
    .option(
      '--align <how>',
      'buckets from each opening, or from midnight as pandas does (session|clock)',
      choice('alignment', ['session', 'clock']),
      'session',
    )
    .option(
      '--auctions <how>',
      'auction trades: in the first and last bar, apart, or left out (join|separate|drop)',
      choice('auctions', ['join', 'separate', 'drop']),
      'join',
    )
    .option(
      '--fill <how>',
      'bars without trades: none, last close, or empty (none|forward|empty)',
      choice('fill', ['none', 'forward', 'empty']),
      'none',
    )
    .option('--include <flags>', 'flagged ticks to take in, or all', choices('flag', FLAGS))
    .option('--follow', 'print history, then go on as it is recorded')
    .option('--chart', 'draw candles and volume in the terminal')
    .option('--describe', 'a summary of the bars (needs danfojs-node)')
  command.options.find(({ long }) => long === '--every')!.defaultValueDescription = '5m'
  withRange(command, io)
  withFrom(command, `default: ${DEFAULT_STORE}`)
  withReading(command)
  withLive(command)
  return withCommon(command).action(async (args: string[], options: Options) => {
    const setup = setUp(command, io, args)
    if (printedSchema(command, io, ['bar'])) return
    rangeOf(options)
    const output = printer<Bar>(options, io, { columns: barColumns(zoneOf(options)) })
    const signal = stopAfter(options.duration, io, output.gone)
    const all: Bar[] = []
    let count = 0
    const late = new LateTrades()
    const recorded = await openRecorded(options, setup, signal, io)
    let isCut = false
    for await (const bars of await barsFrom(recorded, options, setup, signal, io, late.add)) {
      count += bars.length
      isCut ||= bars.some((bar) => cuts(options, bar))
      if (options.describe || options.chart) for (const bar of bars) all.push(bar)
      else await output.write(bars)
      if (signal.aborted) break
    }
    late.tell('bar', options, io)
    if (isCut) tell('hkq: a bar that --since or --until cuts holds only what lies in the range', options, io)
    if (!signal.aborted) conclude({ found: count, rejected: rejectedIn(recorded) }, setup, options, io)
    if (options.describe) await printDescription(all, options, io)
    else if (options.chart) printCharts(all, renderBarChart, options, io)
    else await output.end()
  })
}

/** Whether the range begins or ends within the bar. */
function cuts({ since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY }: RangeOptions, bar: Bar): boolean {
  return (since > bar.start && since < bar.end) || (until > bar.start && until < bar.end)
}

/** The bars of a store or source, live with `--follow` or a live source. */
export async function barsFrom(
  recorded: Recorded,
  options: Options,
  setup: Setup,
  signal: AbortSignal,
  io: Io,
  onTooLate: () => void = () => {},
): Promise<Batches<Bar>> {
  const { every, align, auctions, fill, include } = options
  const how: ResampleOptions = {
    onTooLate,
    every,
    align,
    auctions,
    fill,
    sessions: setup.sessions,
    ...(include && { include: new Set(include) }),
  }
  if ('store' in recorded) return fromStore(recorded.store, how, options, setup, signal, io)
  const { source, events } = recorded
  const asOf = io.clock.now()
  if (source.bars) return mergeBars(source.bars(rangeOf(options)), { ...how, asOf })
  if (source.kind === 'recorded') return resample(events, { ...how, asOf })
  const present = new Present(source.clock, false)
  return resample(source.kind === 'live' ? present.of(events) : events, {
    ...how,
    clock: source.kind === 'live' ? present : source.clock,
  })
}

/** Whether the bars of a day are made of that day alone. */
function isSeparable({ align, every, fill }: BarOptions): boolean {
  return fill === 'none' && (align === 'session' || DAY % every === 0)
}

async function* fromStore(
  store: Store,
  how: ResampleOptions,
  options: Options,
  setup: Setup,
  signal: AbortSignal,
  io: Io,
): AsyncGenerator<readonly Bar[]> {
  const symbols = await symbolsOf(store, setup)
  const span = rangeOf(options)
  try {
    if (options.follow) {
      const seam = isSeparable(how) ? dayStart(dayNumber(await newestStored(store, symbols))) : Number.NEGATIVE_INFINITY
      for (const symbol of symbols) yield* storedBars(store, symbol, { ...span, until: seam }, how)
      const present = new Present(io.clock, true)
      const query = { symbols, since: Math.max(span.since ?? seam, seam), types: ['tick', 'gap'] as const }
      const events = follow(store, query, io.clock, signal, () => present.caughtUp())
      yield* resample(present.of(events), { ...how, clock: present })
      return
    }
    if (options.verbose) tell(`bars made of stored ${madeOf(how)}`, options, io)
    for (const symbol of symbols) {
      yield* storedBars(store, symbol, span, { ...how, asOf: io.clock.now() })
    }
  } finally {
    await store.close()
  }
}

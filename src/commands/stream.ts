import type { Command } from 'commander'
import { openSource } from '../core/address/open-source.ts'
import type { Batches, MarketEvent, Quote, Tick } from '../core/market/event.ts'
import type { Source } from '../core/pipeline/source.ts'
import { takeOnce, takeTicks } from '../core/pipeline/take.ts'
import { fieldNames } from '../core/records/schema.ts'
import { type Board, createBoard } from '../core/terminal/board.ts'
import { createLiveView } from '../core/terminal/live-view.ts'
import { tickColumns } from '../core/terminal/market-columns.ts'
import type { Output } from '../core/terminal/output.ts'
import { renderBoard } from '../core/terminal/render-board.ts'
import { validate } from '../core/validation/validator.ts'
import { stopAfter, teller, validatorFor } from './_events.ts'
import { liveAddresses, sourceOptions } from './_feed.ts'
import { tellFeeds } from './_feeds.ts'
import type { Io } from './_io.ts'
import {
  type CommonOptions,
  defineCommand,
  type FeedOptions,
  type LiveOptions,
  withCommon,
  withFeeds,
  withLive,
} from './_options.ts'
import { formatOf, paletteOf, printer, zoneOf } from './_print.ts'
import { conclude, rejectedIn, symbolsFrom } from './_recorded.ts'
import { demandSymbols, printedSchema, setUp } from './_setup.ts'
import { choice, duration, integer } from './_values.ts'

interface Options extends CommonOptions, FeedOptions, LiveOptions {
  count?: number
  once?: boolean
  throttle: number
  depth?: number
  events?: boolean
  colors: 'hk' | 'cn'
}

const NEEDED = ['tick', 'quote', 'gap', 'status']

export function define(io: Io): Command {
  const command = defineCommand('stream', io)
    .description('Live quotes: a table that redraws in a terminal, one tick a line in a pipe.')
    .argument('[symbols...]', 'e.g. HSI 00700.HK 9988 (of a store, file or queue default: all)')
    .option('--count <n>', 'end after this many ticks', integer(1))
    .option('--once', 'one tick a symbol, then end')
    .option('--throttle <time>', 'least time between two redraws; never drops piped data', duration, 100)
    .option('--depth <n>', 'quotes with this many levels of the book, 1 to 10', integer(1, 10))
    .option('--events', 'gaps and states of the connection among the data')
    .option('--colors <scheme>', 'hk: up is green; cn: up is red (hk|cn)', choice('colour scheme', ['hk', 'cn']), 'hk')
  withFeeds(command, 'a running recorder, else alltick:')
  withLive(command)
  return withCommon(command).action(async (args: string[], options: Options) => {
    const setup = setUp(command, io, args)
    if (printedSchema(command, io, NEEDED)) return
    if (options.from === undefined || options.once) demandSymbols(setup.symbols)
    io.meantToBeStopped = true
    const addresses = await liveAddresses(options.from, setup, io)
    const symbols = symbolsFrom(addresses[0], setup)
    const table = formatOf(options, io) === 'table'
    const live = io.stdout.isTTY && table && !options.once && !options.count
    const output = printer<Tick | Quote>(options, io, {
      columns: tickColumns(zoneOf(options)) as never,
      scheme: options.colors,
      fields: fieldsOf(options),
    })
    const ended = new AbortController()
    const signal = stopAfter(options.duration, io, output.gone, ended.signal)
    const source = await openSource(addresses, {
      ...{ ...sourceOptions(setup, io), symbols, signal, depth: options.depth ?? 0 },
      ...(options.maxRetries !== undefined && { maxRetries: options.maxRetries }),
    })
    const board = createBoard(symbols)
    const validator = validatorFor(addresses[0], source, setup, options, io, (rows) => board.learn(rows))
    void tellFeeds(source, options, signal, io)
    const events = limited(validate(source, validator), symbols, options)
    try {
      if (live) return await showTable(source, events, board, options, io)
      const found = await print(events, output, table, options, io)
      if (source.kind === 'recorded' && !signal.aborted) {
        conclude({ found, rejected: rejectedIn({ validator }) }, setup, options, io)
      }
    } finally {
      ended.abort()
    }
  })
}

/** @returns the number of records printed */
async function print(
  events: Batches,
  output: Output<Tick | Quote>,
  table: boolean,
  options: Options,
  io: Io,
): Promise<number> {
  const tell = teller(options, io)
  let printed = 0
  for await (const batch of events) {
    if (!options.events) tell(batch)
    const records = batch.filter((event) => isPrinted(event, table, options)) as (Tick | Quote)[]
    printed += records.length
    await output.write(records)
    if (output.closed) break
  }
  await output.end()
  return printed
}

/** Columns of the CSV: those of every kind of record that is printed. */
function fieldsOf({ depth, events }: Options): readonly string[] {
  const types = ['tick', ...(depth === undefined ? [] : ['quote']), ...(events ? ['gap', 'status'] : [])]
  const mixed = types.length > 1 ? ['type'] : []
  return [...new Set([...mixed, ...types.flatMap(fieldNames)])]
}

function limited(events: Batches, symbols: readonly string[], { count, once }: Options): Batches {
  if (count !== undefined) return takeTicks(events, count)
  return once ? takeOnce(events, symbols) : events
}

function isPrinted({ type }: MarketEvent, table: boolean, { depth, events }: Options): boolean {
  if (type === 'tick') return true
  if (table) return false
  return (type === 'quote' && depth !== undefined) || (Boolean(events) && (type === 'gap' || type === 'status'))
}

async function showTable(source: Source, events: Batches, board: Board, options: Options, io: Io): Promise<void> {
  const palette = paletteOf(io.stdout, options, io, options.colors)
  const zone = zoneOf(options)
  const view = createLiveView({
    ...{ terminal: io.stdout, clock: io.clock, throttleMs: options.throttle },
    render: (width, height) => renderBoard(board, { width, height, palette, now: source.clock.now(), zone }),
  })
  try {
    for await (const batch of events) {
      board.apply(batch, source.clock.now())
      view.request()
    }
  } finally {
    await view.close()
  }
}

import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { type Address, parseAddress } from '../core/address/address.ts'
import { isStore, openSink, type SinkOptions, together } from '../core/address/open-sink.ts'
import { openSource } from '../core/address/open-source.ts'
import { namesQueue, namesStore, openStoreAt } from '../core/address/open-store.ts'
import { HkqError } from '../core/errors.ts'
import type { Batches, MarketEvent, Tick } from '../core/market/event.ts'
import type { Sink } from '../core/pipeline/source.ts'
import { tap } from '../core/pipeline/tap.ts'
import { fieldNames } from '../core/records/schema.ts'
import { carry } from '../core/storage/carry.ts'
import { createWriter } from '../core/storage/writer.ts'
import { tickColumns } from '../core/terminal/market-columns.ts'
import type { Output } from '../core/terminal/output.ts'
import { renderProgress, startSpinner } from '../core/terminal/progress.ts'
import { validate } from '../core/validation/validator.ts'
import { stopAfter, tellerOf, validatorFor } from './_events.ts'
import { sourceOptions } from './_feed.ts'
import { type Io, say, stateFolder } from './_io.ts'
import {
  type CommonOptions,
  defineCommand,
  type LiveOptions,
  type RangeOptions,
  withCommon,
  withFrom,
  withLive,
  withRange,
} from './_options.ts'
import { formatOf, printer, tell, zoneOf } from './_print.ts'
import { conclude, DEFAULT_STORE, rangeOf, refuseLiveRange, rejectedIn, symbolsFrom } from './_recorded.ts'
import { refuseSameFile } from './_same-file.ts'
import { printedSchema, type Setup, setUp } from './_setup.ts'
import { influxTokenOf } from './_token.ts'
import { repeated } from './_values.ts'

interface Options extends CommonOptions, LiveOptions, RangeOptions {
  to?: readonly string[]
}

export function define(io: Io): Command {
  const command = defineCommand('export', io)
    .description(
      'Copies events from any source to any sink. Into a store it can be broken off and run again: nothing comes twice. From store to store go what a vendor filled, rejected records and facts of instruments too.',
    )
    .argument('[symbols...]', 'e.g. 00700.HK HSI (default: all)')
    .option('--to <address>', 'where the events go, repeatable (default: -)', repeated(String))
  withRange(command, io)
  withFrom(command, `default: ${DEFAULT_STORE}`)
  withLive(command)
  return withCommon(command).action(async (args: string[], options: Options) => {
    const setup = setUp(command, io, args)
    if (printedSchema(command, io, ['tick', 'quote', 'gap'])) return
    rangeOf(options)
    const from = parseAddress(options.from ?? DEFAULT_STORE, 'source')
    const to = (options.to ?? ['-']).map((text) => parseAddress(text, 'sink'))
    refuseLiveRange(from, options)
    to.forEach(refuseServing)
    refuseSameFile([from], to, io)
    await copy(from, to, options, setup, io)
  })
}

function refuseServing({ scheme, text }: Address): void {
  if (scheme === 'ws') throw new HkqError('E_USAGE', `"${text}" is served, not copied to: use hkq serve`)
}

/** A recorded source is read into before the sink is opened, so that nothing is made of what cannot be read. */
async function copy(from: Address, to: readonly Address[], options: Options, setup: Setup, io: Io): Promise<void> {
  const output = printer<Tick>(options, io, { columns: tickColumns(zoneOf(options)), fields: fieldNames('tick') })
  const signal = stopAfter(options.duration, io, output.gone)
  const source = await openSource(from, {
    ...sourceOptions(setup, io),
    ...rangeOf(options),
    symbols: symbolsFrom(from, setup),
    signal,
    depth: 10,
  })
  const validator = validatorFor(from, source, setup, options, io)
  const validated = tap(validate(source, validator), tellerOf(source, options, io))
  const events = source.kind === 'recorded' ? await begun(validated) : validated
  if (events === null) return conclude({ found: 0, rejected: 0 }, setup, options, io)
  const sinks = await openAll(to, () => printing(output, options, io), { options, setup, io })
  const sink = together(sinks)
  const printed = to.some(({ scheme }) => scheme === '-')
  const writer = createWriter(sink, io.clock)
  const progress = await progressOn(io, Boolean(io.stderr.isTTY) && !options.quiet && !printed)
  try {
    await writer.run(tap(events, progress.count))
    if (namesStore(from) && !signal.aborted) await carryAll(from, sinks, { options, setup, io, signal })
  } finally {
    progress.stop()
    await sink.close()
  }
  const rejected = rejectedIn({ validator })
  if (!signal.aborted) conclude({ found: progress.done() - rejected, rejected }, setup, options, io)
  const { stored, duplicates } = writer.stats
  if (printed) return
  const places = to.map(({ text }) => text).join(', ')
  tell(`${stored} stored, ${duplicates} there already, from ${from.text} to ${places}`, options, io)
}

/** What a store holds beside its events goes into those of the sinks that are stores. */
async function carryAll(
  from: Address,
  sinks: readonly Sink[],
  { options, setup, io, signal }: { options: Options; setup: Setup; io: Io; signal: AbortSignal },
): Promise<void> {
  const stores = sinks.filter(isStore)
  if (stores.length === 0) return
  const symbols = symbolsFrom(from, setup)
  const query = { ...rangeOf(options), ...(symbols.length > 0 && { symbols }) }
  const store = await openStoreAt(from, 'read', sourceOptions(setup, io))
  try {
    for (const sink of stores) await carry(store, sink, query, signal)
  } finally {
    await store.close()
  }
}

/** When one of them cannot be opened the others are closed. */
async function openAll(
  to: readonly Address[],
  print: () => Sink,
  { options, setup, io }: { options: Options; setup: Setup; io: Io },
): Promise<readonly Sink[]> {
  const sinks: Sink[] = []
  try {
    for (const address of to) {
      if (holdsData(address)) tell(`hkq: "${address.path}" is not empty: appending to it`, options, io)
      sinks.push(address.scheme === '-' ? print() : await openSink(address, sinkOptions(address, setup, io)))
    }
  } catch (error) {
    await together(sinks).close()
    throw error
  }
  return sinks
}

/** What a queue cannot take waits in a journal; a store that does not answer ends the copying, which can be run again. */
function sinkOptions(to: Address, { config }: Setup, io: Io): SinkOptions {
  return {
    now: () => io.clock.now(),
    clock: io.clock,
    ...(namesQueue(to) && { journals: join(stateFolder(io), 'journal') }),
    tell: (line) => say(io, `hkq: ${line}`),
    influxToken: influxTokenOf(config, io),
  }
}

/** Whether the sink is a file of records with something in it. One that cannot be looked at is refused when it is opened. */
function holdsData({ scheme, path }: Address): boolean {
  if (scheme !== 'csv' && scheme !== 'ndjson') return false
  try {
    const file = statSync(path)
    return file.isFile() && file.size > 0
  } catch {
    return false
  }
}

/** The same batches, the first of them read already; null when there is none. */
async function begun(events: Batches): Promise<Batches | null> {
  const batches = events[Symbol.asyncIterator]()
  const first = await batches.next()
  if (first.done) return null
  return (async function* () {
    yield first.value
    yield* { [Symbol.asyncIterator]: () => batches }
  })()
}

/** Standard output in the format asked for; a table and a CSV hold ticks alone. */
function printing(output: Output<Tick>, options: Options, io: Io): Sink {
  const format = formatOf(options, io)
  const everything = format === 'json' || format === 'ndjson'
  return {
    async write(batch) {
      const records = everything ? batch : batch.filter(({ type }) => type === 'tick')
      await output.write(records as readonly Tick[])
      return { stored: records.length, duplicates: 0 }
    },
    close: () => output.end(),
  }
}

async function progressOn(
  io: Io,
  shown: boolean,
): Promise<{ count: (batch: readonly MarketEvent[]) => void; done: () => number; stop: () => void }> {
  const spinner = await startSpinner('', io.stderr, shown)
  const started = io.clock.monotonic()
  let done = 0
  return {
    count: (batch) => {
      done += batch.length
      const elapsedMs = io.clock.monotonic() - started
      spinner.update(renderProgress({ done, total: null, elapsedMs, unit: 'events' }, (io.stderr.columns ?? 80) - 3))
    },
    done: () => done,
    stop: () => spinner.stop(),
  }
}

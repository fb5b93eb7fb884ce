import type { Command } from 'commander'
import { type Address, parseAddress } from '../core/address/address.ts'
import { openSink } from '../core/address/open-sink.ts'
import { openSource } from '../core/address/open-source.ts'
import { HkqError } from '../core/errors.ts'
import type { MarketEvent } from '../core/market/event.ts'
import { tap } from '../core/pipeline/tap.ts'
import { createWriter } from '../core/storage/writer.ts'
import { renderProgress, startSpinner } from '../core/terminal/progress.ts'
import { validate } from '../core/validation/validator.ts'
import { stopAfter, validatorFor } from './_events.ts'
import { sourceOptions } from './_feed.ts'
import { type Io, say } from './_io.ts'
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
import { DEFAULT_STORE, noData, rangeOf } from './_recorded.ts'
import { printedSchema, type Setup, setUp } from './_setup.ts'

interface Options extends CommonOptions, LiveOptions, RangeOptions {
  to: string
}

export function define(io: Io): Command {
  const command = defineCommand('export', io)
    .description(
      'Copies events from any source to any sink. Into a store it can be broken off and run again: nothing comes twice.',
    )
    .argument('[symbols...]', 'e.g. 00700.HK HSI (default: all)')
    .option('--to <address>', 'where the events go', '-')
  withRange(command, io)
  withFrom(command, `default: ${DEFAULT_STORE}`)
  withLive(command)
  return withCommon(command).action(async (args: string[], options: Options) => {
    const setup = setUp(command, io, args)
    if (printedSchema(command, io, ['tick', 'quote', 'gap'])) return
    rangeOf(options)
    const from = parseAddress(options.from ?? DEFAULT_STORE, 'source')
    const to = parseAddress(options.to, 'sink')
    if (from.scheme === to.scheme && from.path === to.path && from.scheme !== '-') {
      throw new HkqError('E_USAGE', `"${options.to}" is both source and sink: name another`)
    }
    await copy(from, to, options, setup, io)
  })
}

async function copy(from: Address, to: Address, options: Options, setup: Setup, io: Io): Promise<void> {
  const gone = new AbortController()
  const signal = stopAfter(options.duration, io, gone.signal)
  const source = await openSource(from, {
    ...sourceOptions(setup, io),
    ...rangeOf(options),
    symbols: setup.symbols,
    signal,
    depth: 10,
  })
  const sink = await openSink(to, {
    now: () => io.clock.now(),
    stdout: io.stdout,
    onGone: () => gone.abort('the reader has gone'),
  })
  const spinner = await startSpinner('', io.stderr, Boolean(io.stderr.isTTY) && !options.quiet && to.scheme !== '-')
  const started = io.clock.monotonic()
  let done = 0
  const count = (batch: readonly MarketEvent[]): void => {
    done += batch.length
    spinner.update(
      renderProgress(
        { done, total: null, elapsedMs: io.clock.monotonic() - started, unit: 'events' },
        (io.stderr.columns ?? 80) - 3,
      ),
    )
  }
  const writer = createWriter(sink, io.clock)
  try {
    await writer.run(tap(validate(source, validatorFor(from, source, setup, options, io)), count))
  } finally {
    spinner.stop()
    await sink.close()
  }
  if (done === 0 && !signal.aborted) throw noData(setup.symbols, options)
  const { stored, duplicates } = writer.stats
  if (to.scheme !== '-' && !options.quiet)
    say(io, `${stored} stored, ${duplicates} there already, from ${options.from ?? DEFAULT_STORE} to ${options.to}`)
}

import type { Command } from 'commander'
import { parseAddress } from '../core/address/address.ts'
import { namesStore, openStoreAt } from '../core/address/open-store.ts'
import { HkqError } from '../core/errors.ts'
import { Keeper } from '../core/monitor/keeper.ts'
import { recordsOf } from '../core/monitor/metrics.ts'
import type { HealthRecord } from '../core/monitor/record.ts'
import { fieldNames } from '../core/records/schema.ts'
import type { Store } from '../core/storage/store.ts'
import { healthColumns, renderGlance } from '../core/terminal/health.ts'
import type { Output } from '../core/terminal/output.ts'
import { type Io, say } from './_io.ts'
import { type CommonOptions, defineCommand, type RangeOptions, withCommon, withFrom, withRange } from './_options.ts'
import { formatOf, paletteOf, printer, zoneOf } from './_print.ts'
import { rangeOf } from './_recorded.ts'
import { openRecorders } from './_recorders.ts'
import { printedSchema, setUp } from './_setup.ts'
import { duration } from './_values.ts'

interface Options extends CommonOptions, RangeOptions {
  once?: boolean
  every: number
  to?: string
}

/** Shortest time between two looks, ms: below it the looking itself would be what is seen. */
const LEAST = 1_000
/** Exit codes of one look: no recorder runs; of one that fails, by what. */
const EXITS = { none: 3, feed: 5, store: 6 } as const

export function define(io: Io): Command {
  const command = defineCommand('monitor', io)
    .description(
      'Health of this machine and of the recorders that run on it: a line every minute, or one look. One look ends with 3 where no recorder runs, 5 where its feed fails, 6 where its store does, else with 0.',
    )
    .option('--once', 'one look, for people and for cron')
    .option('--every <time>', 'time between two looks', every, 60_000)
    .option('--to <address>', 'keep what is seen in a store too, for 90 days')
  command.options.find(({ long }) => long === '--every')!.defaultValueDescription = '60s'
  withRange(command, io)
  withFrom(command, 'default: ask the recorders that run', 'what this store has kept of earlier')
  return withCommon(command).action(async (options: Options) => {
    setUp(command, io)
    if (printedSchema(command, io, ['health'])) return
    io.meantToBeStopped = true
    if (options.from !== undefined) return printKept(options.from, options, io)
    if (options.since !== undefined || options.until !== undefined)
      throw new HkqError('E_USAGE', '--since and --until are of what a store has kept: name it with --from')
    await watch(options, io)
  })
}

function every(text: string): number {
  const ms = duration(text)
  if (ms >= LEAST) return ms
  throw new HkqError('E_USAGE', `unknown duration "${text}": use 1s or more`)
}

async function watch(options: Options, io: Io): Promise<void> {
  const store = options.to === undefined ? undefined : await openKeeping(options.to, io)
  const keeper = store && keeperOf(store, io)
  const recorders = openRecorders(io)
  const output = options.once && formatOf(options, io) === 'table' ? glance(options, io) : outputOf(options, io)
  const signal = AbortSignal.any([io.interrupted, output.gone])
  try {
    do {
      const records = await recorders.look()
      await output.write(records)
      await keeper?.keep(records)
      if (options.once) io.exitCode = Math.max(...records.map(exitOf))
      else await io.clock.sleep(options.every, signal)
    } while (!options.once && !signal.aborted)
    await output.end()
  } finally {
    recorders.close()
    await store?.close()
  }
}

/** @throws HkqError E_USAGE where no health is kept there; E_STORAGE, E_LOCKED */
async function openKeeping(address: string, io: Io): Promise<Store> {
  const parsed = parseAddress(address, 'sink')
  if (parsed.scheme !== 'sqlite' && parsed.scheme !== 'postgres') throw keepsNone(parsed.text)
  try {
    return await openStoreAt(parsed, 'record', { now: io.clock.now, tell: (line) => say(io, `hkq: ${line}`) })
  } catch (error) {
    if (!(error instanceof HkqError) || error.code !== 'E_LOCKED') throw error
    throw new HkqError('E_LOCKED', `${error.message}; it keeps its own health there`, { cause: error })
  }
}

function keepsNone(address: string): HkqError {
  return new HkqError('E_USAGE', `"${address}" keeps no health: use sqlite:FILE or postgres://...`)
}

function keeperOf(store: Store, io: Io): Keeper {
  return new Keeper({
    put: (metrics, since) => store.putMetrics!(metrics, since),
    clock: io.clock,
    tell: (line) => say(io, `hkq: ${line}`),
  })
}

function outputOf(options: Options, io: Io): Output<HealthRecord> {
  const fields = fieldNames('health').filter((name) => name !== 'symbols')
  return printer<HealthRecord>(options, io, { columns: healthColumns(zoneOf(options)), fields })
}

/** Records as blocks of lines for people. */
function glance(options: Options, io: Io): Pick<Output<HealthRecord>, 'write' | 'end' | 'gone'> {
  const palette = paletteOf(io.stdout, options, io)
  return {
    write: async (records) => {
      io.stdout.write(`${records.map((record) => renderGlance(record, zoneOf(options), palette)).join('\n\n')}\n`)
    },
    end: async () => {},
    gone: new AbortController().signal,
  }
}

function exitOf({ state, reasons }: HealthRecord): number {
  if (state === null) return EXITS.none
  if (state !== 'failing') return 0
  return reasons.some((reason) => reason.startsWith('store_')) ? EXITS.store : EXITS.feed
}

/** What a store has kept, oldest first; with `--once` the latest alone. @throws HkqError E_NO_DATA, E_USAGE, E_STORAGE */
async function printKept(from: string, options: Options, io: Io): Promise<void> {
  const address = parseAddress(from, 'source')
  if (!namesStore(address)) throw keepsNone(address.text)
  const store = await openStoreAt(address, 'read')
  try {
    if (store.metrics === undefined) throw keepsNone(address.text)
    const output = outputOf(options, io)
    let last: HealthRecord | undefined
    for await (const record of recordsOf(store.metrics(rangeOf(options)))) {
      if (!options.once) await output.write([record])
      last = record
      if (io.interrupted.aborted || output.closed) break
    }
    if (last === undefined) throw new HkqError('E_NO_DATA', `"${address.text}" has kept no health in this range`)
    if (options.once) await output.write([last])
    await output.end()
  } finally {
    await store.close()
  }
}

import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { type Address, LIVE, parseAddress } from '../core/address/address.ts'
import { openSource } from '../core/address/open-source.ts'
import { namesQueue, namesStore, openStoreAt } from '../core/address/open-store.ts'
import { HkqError } from '../core/errors.ts'
import type { Adjustments } from '../core/market/adjustments.ts'
import type { Batches, MarketEvent } from '../core/market/event.ts'
import { distinct } from '../core/pipeline/distinct.ts'
import type { Query, Source } from '../core/pipeline/source.ts'
import { tap } from '../core/pipeline/tap.ts'
import { adjustedSource, adjustedStore } from '../core/storage/adjusted.ts'
import type { Readers } from '../core/storage/sqlite/read-ahead.ts'
import type { Store } from '../core/storage/store.ts'
import { type Validator, validate } from '../core/validation/validator.ts'
import { tellerOf, validatorFor } from './_events.ts'
import { sourceOptions } from './_feed.ts'
import type { Io } from './_io.ts'
import type { CommonOptions, LiveOptions, RangeOptions, ReadingOptions } from './_options.ts'
import { tell } from './_print.ts'
import { demandSymbols, type Setup } from './_setup.ts'
import { influxTokenOf } from './_token.ts'

export const DEFAULT_STORE = 'sqlite:hk_market.db'

/** Where analytics read from: a store that can be asked, or a source whose events pass by once. */
export type Recorded =
  | { store: Store }
  | { source: Source; events: Batches; validator: Validator; badBars?: () => number }

/** Records that could not be read so far; a store holds none. */
export function rejectedIn(recorded: Recorded | { validator: Validator; badBars?: () => number }): number {
  if (!('validator' in recorded)) return 0
  const { counts } = recorded.validator
  return Object.values(counts.rejected).reduce((sum, count) => sum + count, recorded.badBars?.() ?? 0)
}

/**
 * Opens what analytics read: `--from`, else the default store.
 * @throws HkqError E_USAGE, E_STORAGE, E_INPUT
 */
export async function openRecorded(
  options: CommonOptions & LiveOptions & RangeOptions & ReadingOptions,
  setup: Setup,
  signal: AbortSignal,
  io: Io,
): Promise<Recorded> {
  const address = parseAddress(options.from ?? DEFAULT_STORE, 'source')
  if (namesStore(address) && !address.params.has('speed'))
    return { store: await openStore(address, setup, options, io) }
  refuseLiveRange(address, options)
  const adjustments = await adjustmentsOf(options)
  let badBars = 0
  const opened = await openSource(address, {
    onBadBar: () => {
      badBars++
    },
    ...{ ...sourceOptions(setup, io), ...rangeOf(options), symbols: symbolsFrom(address, setup), signal },
    ...(options.maxRetries !== undefined && { maxRetries: options.maxRetries }),
    // Nothing has been stored, and how far the feed is heard is wanted.
    checkpoints: [],
  })
  const source = adjustments ? adjustedSource(opened, adjustments) : opened
  const validator = validatorFor(address, source, setup, options, io)
  const isLive = source.kind === 'live'
  const events = tap(validate(isLive ? distinct(source) : source, validator), tellerOf(source, options, io))
  return { source, events: isLive ? openEnded(events, signal) : events, validator, badBars: () => badBars }
}

/**
 * The events of a live feed without what it says of its own end: a hole that is still open then may turn out to be none,
 * and no value may rest on it.
 */
export async function* openEnded(events: Batches, signal: AbortSignal): AsyncGenerator<readonly MarketEvent[]> {
  for await (const batch of events) {
    const kept = signal.aborted ? batch.filter(({ type }) => type !== 'gap' && type !== 'coverage') : batch
    if (kept.length > 0) yield kept
  }
}

/** Sources that hold no symbols of their own: they give what they are asked for. */
const ASKED: ReadonlySet<Address['scheme']> = new Set([...LIVE, 'sim'])

/**
 * The symbols asked for; none means all that a recorded source holds.
 * @throws HkqError E_USAGE when the source must be told
 */
export function symbolsFrom({ scheme }: Address, { symbols }: Setup): readonly string[] {
  return ASKED.has(scheme) ? demandSymbols(symbols) : symbols
}

/** Opens the store at an address for reading, at adjusted prices where that was asked for. */
export async function openStore(
  address: Address,
  { sessions, config }: Setup,
  options: ReadingOptions,
  io: Io,
): Promise<Store> {
  const adjustments = await adjustmentsOf(options)
  const readers = readersOf(options, io)
  const store = await openStoreAt(address, 'read', {
    ...{ sessions, influxToken: influxTokenOf(config, io) },
    ...(readers && { readers }),
  })
  return adjustments ? adjustedStore(store, adjustments) : store
}

async function adjustmentsOf({ adjust }: ReadingOptions): Promise<Adjustments | undefined> {
  if (adjust === undefined) return undefined
  const { adjustmentsIn } = await import('../core/storage/adjustments-file.ts')
  return adjustmentsIn(adjust)
}

/** More threads than these only wait for the one that computes. */
const MOST_READERS = 4

function readersOf({ workers }: ReadingOptions, { built }: Io): Readers | undefined {
  const threads = workers ?? Math.min(MOST_READERS, availableParallelism())
  return threads === 0 ? undefined : { script: join(built, 'column-reader.cjs'), threads }
}

/**
 * `--since` and `--until` as a query.
 * @throws HkqError E_USAGE where nothing lies between them, or an end is asked for of what is followed
 */
export function rangeOf({ since, until, follow }: RangeOptions & { follow?: boolean }): Pick<Query, 'since' | 'until'> {
  if (follow && until !== undefined) {
    throw new HkqError('E_USAGE', '--follow goes on and --until ends: leave one out, or end by --duration')
  }
  if (since !== undefined && until !== undefined && since >= until) {
    throw new HkqError('E_USAGE', '--since is not before --until: nothing lies between them')
  }
  return { ...(since !== undefined && { since }), ...(until !== undefined && { until }) }
}

/** Whether an address has no past that can be read again: a vendor, or a queue, which is read from now on. */
export function bringsLiveOnly(address: Address): boolean {
  return LIVE.has(address.scheme) || namesQueue(address)
}

/**
 * `--since` and `--until` are of what can be read again.
 * @throws HkqError E_USAGE for a range of a live feed
 */
export function refuseLiveRange(address: Address, { since, until }: Pick<Query, 'since' | 'until'>): void {
  if (!bringsLiveOnly(address) || (since === undefined && until === undefined)) return
  const [option, remedy] = since === undefined ? ['--until', 'end by --duration'] : ['--since', 'record it first']
  throw new HkqError('E_USAGE', `${option}: "${address.text}" is live and has no range: leave it out, or ${remedy}`)
}

/** The symbols asked for, or all of the store. */
export async function symbolsOf(store: Store, { symbols }: Setup): Promise<readonly string[]> {
  return symbols.length > 0 ? symbols : store.symbols()
}

/** What was asked for, as a message has it. */
type Asked = Omit<RangeOptions, 'from'> & { from?: string | readonly string[] }

/**
 * Judges the end of a reading: nothing found is an error, records that could not be read are told.
 * @param found records that were made of it
 * @param rejected records that could not be read
 * @throws HkqError E_NO_DATA
 */
export function conclude(
  { found, rejected }: { found: number; rejected: number },
  { symbols }: Setup,
  options: CommonOptions & Asked,
  io: Io,
): void {
  if (found === 0) throw noData(symbols, options, rejected)
  if (rejected > 0) tell(`hkq: ${records(rejected)} could not be read and left out`, options, io)
}

/** Trades of a stream that came so late that what they belong to had been given and forgotten. */
export class LateTrades {
  #count = 0

  readonly add = (): void => {
    this.#count++
  }

  /** @param where what they are in none of, e.g. `bar` */
  tell(where: string, options: CommonOptions, io: Io): void {
    if (this.#count === 0) return
    const trades = this.#count === 1 ? '1 trade' : `${this.#count} trades`
    tell(`hkq: ${trades} came too late and counted for no ${where}`, options, io)
  }
}

function noData(symbols: readonly string[], { from, since, until }: Asked, rejected: number): HkqError {
  const what = symbols.length > 0 ? ` of ${symbols.join(', ')}` : ''
  const range = since === undefined && until === undefined ? '' : ' for this range'
  const hint = from === undefined ? ': see what is there with hkq export, or record first' : ''
  const why = rejected > 0 ? `: ${records(rejected)} could not be read` : hint
  return new HkqError(
    'E_NO_DATA',
    `no data${what} in "${[from ?? DEFAULT_STORE].flat().join('" and "')}"${range}${why}`,
  )
}

function records(count: number): string {
  return count === 1 ? '1 record' : `${count} records`
}

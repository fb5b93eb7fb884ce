import { type Address, parseAddress } from '../core/address/address.ts'
import { openSource } from '../core/address/open-source.ts'
import { HkqError } from '../core/errors.ts'
import type { Batches } from '../core/market/event.ts'
import type { Query, Source } from '../core/pipeline/source.ts'
import type { Store } from '../core/storage/store.ts'
import { validate } from '../core/validation/validator.ts'
import { validatorFor } from './_events.ts'
import { sourceOptions } from './_feed.ts'
import type { Io } from './_io.ts'
import type { CommonOptions, LiveOptions, RangeOptions } from './_options.ts'
import type { Setup } from './_setup.ts'

export const DEFAULT_STORE = 'sqlite:hk_market.db'

/** Where analytics read from: a store that can be asked, or a source whose events pass by once. */
export type Recorded = { store: Store } | { source: Source; events: Batches }

/**
 * Opens what analytics read: `--from`, else the default store.
 * @throws HkqError E_USAGE, E_STORAGE, E_INPUT
 */
export async function openRecorded(
  options: CommonOptions & LiveOptions & RangeOptions,
  setup: Setup,
  signal: AbortSignal,
  io: Io,
): Promise<Recorded> {
  const address = parseAddress(options.from ?? DEFAULT_STORE, 'source')
  if (address.scheme === 'sqlite' && !address.params.has('speed')) return { store: await openStore(address, setup) }
  const source = await openSource(address, {
    ...{ ...sourceOptions(setup, io), ...rangeOf(options), symbols: setup.symbols, signal },
    ...(options.maxRetries !== undefined && { maxRetries: options.maxRetries }),
  })
  return { source, events: validate(source, validatorFor(address, source, setup, options, io)) }
}

/** Opens the store at an address for reading. */
export async function openStore(address: Address, { sessions }: Setup): Promise<Store> {
  const { openSqlite } = await import('../core/storage/sqlite.ts')
  return openSqlite(address.path, { mode: 'read', sessions })
}

/** `--since` and `--until` as a query. */
export function rangeOf({ since, until }: RangeOptions): Pick<Query, 'since' | 'until'> {
  if (since !== undefined && until !== undefined && since >= until) {
    throw new HkqError('E_USAGE', '--since is not before --until: nothing lies between them')
  }
  return { ...(since !== undefined && { since }), ...(until !== undefined && { until }) }
}

/** The symbols asked for, or all of the store. */
export function symbolsOf(store: Store, { symbols }: Setup): readonly string[] {
  return symbols.length > 0 ? symbols : store.symbols()
}

/** What to throw when nothing was found. */
export function noData(symbols: readonly string[], { from }: CommonOptions): HkqError {
  const what = symbols.length > 0 ? ` of ${symbols.join(', ')}` : ''
  return new HkqError(
    'E_NO_DATA',
    `no data${what} in "${from ?? DEFAULT_STORE}" for this range: see what is there with hkq export, or record first`,
  )
}

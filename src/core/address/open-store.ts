import type { Clock } from '../clock.ts'
import type { Sessions } from '../market/session.ts'
import type { Durability } from '../pipeline/source.ts'
import type { Place } from '../storage/postgres/place.ts'
import type { Readers } from '../storage/sqlite/read-ahead.ts'
import type { Store } from '../storage/store.ts'
import { type Address, choiceParam, param, type SchemeName } from './address.ts'

/** What opening a store may need; each takes what concerns it. */
export interface StoreOptions {
  /** Phases of stores that keep none of their own. */
  sessions?: Sessions
  /** Default `process`. */
  durability?: Durability
  /** Wall clock of checkpoints, epoch ms. */
  now?: () => number
  /** Measures and waits; the machine's by default. */
  clock?: Clock
  /** Told one line of what a recorder's user should know. */
  tell?: (line: string) => void
  /** Called only when InfluxDB 2 is opened: its token, undefined where there is none. */
  influxToken?: () => string | undefined
  /** Threads that read a long history ahead of the one that computes; none by default. */
  readers?: Readers
}

/** `record` may write and makes the store where there is none; `read` does neither. */
type Mode = 'read' | 'record'

type Opener = (address: Address, mode: Mode, options: StoreOptions) => Promise<Store>

const OPENERS: Partial<Record<SchemeName, Opener>> = {
  influxdb: async (address, mode, options) => (await import('./open-influxdb.ts')).openInfluxAt(address, mode, options),
  parquet: async ({ path }, mode, options) =>
    (await import('../storage/parquet.ts')).openParquet(path, { mode, ...options }),
  sqlite: async ({ path }, mode, options) =>
    (await import('../storage/sqlite.ts')).openSqlite(path, { mode, ...options }),
  postgres: async (address, mode, { durability = 'process', now = Date.now }) => {
    const { openPostgres } = await import('../storage/postgres.ts')
    return openPostgres(await postgresPlace(address), { mode, durability, now })
  },
}

/** Where a `postgres:` address leads. @throws HkqError E_USAGE */
export async function postgresPlace(address: Address): Promise<Place> {
  const { placeOf, SSL_MODES } = await import('../storage/postgres/place.ts')
  const [schema, ssl] = [param(address, 'schema'), choiceParam(address, 'sslmode', SSL_MODES)]
  return placeOf(address.path, address.text, { schema, ssl })
}

/** Stores behind a network, and whether an error of theirs tells that they are away for now. */
const AWAY: Partial<Record<SchemeName, () => Promise<(error: unknown) => boolean>>> = {
  influxdb: async () => (await import('../storage/influxdb/refusal.ts')).isAway,
  postgres: async () => (await import('../storage/postgres.ts')).isAway,
}

/** Whether an address names a store: something that can be asked, not a stream that passes by once. */
export function namesStore({ scheme }: Address): boolean {
  return OPENERS[scheme] !== undefined
}

/** Whether the store of an address is behind a network. */
export function isNetworked({ scheme }: Address): boolean {
  return AWAY[scheme] !== undefined
}

/** Which errors of a store behind a network tell that it is away for now. */
export function awayOf({ scheme }: Address): Promise<(error: unknown) => boolean> {
  return AWAY[scheme]!()
}

/** Whether an address names a queue: what passes through it was judged before, and is kept until it is acknowledged. */
export function namesQueue({ scheme }: Address): boolean {
  return scheme === 'redis' || scheme === 'nats'
}

/**
 * Opens the store that an address names.
 * @throws HkqError E_STORAGE, with the remedy, where it cannot be used; E_LOCKED while another recorder holds it
 */
export function openStoreAt(address: Address, mode: Mode, options: StoreOptions = {}): Promise<Store> {
  return OPENERS[address.scheme]!(address, mode, options)
}

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Address, LIVE, parseAddress } from '../core/address/address.ts'
import { openSource } from '../core/address/open-source.ts'
import { awayOf, isNetworked, namesQueue, namesStore } from '../core/address/open-store.ts'
import type { ShowContext } from '../core/dashboard/show.ts'
import { type Show, showArchive, showJoined, showSource, showStore } from '../core/dashboard/show.ts'
import { HkqError } from '../core/errors.ts'
import type { Instrument } from '../core/market/instrument.ts'
import { distinct } from '../core/pipeline/distinct.ts'
import type { Source } from '../core/pipeline/source.ts'
import { tap } from '../core/pipeline/tap.ts'
import type { VolatilityOptions } from '../core/statistics/volatility/options.ts'
import { ReopenedStore } from '../core/storage/reopened-store.ts'
import type { Store } from '../core/storage/store.ts'
import { validate } from '../core/validation/validator.ts'
import { tellerOf, validatorFor } from './_events.ts'
import { sourceOptions } from './_feed.ts'
import type { Io } from './_io.ts'
import type { CommonOptions, FeedOptions, LiveOptions } from './_options.ts'
import { DEFAULT_STORE, openEnded, openStore, symbolsFrom } from './_recorded.ts'
import { findRelay, type Relay, relayAddress } from './_relay.ts'
import type { Setup } from './_setup.ts'

export interface ShownOptions extends CommonOptions, FeedOptions, LiveOptions {
  history?: string
}

/** What is shown, and what it is called. */
export interface Shown {
  show: Show
  name: string
  kind: Source['kind']
}

/** Levels of the book that are asked for. */
const DEPTH = 10

/** What the command line names: where events come from, what came before, and which symbols. */
interface Wanted {
  /** What it is called, where it is not by its addresses. */
  name?: string
  addresses: readonly [Address, ...Address[]]
  history: Address | undefined
  symbols: readonly string[]
}

/**
 * Opens what is shown: `--from`, else a running recorder with its store, else the default store.
 * @throws HkqError as the source and the store do; E_USAGE for a history where there is none to go before
 */
export async function openShow(
  options: ShownOptions,
  settings: VolatilityOptions,
  setup: Setup,
  signal: AbortSignal,
  io: Io,
): Promise<Shown> {
  const { addresses, history, symbols, name = nameOf(addresses) } = await wantedOf(options, setup, io)
  const [address] = addresses
  const context: ShowContext = { symbols, sessions: setup.sessions, settings, clock: io.clock, signal }
  if (addresses.length === 1 && namesStore(address) && !address.params.has('speed')) {
    const store = await openReading(address, setup, io)
    if (address.scheme === 'parquet') return { show: await showArchive(store, context), name, kind: 'recorded' }
    const isAway = isNetworked(address) ? { isAway: await awayOf(address) } : {}
    return { show: await showStore(store, { name, ...isAway }, context), name, kind: 'recorded' }
  }
  const store = history && (await openReading(history, setup, io))
  const source = await openSource(addresses, {
    ...{ ...sourceOptions(setup, io), symbols: symbolsFrom(address, { ...setup, symbols }), signal, depth: DEPTH },
    ...(options.maxRetries !== undefined && { maxRetries: options.maxRetries }),
    // Nothing has been stored, and how far the feed is heard is wanted.
    checkpoints: [],
  })
  let shown: Show | null = null
  const facts: Instrument[] = []
  const validator = validatorFor(address, source, setup, options, io, (rows) => {
    facts.push(...(shown === null ? rows : []))
    shown?.desk.learn(rows)
  })
  const isLive = source.kind === 'live'
  const judged = tap(validate(isLive ? distinct(source) : source, validator), tellerOf(source, options, io))
  const events = isLive ? openEnded(judged, signal) : judged
  const show = store ? await showJoined(store, source, events, context) : showSource(source, events, context)
  shown = show
  if (namesQueue(address)) show.desk.feeds.carrier = source.name
  show.desk.learn(facts)
  return { show, name, kind: source.kind }
}

function nameOf(addresses: readonly Address[]): string {
  return addresses.map(({ text }) => text).join(' and ')
}

/** A store that is read for hours: one behind a network is opened anew after it was away. */
async function openReading(address: Address, setup: Setup, io: Io): Promise<Store> {
  const open = (): Promise<Store> => openStore(address, setup, {}, io)
  return isNetworked(address) ? new ReopenedStore(await open(), open, await awayOf(address)) : open()
}

async function wantedOf(options: ShownOptions, setup: Setup, io: Io): Promise<Wanted> {
  const { symbols } = setup
  const history = options.history === undefined ? undefined : parseAddress(options.history, 'source')
  if (options.from === undefined && history === undefined) return byDefault(setup, io)
  const [first = DEFAULT_STORE, ...others] = options.from ?? []
  const addresses: Wanted['addresses'] = [
    parseAddress(first, 'source'),
    ...others.map((text) => parseAddress(text, 'source')),
  ]
  const goesOn = addresses.every((address) => LIVE.has(address.scheme) || namesQueue(address))
  if (history !== undefined && !(namesStore(history) && goesOn)) {
    throw new HkqError(
      'E_USAGE',
      `--history "${history.text}": a store goes before a live feed or a queue, named by --from; a store alone is a --from`,
    )
  }
  return { addresses, history, symbols }
}

/** A recorder on this machine relays what it hears, and its store holds what came before. */
async function byDefault(setup: Setup, io: Io): Promise<Wanted> {
  for (const vendor of LIVE) {
    const relay = await findRelay(io, vendor)
    if (relay === undefined) continue
    const store = storeOf(relay)
    const symbols = setup.symbols.length > 0 ? setup.symbols : (relay.symbols ?? [])
    // What a relay of another vendor tells bears AllTick's name, so that its store would be there twice.
    if (vendor !== 'alltick' && store) return { addresses: [store], history: undefined, symbols }
    return { name: `${vendor}: and ${relay.store}`, addresses: [relayAddress(io, relay)], history: store, symbols }
  }
  const address = parseAddress(DEFAULT_STORE, 'source')
  if (existsSync(resolve(io.cwd, address.path)))
    return { addresses: [address], history: undefined, symbols: setup.symbols }
  throw new HkqError(
    'E_NO_DATA',
    `no recorder is running and there is no "${address.path}" here: run hkq record first, or name a source, e.g. hkq dashboard HSI 00700.HK --from sim:`,
  )
}

/** The store that a recorder records into, as it can be read from here; undefined where it is none, or not made yet. */
function storeOf({ store, cwd }: Relay): Address | undefined {
  try {
    const address = parseAddress(store, 'source')
    if (!namesStore(address)) return undefined
    if (address.scheme !== 'sqlite' && address.scheme !== 'parquet') return address
    const path = resolve(cwd ?? '', address.path)
    return existsSync(path) ? { ...address, path } : undefined
  } catch {
    return undefined
  }
}

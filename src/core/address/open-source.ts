import type { Readable } from 'node:stream'
import { type Clock, systemClock } from '../clock.ts'
import type { Vendor } from '../connection/vendor.ts'
import { HkqError } from '../errors.ts'
import { Sessions } from '../market/session.ts'
import { parseTime } from '../market/time.ts'
import type { Inquiry } from '../pipeline/inquiry.ts'
import { pace } from '../pipeline/pace.ts'
import type { Checkpoint, Query, Source } from '../pipeline/source.ts'
import { withEvents } from '../pipeline/with-events.ts'
import { type FileOptions, parseColumns } from '../storage/file-options.ts'
import { type Address, choiceParam, numberParam, param, parseAddress } from './address.ts'

/** What a live vendor wants from its user. */
export interface AllTickAccess {
  token?: string
  plan?: Plan
  endpoints?: readonly string[]
}

/** What Infoway wants from its user. */
export interface InfowayAccess {
  key?: string
  plan?: Plan
  endpoints?: readonly string[]
}

/** What Longbridge wants from its user. */
export interface LongbridgeAccess {
  appKey?: string
  appSecret?: string
  accessToken?: string
}

export const PLANS = ['free', 'basic', 'premium', 'pro'] as const
type Plan = (typeof PLANS)[number]

/** Everything a source may need; each takes what concerns it. */
export interface SourceOptions {
  /** Canonical symbols; none means all of a recorded source. */
  symbols?: readonly string[]
  /** Default: Hong Kong's built-in calendar. */
  sessions?: Sessions
  /** Default: the machine's. */
  clock?: Clock
  /** Jitter of the back-off, uniform in [0, 1). */
  random?: () => number
  /** Ends the source quietly. */
  signal?: AbortSignal
  /** Levels of the book to deliver as quotes; 0 for none. */
  depth?: number
  /** Epoch ms, inclusive and exclusive; recorded sources only. */
  since?: number
  until?: number
  /** Failed attempts in a row before a live source gives up; absent: never. */
  maxRetries?: number
  /** How far the store has come, for the gaps of a restart. */
  checkpoints?: readonly Checkpoint[]
  /** Sees the size of every message of a live source. */
  onBytes?: (bytes: number) => void
  /** Keeps every frame of a live source in this folder. `onFailure` is told when its disk refuses; the feed goes on. */
  capture?: { dir: string; id: number; onFailure: (error: HkqError) => void }
  /** Called only when AllTick is opened. */
  alltick?: () => AllTickAccess
  /** Called only when Infoway is opened. */
  infoway?: () => InfowayAccess
  /** Called only when Longbridge is opened. */
  longbridge?: () => LongbridgeAccess
  proxyFor?: (url: string) => string | undefined
  /** Standard input, for `-`. */
  stdin?: Readable
}

/** The options with what every source needs. */
export type Settled = SourceOptions &
  Required<Pick<SourceOptions, 'symbols' | 'sessions' | 'clock' | 'random' | 'signal'>>

type Opener = (address: Address, options: Settled) => Promise<Source>

const OPENERS: Readonly<Record<Exclude<Address['scheme'], 'ws'>, Opener>> = {
  alltick: openAllTick,
  infoway: async (address, options) => (await import('./open-infoway.ts')).openInfoway(address, options, openLive),
  longbridge: async (_, options) => (await import('../connection/longbridge.ts')).openLongbridge(options),
  tutorial: openTutorial,
  sim: openSim,
  sqlite: openStore,
  csv: openCsv,
  ndjson: openNdjson,
  raw: openFrames,
  '-': openNdjson,
}

/**
 * Opens a source by its address, or two live feeds side by side as one. Modules are loaded for the scheme that is used.
 * @param address as `--from` on the command line, e.g. `alltick:`, `sim:?speed=max`, `sqlite:hk_market.db`; of two feeds
 *   the second fills what the first misses
 * @param options `symbols` in canonical form (none: all of a recording); the rest has its defaults
 * @returns an async iterable of batches of events in order; leaving the loop closes it
 * @throws HkqError E_USAGE for a bad address; E_TOKEN, E_STORAGE, E_INPUT when it cannot be opened
 */
export async function openSource(
  address: string | Address | readonly (string | Address)[],
  options: SourceOptions = {},
): Promise<Source> {
  if (typeof address !== 'string' && !('scheme' in address)) return openSources(address, options)
  const parsed = typeof address === 'string' ? parseAddress(address, 'source') : address
  const settled: Settled = {
    ...{
      symbols: [],
      sessions: new Sessions(),
      clock: systemClock,
      random: Math.random,
      signal: new AbortController().signal,
    },
    ...options,
  }
  return OPENERS[parsed.scheme as keyof typeof OPENERS](parsed, settled)
}

async function openSources(addresses: readonly (string | Address)[], options: SourceOptions): Promise<Source> {
  const [first, second, third] = addresses.map((one) => (typeof one === 'string' ? parseAddress(one, 'source') : one))
  if (first === undefined) throw new HkqError('E_USAGE', 'no address to read from: name one')
  if (second === undefined) return openSource(first, options)
  if (third !== undefined) {
    throw new HkqError('E_USAGE', `two feeds are read side by side at most, found "${third.text}" as a third`)
  }
  if (first.text === second.text) {
    throw new HkqError(
      'E_USAGE',
      `"${first.text}" is there twice: name another vendor, or another endpoint of this one`,
    )
  }
  const { sideBySide } = await import('../side-by-side/side-by-side.ts')
  const feed = (address: Address, which: number): Promise<Source> => {
    const { capture } = options
    return openSource(address, { ...options, ...(capture && { capture: { ...capture, id: 10 * capture.id + which } }) })
  }
  const feeds = [await feed(first, 1), await feed(second, 2)] as const
  return sideBySide(feeds, options.signal)
}

/** A live feed of a vendor, its frames captured when asked. */
async function openLive(vendor: Vendor, options: Settled, inquiry?: Inquiry): Promise<Source> {
  const { openFeed } = await import('../connection/feed.ts')
  const { symbols, sessions, clock, random, signal, depth = 0, maxRetries, checkpoints, onBytes, proxyFor } = options
  const feed = (from: Vendor): Source =>
    openFeed(from, {
      ...{ symbols, sessions, clock, random, signal, depth, maxRetries, inquiry },
      ...(checkpoints && { checkpoints }),
      ...(onBytes && { onBytes }),
      ...(proxyFor && { proxyFor }),
    })
  if (options.capture === undefined) return feed(vendor)
  const { Capture } = await import('../connection/capture.ts')
  const { dir, ...how } = options.capture
  const capture = new Capture(dir, vendor, { clock, ...how })
  return withEvents(feed(capture.vendor), async function* (events) {
    try {
      yield* events
    } finally {
      capture.close()
    }
  })
}

async function openAllTick(address: Address, options: Settled): Promise<Source> {
  const [{ VENDORS }, { isLoopback }] = await Promise.all([
    import('../connection/vendors/index.ts'),
    import('../connection/socket.ts'),
  ])
  const access = accessFor(address, options)
  const endpoints = address.params.get('endpoint') ?? access.endpoints
  const plan = choiceParam(address, 'plan', PLANS) ?? access.plan
  if (access.token === undefined && !(endpoints?.every(isLoopback) ?? false)) {
    throw new HkqError(
      'E_TOKEN',
      'no AllTick token: set HKQ_ALLTICK_TOKEN, run "hkq init", or use --from sim: for the simulated market',
    )
  }
  const vendor = VENDORS.alltick({ ...access, ...(plan && { plan }), ...(endpoints && { endpoints }) })
  const settings = { ...access, ...(plan && { plan }) }
  const inquiry = await inquiryOf(vendor.endpoints[0]!, settings, options)
  const feed = await openLive(vendor, options, inquiry)
  return {
    ...withEvents(feed, (events) => events),
    inquiry,
    instruments: () => inquiry.staticInfo(options.symbols),
  }
}

/** What the user has, without the token where the address asks for none: a relay may be another program by now. */
function accessFor(address: Address, { alltick = () => ({}) }: Settled): AllTickAccess {
  const { token, ...access } = alltick()
  const isOff = choiceParam(address, 'token', ['off']) === 'off'
  return { ...access, ...(token !== undefined && !isOff && { token }) }
}

async function inquiryOf(endpoint: string, { token, plan }: AllTickAccess, options: Settled): Promise<Inquiry> {
  const { AllTickHttp } = await import('../connection/http.ts')
  const proxy = options.proxyFor?.(endpoint)
  return new AllTickHttp({
    ...{ endpoint, clock: options.clock, sessions: options.sessions, signal: options.signal },
    ...(token && { token }),
    ...(plan && { plan }),
    ...(proxy && { proxy }),
  })
}

async function openTutorial(address: Address, options: Settled): Promise<Source> {
  const { VENDORS } = await import('../connection/vendors/index.ts')
  const endpoints = address.params.get('endpoint')
  return openLive(VENDORS.tutorial(endpoints ? { endpoints } : {}), options)
}

async function openSim(address: Address, options: Settled): Promise<Source> {
  const { openSimulator } = await import('../simulator/simulator.ts')
  const { symbols, sessions, clock, signal, depth = 0 } = options
  const speed = param(address, 'speed') === 'max' ? ('max' as const) : numberParam(address, 'speed', 1e-3)
  const seed = numberParam(address, 'seed', 0)
  const rate = numberParam(address, 'rate', 1e-3, 1e5)
  const days = numberParam(address, 'days', 0, 10_000)
  const start = startParam(address)
  return openSimulator({
    ...{ symbols, sessions, clock, signal, depth },
    ...(speed !== undefined && { speed }),
    ...(seed !== undefined && { seed }),
    ...(rate !== undefined && { rate }),
    ...(days !== undefined && { days }),
    ...(start !== undefined && { start }),
  })
}

function startParam(address: Address): number | undefined {
  const text = param(address, 'start')
  if (text === undefined) return undefined
  const time = parseTime(text)
  if (Number.isNaN(time)) {
    throw new HkqError('E_USAGE', `"start=${text}" in address "${address.text}": use a time such as 2026-11-20T09:30`)
  }
  return time
}

async function openStore(address: Address, options: Settled): Promise<Source> {
  const [{ openSqlite }, { storeSource }] = await Promise.all([
    import('../storage/sqlite.ts'),
    import('../storage/store-source.ts'),
  ])
  const store = await openSqlite(address.path, { mode: 'read', sessions: options.sessions })
  return paced(address, storeSource(store, address.path, queryOf(options), options.signal), options)
}

async function openNdjson(address: Address, options: Settled): Promise<Source> {
  const { openNdjsonSource } = await import('../storage/ndjson.ts')
  const from = address.scheme === '-' ? { name: '-', stream: options.stdin! } : address.path
  return paced(address, await openNdjsonSource(from, fileOptions(address, options)), options)
}

async function openCsv(address: Address, options: Settled): Promise<Source> {
  const { openCsvSource } = await import('../storage/csv.ts')
  return paced(address, await openCsvSource(address.path, fileOptions(address, options)), options)
}

async function openFrames(address: Address, options: Settled): Promise<Source> {
  const { openRaw } = await import('../connection/raw.ts')
  const { sessions, signal, depth } = options
  const raw = openRaw(address.path, { ...queryOf(options), sessions, signal, ...(depth !== undefined && { depth }) })
  return paced(address, raw, options)
}

function queryOf({ symbols, since, until }: Settled): Query {
  return {
    ...(symbols.length > 0 && { symbols }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  }
}

function fileOptions(address: Address, options: Settled): FileOptions {
  const volume = choiceParam(address, 'volume', ['day'])
  const label = choiceParam(address, 'label', ['start', 'end'])
  const columns = param(address, 'columns')
  const renaming = columns === undefined ? undefined : parseColumns(columns)
  if (renaming === null) {
    throw new HkqError(
      'E_USAGE',
      `"columns=${columns}" in address "${address.text}": write OURS:THEIRS,... e.g. timestamp:t,last_price:p`,
    )
  }
  return {
    ...{ sessions: options.sessions, signal: options.signal, query: queryOf(options) },
    ...(volume && { volume }),
    ...(label && { label }),
    ...(renaming && { columns: renaming }),
  }
}

/** Recorded events at their own pace where the address asks for it (`?speed=1`), else as fast as they are taken. */
function paced(address: Address, source: Source, { clock, signal }: Settled): Source {
  const speed = numberParam(address, 'speed', 1e-3)
  if (speed === undefined) return source
  return withEvents(source, (events) => pace(events, { speed, clock, signal }))
}

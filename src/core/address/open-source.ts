import { systemClock } from '../clock.ts'
import { HkqError } from '../errors.ts'
import { Sessions } from '../market/session.ts'
import type { Source } from '../pipeline/source.ts'
import { type Address, parseAddress } from './address.ts'
import { openCsv, openFrames, openNdjson, openStore } from './open-recorded.ts'
import { namesQueue } from './open-store.ts'
import type { Settled, SourceOptions } from './source-options.ts'

export type { SourceOptions } from './source-options.ts'

type Opener = (address: Address, options: Settled) => Promise<Source>

/** What is foreign is loaded for the scheme that is used. */
const OPENERS: Readonly<Record<Exclude<Address['scheme'], 'ws'>, Opener>> = {
  alltick: async (address, options) => (await import('./open-alltick.ts')).openAllTick(address, options),
  infoway: async (address, options) => (await import('./open-infoway.ts')).openInfoway(address, options),
  longbridge: async (_, options) => (await import('../connection/longbridge.ts')).openLongbridge(options),
  tutorial: async (address, options) => (await import('./open-alltick.ts')).openTutorial(address, options),
  sim: async (address, options) => (await import('./open-sim.ts')).openSim(address, options),
  redis: async (address, options) => (await import('./open-queue.ts')).openQueue(address, options),
  nats: async (address, options) => (await import('./open-queue.ts')).openQueue(address, options),
  influxdb: openStore,
  parquet: openStore,
  sqlite: openStore,
  postgres: openStore,
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
  const queue = [first, second].find(namesQueue)
  if (queue !== undefined) {
    throw new HkqError('E_USAGE', `"${queue.text}" is a queue, which is read alone: name one --from`)
  }
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

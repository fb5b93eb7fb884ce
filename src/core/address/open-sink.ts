import { accessSync, constants, existsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Writable } from 'node:stream'
import { type Clock, systemClock } from '../clock.ts'
import { HkqError } from '../errors.ts'
import type { MarketEvent } from '../market/event.ts'
import type { Checkpoint, Durability, Sink, Written } from '../pipeline/source.ts'
import { DeferredStore, type Resumable } from '../storage/deferred-store.ts'
import { patient } from '../storage/patient.ts'
import { tellingStalls } from '../storage/stalled.ts'
import type { Store } from '../storage/store.ts'
import { type Address, choiceParam, parseAddress } from './address.ts'
import type { QueuedSink } from './open-queue.ts'
import { isNetworked, namesQueue, openStoreAt } from './open-store.ts'

const PATIENCE = 60_000

/** What `openSink` takes beside the address; all of it optional. */
export interface SinkOptions {
  /** What a commit of a store waits for: the process (default) or the disk. */
  durability?: Durability
  /** Wall clock of checkpoints, epoch ms. */
  now?: () => number
  /** How long a store outlasts a full or failing disk and another program's lock, ms; default a minute, 0 not at all. */
  patienceMs?: number
  /** Measures and waits meanwhile. */
  clock?: Clock
  /** Told one line of what stands in a store's way, and when it is gone. */
  tell?: (line: string) => void
  /** Standard output, for `-`. `onGone` is called when its reader goes away. */
  stdout?: Writable
  onGone?: () => void
  /** Folder for the journals of stores behind a network, which may then be away; none: their absence is an error. */
  journals?: string
  /**
   * The source keeps what is not committed: a store that is away is waited for until this aborts, and needs no journal.
   */
  keptUntil?: AbortSignal
  /** Called only when InfluxDB 2 is opened: its token, undefined where there is none. */
  influxToken?: () => string | undefined
  /** Server for `ws://`. */
  publish?: (address: Address) => Promise<Sink>
}

/**
 * Opens a sink by its address, one that can be written to at once.
 * @param address as `--to` on the command line, e.g. `sqlite:hk_market.db`, `csv:ticks/`, `-`
 * @returns a sink that takes batches of events with `write`; `close` it after the last one
 * @throws HkqError E_USAGE for a bad address; E_STORAGE or E_LOCKED when it cannot be opened
 */
export async function openSink(address: string | Address, options: SinkOptions = {}): Promise<Sink> {
  const parsed = typeof address === 'string' ? parseAddress(address, 'sink') : address
  if (parsed.scheme === 'sqlite' || parsed.scheme === 'parquet') return openRecordingStore(parsed, options)
  if (isNetworked(parsed)) return (await import('./open-networked.ts')).openNetworkedStore(parsed, options)
  if (namesQueue(parsed)) return (await import('./open-queue.ts')).openQueueSink(parsed, options)
  if (parsed.scheme === 'ws') {
    if (options.publish) return options.publish(parsed)
    throw new HkqError('E_USAGE', `"${parsed.text}" is served by the commands: use openServer`)
  }
  const { clock = systemClock, tell = () => {} } = options
  const name = parsed.scheme === '-' ? 'standard output' : `"${parsed.path}"`
  return tellingStalls(await openFile(parsed, options), { name, clock, tell })
}

async function openFile(address: Address, { stdout, onGone }: SinkOptions): Promise<Sink> {
  if (address.scheme === 'csv') {
    const { openCsvSink } = await import('../storage/csv-sink.ts')
    return openCsvSink(address.path, { bom: choiceParam(address, 'bom', ['on', 'off']) === 'on' })
  }
  const { ndjsonInto, openNdjsonSink } = await import('../storage/ndjson.ts')
  return address.scheme === '-' ? ndjsonInto(stdout!, onGone) : openNdjsonSink(address.path)
}

/** A store that is there is opened and locked at once; a new one is made with its first write. */
async function openRecordingStore(address: Address, options: SinkOptions): Promise<Resumable> {
  const { path } = address
  const { durability = 'process', now = systemClock.now, clock = systemClock, tell = () => {} } = options
  const open = (): Promise<Store> => openStoreAt(address, 'record', { durability, now, clock, tell })
  if (!existsSync(path)) checkFolder(path)
  const store = existsSync(path) ? await open() : new DeferredStore(open)
  return patient(store, { ms: options.patienceMs ?? PATIENCE, clock, tell })
}

function checkFolder(path: string): void {
  const folder = dirname(path)
  if (!existsSync(folder))
    throw new HkqError('E_STORAGE', `no such directory "${folder}" for "${path}": create it first`)
  try {
    accessSync(folder, constants.W_OK)
  } catch (cause) {
    throw new HkqError('E_STORAGE', `"${path}" cannot be made: its folder "${folder}" may not be written`, { cause })
  }
}

/** How far what went into a queue among the sinks reaches; undefined where none is. */
export async function queueReached(sinks: readonly Sink[]): Promise<readonly Checkpoint[] | undefined> {
  return sinks.find(isQueued)?.reached()
}

function isQueued(sink: Sink): sink is QueuedSink {
  return 'reached' in sink
}

/** Whether a sink is a store, with checkpoints to resume from. */
export function isStore(sink: Sink): sink is Resumable {
  return 'checkpoints' in sink
}

/**
 * Several sinks as one: every sink gets every event, whatever becomes of the others; what the store (else the first one)
 * did counts. Closes all, whatever happens.
 * @param before what some of them get before the first event
 */
export function together(sinks: readonly Sink[], before: ReadonlyMap<Sink, readonly MarketEvent[]> = NOTHING): Sink {
  if (sinks.length === 1) return sinks[0]!
  const counting = Math.max(0, sinks.findIndex(isStore))
  let owed = before
  return {
    async write(batch: readonly MarketEvent[]) {
      const due = owed
      owed = NOTHING
      const writes = await Promise.allSettled(
        sinks.map((sink) => sink.write(due.has(sink) ? [...due.get(sink)!, ...batch] : batch)),
      )
      for (const write of writes) if (write.status === 'rejected') throw write.reason
      return (writes[counting] as PromiseFulfilledResult<Written>).value
    },
    async close() {
      const ends = await Promise.allSettled(sinks.map((sink) => sink.close()))
      for (const end of ends) if (end.status === 'rejected') throw end.reason
    },
  }
}

const NOTHING: ReadonlyMap<Sink, readonly MarketEvent[]> = new Map()

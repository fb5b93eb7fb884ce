import { realpathSync, statSync } from 'node:fs'
import type { Address } from '../core/address/address.ts'
import { isStore } from '../core/address/open-sink.ts'
import { messageOf } from '../core/errors.ts'
import type { Sessions } from '../core/market/session.ts'
import { dayNumber, dayStart, MINUTE } from '../core/market/time.ts'
import { type HealthServer, openHealthServer, type Pages, type Place } from '../core/monitor/health-server.ts'
import { Keeper } from '../core/monitor/keeper.ts'
import { Machine } from '../core/monitor/machine.ts'
import { pagesOf } from '../core/monitor/pages.ts'
import { type HealthRecord, machineAlone } from '../core/monitor/record.ts'
import { RecorderWatch, type StoreSize, type Usage, type Watched } from '../core/monitor/recorder-watch.ts'
import type { Condition, Sink, Source } from '../core/pipeline/source.ts'
import type { Tally } from '../core/recorder.ts'
import { Histogram } from '../core/statistics/histogram.ts'
import type { Resumable } from '../core/storage/deferred-store.ts'
import { LOG_LIMIT } from '../core/storage/sqlite/log-keeper.ts'
import type { Validator } from '../core/validation/validator.ts'
import { announce } from './_announce.ts'
import { type Io, say, stateFolder } from './_io.ts'

/** A recording to be watched. */
interface Recorded {
  readonly source: Source
  readonly validator: Validator
  readonly tally: Tally
  readonly sinks: readonly Sink[]
  readonly symbols: readonly string[]
  readonly sessions: Sessions
  readonly bytes: () => number
  /** Gaps of today that the store had before. */
  readonly gapsBefore: number
}

/** A recorder's health, as others may ask for it from the moment the recorder begins until `close`. */
export interface Health {
  /** Where it may be asked for; undefined where that failed. */
  readonly url: string | undefined
  /** The gaps of today that a store has; none where it does not tell. */
  gapsToday(store: Resumable | undefined, symbols: readonly string[]): Promise<number>
  /** Nothing is recorded yet, and that is as it should be: why. */
  idle(why: string): void
  /** From here on the recording itself is told of, and samples are stored beside its ticks. What goes wrong with that ends no recording. */
  watch(recorded: Recorded): void
  /** Ends the watching, with a last sample; the stores must still be open. */
  end(): Promise<void>
  close(): Promise<void>
}

/** Sinks that lie on a disk of this machine; for those behind a network events wait in the folder of states. */
const ON_DISK: ReadonlySet<Address['scheme']> = new Set(['sqlite', 'parquet', 'csv', 'ndjson'])
const FINE: Condition = { trouble: null, waiting: 0 }

/**
 * Offers a recorder's health to the user's other commands, and at `place` to Prometheus and whoever else.
 * @param place where to listen; undefined: on a free port of loopback, and no failure to do so keeps it from recording
 * @throws HkqError E_NETWORK when it cannot listen at the place that was asked for
 */
export async function openHealth(place: Place | undefined, sinks: readonly Address[], io: Io): Promise<Health> {
  const store = sinks[0]?.text ?? null
  const file = sinks.find(({ scheme }) => scheme === 'sqlite')?.path
  const onDisk = sinks.find(({ scheme }) => ON_DISK.has(scheme))?.path
  const machine = new Machine({ clock: io.clock, path: onDisk ?? stateFolder(io) })
  const start = io.clock.now()
  const about = { pid: process.pid, store, start, since: start }
  let idle: Pick<HealthRecord, 'state' | 'detail'> = { state: 'starting', detail: null }
  let watch: RecorderWatch | undefined
  const waiting = async (): Promise<HealthRecord> => ({ ...machineAlone(await machine.sample()), ...about, ...idle })
  const pages: Pages = pagesOf(async () => {
    const none = { latency: new Histogram(), commit: new Histogram() }
    return watch?.told() ?? { record: await waiting(), ...none, usage: usage() }
  })
  const server = await opened(place, pages, io)
  let takeBack: (() => void) | undefined
  const announceOnce = (): void => {
    takeBack ??= server && announced(server, store, io)
  }
  const over = new AbortController()
  let watching: Promise<void> = Promise.resolve()
  return {
    url: server?.url,
    gapsToday: (store, symbols) => gapsToday(store, symbols, io),
    idle: (why) => {
      idle = { state: 'closed', detail: why }
      announceOnce()
    },
    watch: (recorded) => {
      announceOnce()
      watching = (async () => {
        watch = await RecorderWatch.open(watched(recorded, { machine, store, file }, io))
        const keepers = recorded.sinks.filter(isStore).map((sink) => keep(sink, watch!, over.signal, io))
        await Promise.all([watch.run(over.signal), ...keepers])
      })().catch((error: unknown) => say(io, `hkq: the recorder's health is watched no more: ${messageOf(error)}`))
    },
    end: async () => {
      over.abort()
      await watching
    },
    close: async () => {
      over.abort()
      takeBack?.()
      machine.close()
      await server?.close()
    },
  }
}

async function gapsToday(store: Resumable | undefined, symbols: readonly string[], io: Io): Promise<number> {
  const since = dayStart(dayNumber(io.clock.now()))
  const query = { since, ...(symbols.length > 0 && { symbols }) }
  return (await store?.gaps(query).catch(() => []))?.length ?? 0
}

function watched(
  { source, validator, tally, sinks, symbols, sessions, bytes, gapsBefore }: Recorded,
  { machine, store, file }: { machine: Machine; store: string | null; file: string | undefined },
  io: Io,
): Watched {
  return {
    ...{ pid: process.pid, store, symbols, source, sessions, clock: io.clock, machine, gapsBefore },
    vitals: () => {
      const { latency, commit, holes, waitingSince } = tally
      return { ...tally.summary(bytes()), latency, commit, holes, waitingSince }
    },
    last: () => validator.last(),
    sinks: () => sinks.map((sink) => sink.condition?.() ?? FINE),
    size: () => (file === undefined ? null : sizeOf(file)),
    skew: () => (validator.feed.live ? validator.feed.skew : 0),
    usage,
  }
}

function usage(): Usage {
  const { user, system } = process.cpuUsage()
  return { cpu: (user + system) / 1_000, memory: process.memoryUsage.rss() }
}

/** Null while there is none yet, or the disk does not tell. */
function sizeOf(file: string): StoreSize | null {
  try {
    const path = realpathSync(file)
    const log = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0
    return { store: statSync(path).size, log, logLimit: LOG_LIMIT }
  } catch {
    return null
  }
}

/** Keeps a sample every minute, and a last one when `signal` aborts. Never rejects. */
async function keep(store: Resumable, watch: RecorderWatch, signal: AbortSignal, io: Io): Promise<void> {
  const keeper = new Keeper({
    put: async (metrics, since) => (await store.putMetrics?.(metrics, since)) ?? false,
    clock: io.clock,
    // at the end the recording itself says what is wrong with its store
    tell: (line) => !signal.aborted && say(io, `hkq: ${line}`),
  })
  while (!signal.aborted) {
    await io.clock.sleep(MINUTE, signal)
    await keeper.keep([watch.record()])
  }
}

async function opened(place: Place | undefined, pages: Pages, io: Io): Promise<HealthServer | undefined> {
  try {
    return await openHealthServer(place ?? { host: '127.0.0.1', port: 0 }, pages)
  } catch (error) {
    if (place !== undefined) throw error
    say(io, `hkq: the recorder's health cannot be asked for: ${messageOf(error)}`)
    return undefined
  }
}

/** Health that nobody is told of is no reason not to record. */
function announced({ url }: HealthServer, store: string | null, io: Io): () => void {
  try {
    return announce(io, `health-${process.pid}`, { pid: process.pid, url, store })
  } catch (error) {
    say(io, `hkq: the recorder's health at ${url} cannot be announced to other commands: ${messageOf(error)}`)
    return () => {}
  }
}

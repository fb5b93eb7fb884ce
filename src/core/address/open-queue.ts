import { hostname } from 'node:os'
import { systemClock } from '../clock.ts'
import { HkqError } from '../errors.ts'
import type { Checkpoint, Sink, Source } from '../pipeline/source.ts'
import type { Appender, Kept, Reader } from '../queue/queue.ts'
import { isAway } from '../queue/refusal.ts'
import { QueueSink } from '../queue/sink.ts'
import { openQueueSource } from '../queue/source.ts'
import { type Target, targetOf } from '../queue/target.ts'
import { unpack } from '../queue/unpack.ts'
import { fromJson } from '../storage/ndjson-record.ts'
import { Ordinals } from '../storage/read-record.ts'
import { type Address, choiceParam, numberParam, param } from './address.ts'
import { openJournaled } from './open-journaled.ts'
import { waitingRoomOf } from './open-networked.ts'
import type { SinkOptions } from './open-sink.ts'
import type { Settled } from './source-options.ts'

/** The group of recorders that name none. */
const GROUP = 'hkq'
/** Entries of a Redis stream at most, where the address does not say: a gigabyte of memory at the worst. */
const MOST_ENTRIES = 1_000_000

/** A sink that a queue is, and how far what it took so far reaches; undefined while it is away. */
export type QueuedSink = Sink & { reached(): Promise<readonly Checkpoint[] | undefined> }

/**
 * The queue at an address as a sink; what it cannot take while its server is away, or full, waits in a journal.
 * @throws HkqError E_USAGE, E_STORAGE; E_LOCKED while another recorder on this machine writes to it
 */
export async function openQueueSink(address: Address, options: SinkOptions): Promise<QueuedSink> {
  const target = targetAt(address)
  const { now = systemClock.now, tell = () => {} } = options
  const isChannel = isPubSub(address)
  const append = await appenderAt(address, target, tell)
  const open = async (): Promise<Sink> => {
    if (!isChannel) return QueueSink.open(await append(), now)
    return (await import('../queue/redis/channel.ts')).ChannelSink.open(target)
  }
  const { directory, maxBytes } = waitingRoomOf(address, options)
  const networked = { name: target.label, open, isAway, maxBytes }
  const sink = directory === undefined ? await open() : await openJournaled({ ...networked, directory }, options)
  return {
    write: (batch) => sink.write(batch),
    close: () => sink.close(),
    reached: async () => (isChannel ? undefined : await reached(append)),
  }
}

async function reached(append: () => Promise<Appender>): Promise<readonly Checkpoint[] | undefined> {
  try {
    const appender = await append()
    return await appender.checkpoints().finally(() => appender.close())
  } catch (error) {
    if (isAway(error)) return undefined
    throw error
  }
}

async function appenderAt(
  address: Address,
  target: Target,
  tell: (line: string) => void,
): Promise<() => Promise<Appender>> {
  const groups = keptAt(address)
  if (address.scheme === 'nats') {
    const { NatsAppender } = await import('../queue/nats/appender.ts')
    return () => NatsAppender.open(target, groups, tell)
  }
  const { RedisAppender } = await import('../queue/redis/appender.ts')
  const most = numberParam(address, 'maxlen', 1_000) ?? MOST_ENTRIES
  const db = databaseOf(address)
  return () => RedisAppender.open(target, { db, most, groups })
}

/**
 * The queue at an address as a live source.
 * @throws HkqError E_USAGE, E_STORAGE
 */
export async function openQueue(address: Address, options: Settled): Promise<Source> {
  const target = targetAt(address)
  const { symbols, clock, signal, maxRetries, isKept = false } = options
  const isChannel = isPubSub(address)
  const group = groupOf(address, isKept)
  const context = { sessions: options.sessions, source: address.scheme, symbol: null, ordinals: new Ordinals() }
  return openQueueSource({
    ...{ label: target.label, symbols, clock, signal, maxRetries, isForgetful: isChannel },
    isKept: isKept && !isChannel,
    open: await readerAt(address, target, group),
    unpack: (payload) => {
      if (!isChannel) return unpack(payload, address.scheme, clock.now())
      const record = fromJson(payload, context)
      return record === null || record.type === 'bar' ? [] : [record]
    },
  })
}

/** Recorders share a group, so that each entry is stored once; whoever only looks takes nothing from them. */
function groupOf(address: Address, isKept: boolean): string | null {
  const group = param(address, 'group')
  return group === undefined ? (isKept ? GROUP : null) : groupNamed(group, address)
}

/** The groups that an address names, or what one is called where none is there. @throws HkqError E_USAGE */
export function keptAt(address: Address): Kept {
  const named = address.params.get('group')?.map((group) => groupNamed(group, address))
  return named === undefined ? { elseGroup: GROUP } : { named }
}

function groupNamed(group: string, address: Address): string {
  if (group.length <= 64 && /^[\w-]+$/.test(group)) return group
  throw new HkqError('E_USAGE', `"group=${group}" in address "${address.text}": use letters, digits, - and _`)
}

async function readerAt(address: Address, target: Target, group: string | null): Promise<() => Promise<Reader>> {
  if (address.scheme === 'nats') {
    const { NatsReader } = await import('../queue/nats/reader.ts')
    const reading = { group, place: { made: null, last: 0 } }
    return () => NatsReader.open(target, reading)
  }
  if (isPubSub(address)) {
    const { ChannelReader } = await import('../queue/redis/channel.ts')
    return () => ChannelReader.open(target)
  }
  const db = databaseOf(address)
  const place = { last: null }
  if (group === null) {
    const { RedisFollower } = await import('../queue/redis/follower.ts')
    return () => RedisFollower.open(target, db, place)
  }
  const { RedisReader } = await import('../queue/redis/reader.ts')
  const named = param(address, 'consumer')
  const consumer = named ?? `${hostname()}-${process.pid}`
  return () => RedisReader.open(target, { db, group, consumer, isOwn: named === undefined, place })
}

/** The queue that a `redis:` or `nats:` address names. @throws HkqError E_USAGE */
export function targetAt(address: Address): Target {
  const { scheme, path, text } = address
  const tls = choiceParam(address, 'tls', ['on', 'off']) === 'on'
  return targetOf(scheme as 'redis' | 'nats', path, text, tls)
}

/** Whether an address names a channel of publish and subscribe. @throws HkqError E_USAGE */
export function isPubSub(address: Address): boolean {
  return choiceParam(address, 'mode', ['stream', 'pubsub']) === 'pubsub'
}

/** Number of the database of a `redis:` address. @throws HkqError E_USAGE */
export function databaseOf(address: Address): number {
  const db = numberParam(address, 'db', 0, 1_000_000) ?? 0
  if (Number.isInteger(db)) return db
  throw new HkqError('E_USAGE', `"db=${db}" in address "${address.text}": use a whole number`)
}

import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { systemClock } from '../clock.ts'
import { HkqError } from '../errors.ts'
import type { Resumable } from '../storage/deferred-store.ts'
import { JournaledStore } from '../storage/journal/journaled-store.ts'
import { openJournal } from '../storage/journal/open-journal.ts'
import { patient } from '../storage/patient.ts'
import type { Store } from '../storage/store.ts'
import { type Address, param, withinPath } from './address.ts'
import type { SinkOptions } from './open-sink.ts'
import { awayOf, openStoreAt } from './open-store.ts'

/** Most bytes that wait for a store, where the address does not say (`?waiting=SIZE`). */
const WAITING = 2 ** 30
const PATIENCE = 60_000

/**
 * Opens a store behind a network. With a journal, the address's own (`?journal=DIR`) or one of the folder that the options
 * name, it may be away at any time; without one its absence is an error.
 * @throws HkqError E_LOCKED while another recorder uses the journal; E_STORAGE when the store refuses
 */
export async function openNetworkedStore(address: Address, options: SinkOptions): Promise<Resumable> {
  const { durability = 'process', now = systemClock.now, clock = systemClock, tell = () => {}, influxToken } = options
  const open = (): Promise<Store> =>
    openStoreAt(address, 'record', { durability, now, clock, tell, ...(influxToken && { influxToken }) })
  const { directory, maxBytes } = waitingRoomOf(address, options)
  const name = address.text.replace(/\?.*$/s, '')
  if (options.keptUntil !== undefined) {
    const { AwaitedStore } = await import('../storage/awaited.ts')
    const isAway = await awayOf(address)
    const store = await AwaitedStore.open({ name, open, isAway, clock, tell, signal: options.keptUntil })
    return patient(store, { ms: options.patienceMs ?? PATIENCE, clock, tell })
  }
  if (directory === undefined) return open()
  const isAway = await awayOf(address)
  const { journal, release } = await openJournal(directory, { maxBytes, durability, now }).catch(ownJournal)
  try {
    const store = await JournaledStore.open({ name, open, isAway, journal, directory, durability, clock, tell })
    const journaled = patient(store, { ms: options.patienceMs ?? PATIENCE, clock, tell })
    return { ...journaled, close: () => journaled.close().finally(release) }
  } catch (error) {
    journal.close()
    release()
    throw error
  }
}

/** Where what comes for an address waits while it is away, undefined for nowhere, and how much of it at most. */
export function waitingRoomOf(address: Address, { journals }: SinkOptions): { directory?: string; maxBytes: number } {
  const maxBytes = sizeParam(address, 'waiting') ?? WAITING
  const directory = journalOf(address, journals)
  return { maxBytes, ...(directory !== undefined && { directory }) }
}

/** Named by the place alone, whoever logs in there, so that the next run finds what this one leaves. */
function journalOf(address: Address, journals: string | undefined): string | undefined {
  const own = param(address, 'journal')
  if (own !== undefined || journals === undefined) return own
  const place = address.text.replace(/\?.*$/s, '').replace(/:\/\/[^/@]*@/, '://')
  const identity = `${place} ${withinPath(address)}`
  return join(journals, createHash('sha256').update(identity).digest('hex').slice(0, 16))
}

/** Tells of a journal in use how two recorders may have one each. */
export function ownJournal(error: unknown): never {
  if (!(error instanceof HkqError) || error.code !== 'E_LOCKED') throw error
  throw new HkqError(
    'E_LOCKED',
    `${error.message}, or give this one a journal of its own (?journal=DIR in the address)`,
  )
}

const UNITS: Readonly<Record<string, number>> = { KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 }

/** Bytes: `512MB`. @throws HkqError E_USAGE */
function sizeParam(address: Address, name: string): number | undefined {
  const text = param(address, name)
  if (text === undefined) return undefined
  const [, number, unit] = /^(\d+(?:\.\d+)?)(KB|MB|GB)$/i.exec(text) ?? []
  const bytes = Number(number) * (UNITS[unit?.toUpperCase() ?? ''] ?? Number.NaN)
  if (!(bytes >= 2 ** 20)) {
    throw new HkqError(
      'E_USAGE',
      `"${name}=${text}" in address "${address.text}": use a size of 1MB or more, e.g. 512MB`,
    )
  }
  return bytes
}

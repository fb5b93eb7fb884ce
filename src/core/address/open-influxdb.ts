import { join } from 'node:path'
import { systemClock } from '../clock.ts'
import type { Resumable } from '../storage/deferred-store.ts'
import { openInflux } from '../storage/influxdb/open.ts'
import { isAway, nameOf } from '../storage/influxdb/refusal.ts'
import { type Target, targetOf } from '../storage/influxdb/target.ts'
import type { Store } from '../storage/store.ts'
import { type Address, choiceParam, param } from './address.ts'
import { openJournaledStore, type SinkOptions } from './open-sink.ts'
import type { StoreOptions } from './open-store.ts'

const JOURNALS = 'hkq_journal'

/** `influxdb://[USER:PASSWORD@]HOST[:8086]/DATABASE`, or with `?org=NAME` a bucket of InfluxDB 2; `?tls=on` for https. */
function targetAt(address: Address): Target {
  const org = param(address, 'org')
  const tls = choiceParam(address, 'tls', ['on', 'off']) === 'on'
  return targetOf(address.path, address.text, { tls, ...(org !== undefined && { org }) })
}

/** The store at an address. @throws HkqError E_USAGE, E_TOKEN, E_STORAGE */
export async function openInfluxAt(
  address: Address,
  mode: 'read' | 'record',
  { now = systemClock.now, influxToken }: StoreOptions,
): Promise<Store> {
  const target = targetAt(address)
  return openInflux(target, { mode, now, token: target.version === 2 ? influxToken?.() : undefined })
}

/**
 * The store at an address for recording: what it cannot take while the server is away waits in a journal.
 * @throws HkqError E_USAGE, E_TOKEN, E_STORAGE; E_LOCKED while another recorder on this machine writes to it
 */
export async function recordInflux(address: Address, options: SinkOptions): Promise<Resumable> {
  const target = targetAt(address)
  const name = nameOf(target)
  const directory = join(options.journals ?? JOURNALS, name.replace(/\W+/g, '-'))
  const open = (): Promise<Store> => openInfluxAt(address, 'record', options)
  return openJournaledStore({ name, open, isAway, directory }, options)
}

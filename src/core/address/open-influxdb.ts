import { systemClock } from '../clock.ts'
import { openInflux } from '../storage/influxdb/open.ts'
import { type Target, targetOf } from '../storage/influxdb/target.ts'
import type { Store } from '../storage/store.ts'
import { type Address, choiceParam, param } from './address.ts'
import type { StoreOptions } from './open-store.ts'

/**
 * The store at `influxdb://[USER:PASSWORD@]HOST[:8086]/DATABASE`, or with `?org=NAME` in a bucket of InfluxDB 2; `?tls=on`
 * for https.
 * @throws HkqError E_USAGE, E_TOKEN, E_STORAGE
 */
export async function openInfluxAt(
  address: Address,
  mode: 'read' | 'record',
  { now = systemClock.now, influxToken }: StoreOptions,
): Promise<Store> {
  const target = influxTargetAt(address)
  return openInflux(target, { mode, now, token: target.version === 2 ? influxToken?.() : undefined })
}

/** The database or bucket that an `influxdb:` address names. @throws HkqError E_USAGE */
export function influxTargetAt(address: Address): Target {
  const org = param(address, 'org')
  const tls = choiceParam(address, 'tls', ['on', 'off']) === 'on'
  return targetOf(address.path, address.text, { tls, ...(org !== undefined && { org }) })
}

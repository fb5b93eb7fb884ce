import { isLoopback } from '../connection/socket.ts'
import type { Vendor } from '../connection/vendor.ts'
import { VENDORS } from '../connection/vendors/index.ts'
import { InfowayHttp } from '../connection/vendors/infoway/http.ts'
import { HkqError } from '../errors.ts'
import type { Source } from '../pipeline/source.ts'
import { type Address, choiceParam } from './address.ts'
import { openLive } from './open-live.ts'
import { PLANS, type Settled } from './source-options.ts'

/**
 * Infoway's live feed, and what its HTTP interface answers.
 * @throws HkqError E_TOKEN without a key, unless every endpoint is on this machine
 */
export async function openInfoway(address: Address, options: Settled): Promise<Source> {
  const access = options.infoway?.() ?? {}
  const key = choiceParam(address, 'key', ['off']) === 'off' ? undefined : access.key
  const endpoints = address.params.get('endpoint') ?? access.endpoints
  const plan = choiceParam(address, 'plan', PLANS) ?? access.plan
  const padded = choiceParam(address, 'padded', ['on', 'off']) !== 'off'
  if (key === undefined && !(endpoints?.every(isLoopback) ?? false)) {
    throw new HkqError(
      'E_TOKEN',
      'no Infoway key: set HKQ_INFOWAY_KEY, run "hkq init --vendor infoway", or use --from sim: for the simulated market',
    )
  }
  const settings = { padded, ...(key !== undefined && { key }), ...(plan && { plan }) }
  const vendorOf = (secret = key): Vendor =>
    VENDORS.infoway({ ...settings, ...(secret !== undefined && { key: secret }), ...(endpoints && { endpoints }) })
  const vendor = vendorOf()
  const endpoint = vendor.endpoints[0]!
  const proxy = options.proxyFor?.(endpoint)
  const { clock, sessions, signal } = options
  const inquiry = new InfowayHttp({ ...settings, endpoint, clock, sessions, signal, ...(proxy && { proxy }) })
  return openLive([vendor, ...(key === undefined ? [] : (access.others ?? [])).map(vendorOf)], options, inquiry)
}

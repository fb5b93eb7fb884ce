import { isLoopback } from '../connection/socket.ts'
import type { Vendor } from '../connection/vendor.ts'
import { AllTickHttp } from '../connection/vendors/alltick/http.ts'
import { VENDORS } from '../connection/vendors/index.ts'
import { HkqError } from '../errors.ts'
import type { Source } from '../pipeline/source.ts'
import { type Address, choiceParam } from './address.ts'
import { openLive } from './open-live.ts'
import { type AllTickAccess, PLANS, type Settled } from './source-options.ts'

/**
 * AllTick's live feed, and what its HTTP interface answers.
 * @throws HkqError E_TOKEN without a token, unless every endpoint is on this machine
 */
export async function openAllTick(address: Address, options: Settled): Promise<Source> {
  const { token, others = [], endpoints, plan } = accessFor(address, options)
  if (token === undefined && !(endpoints?.every(isLoopback) ?? false)) {
    throw new HkqError(
      'E_TOKEN',
      'no AllTick token: set HKQ_ALLTICK_TOKEN, run "hkq init", or use --from sim: for the simulated market',
    )
  }
  const settings = { ...(token !== undefined && { token }), ...(plan && { plan }) }
  const vendorOf = (secret = token): Vendor =>
    VENDORS.alltick({ ...settings, ...(secret !== undefined && { token: secret }), ...(endpoints && { endpoints }) })
  const vendor = vendorOf()
  const endpoint = vendor.endpoints[0]!
  const proxy = options.proxyFor?.(endpoint)
  const { clock, sessions, signal } = options
  const inquiry = new AllTickHttp({ ...settings, endpoint, clock, sessions, signal, ...(proxy && { proxy }) })
  return openLive([vendor, ...others.map(vendorOf)], options, inquiry)
}

/** What the user has, without the token where the address asks for none: a relay may be another program by now. */
function accessFor(address: Address, { alltick = () => ({}) }: Settled): Partial<AllTickAccess> {
  const access = alltick()
  const endpoints = address.params.get('endpoint') ?? access.endpoints
  const plan = choiceParam(address, 'plan', PLANS) ?? access.plan
  const token = choiceParam(address, 'token', ['off']) === 'off' ? undefined : access.token
  const others = token === undefined ? undefined : access.others
  return {
    ...(token !== undefined && { token }),
    ...(others && { others }),
    ...(endpoints && { endpoints }),
    ...(plan && { plan }),
  }
}

/** The tutorial's dialect, at an address of one's own. */
export async function openTutorial(address: Address, options: Settled): Promise<Source> {
  const endpoints = address.params.get('endpoint')
  return openLive([VENDORS.tutorial(endpoints ? { endpoints } : {})], options)
}

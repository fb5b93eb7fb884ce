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
  const { clock, sessions, signal } = options
  const endpoint = vendor.endpoints[0]!
  const proxy = options.proxyFor?.(endpoint)
  const asked = { ...settings, endpoint, clock, sessions, signal, ...(proxy && { proxy }) }
  const lines = [following(vendor, address, asked), ...others.map(vendorOf)]
  return openLive(lines, options, new AllTickHttp(asked))
}

/** The vendor of an address that may move, connected to where it is by now; what is asked of it over HTTP moves too. */
function following(vendor: Vendor, { endpointNow }: Address, asked: { endpoint: string }): Vendor {
  if (endpointNow === undefined) return vendor
  const endpointsNow = async (): Promise<readonly string[]> => {
    asked.endpoint = await endpointNow()
    return [asked.endpoint]
  }
  return { ...vendor, endpointsNow }
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

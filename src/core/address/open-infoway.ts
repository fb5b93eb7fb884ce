import type { Vendor } from '../connection/vendor.ts'
import { HkqError } from '../errors.ts'
import type { Inquiry } from '../pipeline/inquiry.ts'
import type { Source } from '../pipeline/source.ts'
import { withEvents } from '../pipeline/with-events.ts'
import { type Address, choiceParam } from './address.ts'
import { PLANS, type Settled } from './open-source.ts'

/**
 * Infoway's live feed, and what its HTTP interface answers.
 * @param openLive opens the feed of a vendor
 * @throws HkqError E_TOKEN without a key, unless every endpoint is on this machine
 */
export async function openInfoway(
  address: Address,
  options: Settled,
  openLive: (vendor: Vendor, options: Settled, inquiry: Inquiry) => Promise<Source>,
): Promise<Source> {
  const [{ VENDORS }, { InfowayHttp }, { isLoopback }] = await Promise.all([
    import('../connection/vendors/index.ts'),
    import('../connection/vendors/infoway/http.ts'),
    import('../connection/socket.ts'),
  ])
  const access = options.infoway?.() ?? {}
  const key = choiceParam(address, 'key', ['off']) === 'off' ? undefined : access.key
  const endpoints = address.params.get('endpoint') ?? access.endpoints
  const plan = choiceParam(address, 'plan', PLANS) ?? access.plan
  const padded = choiceParam(address, 'padded', ['on', 'off']) !== 'off'
  if (key === undefined && !(endpoints?.every(isLoopback) ?? false)) {
    throw new HkqError('E_TOKEN', 'no Infoway key: set HKQ_INFOWAY_KEY, or use --from sim: for the simulated market')
  }
  const settings = { padded, ...(key !== undefined && { key }), ...(plan && { plan }) }
  const vendor = VENDORS.infoway({ ...settings, ...(endpoints && { endpoints }) })
  const endpoint = vendor.endpoints[0]!
  const proxy = options.proxyFor?.(endpoint)
  const { clock, sessions, signal, symbols } = options
  const inquiry = new InfowayHttp({ ...settings, endpoint, clock, sessions, signal, ...(proxy && { proxy }) })
  const feed = await openLive(vendor, options, inquiry)
  return { ...withEvents(feed, (events) => events), inquiry, instruments: () => inquiry.staticInfo(symbols) }
}

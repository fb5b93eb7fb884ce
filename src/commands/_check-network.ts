import type { Address } from '../core/address/address.ts'
import { type Check, failed, failure, ok, warning } from '../core/check.ts'
import { dial } from '../core/connection/dial.ts'
import { type EndpointProbe, probeEndpoints } from '../core/connection/probe.ts'
import { VENDORS } from '../core/connection/vendors/index.ts'
import type { Config } from './_config.ts'
import { proxyFrom } from './_feed.ts'
import type { Io } from './_io.ts'
import { findRelay } from './_relay.ts'
import { ALLTICK, INFOWAY, vendorSettings } from './_token.ts'

/** Difference of two clocks that is worth a word, s: the endpoint's is told in whole seconds, and travels. */
const SKEW = 3

/** A recorder that relays on this machine; none is as well. */
export async function checkRecorder(io: Io): Promise<Check> {
  const relay = await findRelay(io, 'alltick')
  if (relay === undefined) return ok('recorder', 'none relays on this machine')
  const durability = relay.durability === null ? '' : `, durability ${relay.durability}`
  return ok('recorder', `process ${relay.pid} records into ${relay.store}${durability}, and relays at ${relay.url}`)
}

/**
 * Every endpoint of these feeds, one connection each, without a secret; and the machine's clock against that of the best
 * one. An endpoint is named by the address, else by the configuration, else it is one of the vendor's own.
 */
export async function checkEndpoints(
  feeds: readonly Address[],
  config: Config,
  timeoutMs: number,
  io: Io,
): Promise<readonly Check[]> {
  try {
    const urls = [...new Set(feeds.flatMap((feed) => endpointsOf(feed, config, io)))]
    const { clock, interrupted: signal } = io
    const proxyFor = proxyFrom(io.env)
    const probes = await probeEndpoints(urls, { samples: 1, timeoutMs, clock, signal, proxyFor })
    const best = probes.find(({ reached }) => reached)?.url
    const checks = probes.map((probe) => checkEndpoint(probe, best !== undefined))
    if (best === undefined) return checks
    const answer = await dial(best, { timeoutMs, now: () => clock.monotonic(), proxy: proxyFor(best), signal })
    return 'failed' in answer || answer.date === null ? checks : [...checks, checkClock(answer.date, clock.now())]
  } catch (error) {
    return [failed('endpoint', error)]
  }
}

function endpointsOf({ scheme, params }: Address, config: Config, { env }: Io): readonly string[] {
  const named = params.get('endpoint')
  if (scheme === 'infoway') {
    const endpoints = named ?? vendorSettings(config, env, INFOWAY).endpoints
    return VENDORS.infoway(endpoints ? { endpoints } : {}).endpoints
  }
  if (scheme === 'tutorial') return named ?? []
  if (scheme !== 'alltick') return []
  const endpoints = named ?? vendorSettings(config, env, ALLTICK).endpoints
  return VENDORS.alltick(endpoints ? { endpoints } : {}).endpoints
}

/** @param isOther whether another one was reached: then this one is not needed */
function checkEndpoint({ url, reached, total, status, remedy }: EndpointProbe, isOther: boolean): Check {
  const name = `endpoint ${new URL(url).host}`
  const wantsToken = status === 401 || status === 403
  if (reached && (remedy === null || wantsToken)) return ok(name, `answers in ${Math.round(total ?? 0)} ms`)
  const what = reached ? `answers with HTTP ${status}` : 'not reached'
  if (isOther) return warning(name, what, remedy ?? 'try again')
  return failure(name, 'E_NETWORK', what, remedy ?? 'check the network')
}

/** @param told what a server said the time is, to the second it was in; @param now what this machine says */
export function checkClock(told: number, now: number): Check {
  const ahead = Math.round((now - told - 500) / 1_000)
  if (Math.abs(ahead) < SKEW) return ok('clock', 'agrees with the endpoint to a second or two')
  const detail = `${Math.abs(ahead)} s ${ahead > 0 ? 'ahead of' : 'behind'} the endpoint's`
  return warning('clock', detail, 'set it by the network (NTP): sessions and latencies follow it')
}

import { type EndpointProbe, probeEndpoints } from '../core/connection/probe.ts'
import { alltick } from '../core/connection/vendors/alltick.ts'
import { type Check, failed, failure, ok, warning } from './_check.ts'
import type { Config } from './_config.ts'
import { proxyFrom } from './_feed.ts'
import type { Io } from './_io.ts'
import { findRelay } from './_relay.ts'
import { alltickSettings } from './_token.ts'

/** A recorder that relays on this machine; none is as well. */
export async function checkRecorder(io: Io): Promise<Check> {
  const relay = await findRelay(io, 'alltick')
  if (relay === undefined) return ok('recorder', 'none relays on this machine')
  const durability = relay.durability === null ? '' : `, durability ${relay.durability}`
  return ok('recorder', `process ${relay.pid} records into ${relay.store}${durability}, and relays at ${relay.url}`)
}

/** Every endpoint that is configured, else AllTick's own: one connection each, without a token. */
export async function checkEndpoints(config: Config, timeoutMs: number, io: Io): Promise<readonly Check[]> {
  try {
    const urls = alltickSettings(config, io.env).endpoints ?? alltick().endpoints
    const { clock, interrupted: signal } = io
    const probes = await probeEndpoints(urls, { samples: 1, timeoutMs, clock, signal, proxyFor: proxyFrom(io.env) })
    const isReached = probes.some(({ reached }) => reached)
    return probes.map((probe) => checkEndpoint(probe, isReached))
  } catch (error) {
    return [failed('endpoint', error)]
  }
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

import { type Address, LIVE } from '../core/address/address.ts'
import type { Source } from '../core/pipeline/source.ts'
import type { HangUp } from '../core/server/options.ts'

/**
 * When whoever gets this source from a server is hung up on. Of several connections, or two feeds, the others go on when
 * one is lost, and a queue keeps what comes meanwhile: what they lack is in their gaps.
 */
export function hangUpOf(source: Source, addresses: readonly Address[]): HangUp {
  if (source.kind !== 'live') return 'nothing'
  const isVendor = addresses.length === 1 && LIVE.has(addresses[0]!.scheme)
  return isVendor && (source.connections?.() ?? 1) === 1 ? 'losses' : 'gaps'
}

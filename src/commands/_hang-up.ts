import { type Address, LIVE } from '../core/address/address.ts'
import type { Source } from '../core/pipeline/source.ts'
import type { HangUp } from '../core/server/options.ts'

/**
 * When whoever gets this source from a server is hung up on. Of two feeds the other one goes on when one is lost, and a
 * queue keeps what comes meanwhile: what they lack is in their gaps.
 */
export function hangUpOf(source: Source, addresses: readonly Address[]): HangUp {
  if (source.kind !== 'live') return 'nothing'
  return addresses.length === 1 && LIVE.has(addresses[0]!.scheme) ? 'losses' : 'gaps'
}

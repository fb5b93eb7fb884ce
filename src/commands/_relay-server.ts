import type { Address } from '../core/address/address.ts'
import type { MarketEvent } from '../core/market/event.ts'
import type { Instrument } from '../core/market/instrument.ts'
import type { Source } from '../core/pipeline/source.ts'
import { openServer } from '../core/server/server.ts'
import { type Io, say } from './_io.ts'
import { announceRelay } from './_relay.ts'
import type { Setup } from './_setup.ts'

interface RelayPlan {
  /** 0 takes a free one; false: no relay. */
  port: number | false
  symbols: readonly string[]
  sinks: readonly Address[]
  setup: Setup
}

/**
 * Serves a live feed on loopback to the machine's other commands, and tells them where. What they ask for beyond the
 * recorder's own symbols is subscribed on the same connection. Undefined where there is nothing to relay.
 */
export async function openRelay(source: Source, address: Address, plan: RelayPlan, io: Io) {
  const { port, symbols, sinks, setup } = plan
  if (port === false || source.kind !== 'live') return undefined
  const own = new Set(symbols)
  let instruments: readonly Instrument[] = []
  const server = await openServer({
    port,
    sessions: setup.sessions,
    clock: io.clock,
    instruments: () => instruments,
    onWanted: (wanted) => {
      try {
        source.subscribe?.([...new Set([...own, ...wanted])])
      } catch (error) {
        say(io, `hkq: the relay cannot serve every symbol asked for: ${(error as Error).message}`)
      }
    },
  })
  const takeBack = announceRelay(io, {
    pid: process.pid,
    vendor: address.scheme,
    url: `${server.url}/quote-stock-b-ws-api`,
    store: sinks[0]?.text ?? '',
  })
  return {
    learn: (rows: readonly Instrument[]): void => {
      instruments = rows
    },
    publish: (batch: readonly MarketEvent[]): void => void server.publish(batch),
    close: async (): Promise<void> => {
      takeBack()
      await server.close(1001)
    },
  }
}

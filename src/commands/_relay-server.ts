import { userInfo } from 'node:os'
import type { Address } from '../core/address/address.ts'
import { messageOf } from '../core/errors.ts'
import type { MarketEvent } from '../core/market/event.ts'
import type { Instrument } from '../core/market/instrument.ts'
import type { Durability, Source } from '../core/pipeline/source.ts'
import { openServer, type QuoteServer, type ServerOptions } from '../core/server/server.ts'
import { hangUpOf } from './_hang-up.ts'
import { type Io, say } from './_io.ts'
import { announceRelay, type Relay } from './_relay.ts'
import type { Setup } from './_setup.ts'

interface RelayPlan {
  /** 0 takes the usual one, or a free one; false: no relay. */
  port: number | false
  symbols: readonly string[]
  /** The feeds behind the source. */
  addresses: readonly Address[]
  sinks: readonly Address[]
  /** What a commit of the store survives; null without a store. */
  durability: Durability | null
  setup: Setup
}

/**
 * Serves a live feed on loopback to the machine's other commands, and tells them where. What they ask for beyond the
 * recorder's own symbols is subscribed on the same connection. Undefined where there is nothing to relay.
 */
export async function openRelay(source: Source, address: Address, plan: RelayPlan, io: Io) {
  const { port, symbols, addresses, sinks, durability, setup } = plan
  if (port === false || source.kind !== 'live') return undefined
  const own = new Set(symbols)
  let instruments: readonly Instrument[] = []
  const options: ServerOptions = {
    sessions: setup.sessions,
    clock: io.clock,
    instruments: () => instruments,
    always: symbols,
    hangsUpFor: () => hangUpOf(source, addresses),
    onWanted: (wanted) => source.subscribe?.([...new Set([...own, ...wanted])]),
    onRefused: (error) => say(io, `hkq: the relay cannot serve every symbol asked for: ${messageOf(error)}`),
  }
  const server = await (port === 0 ? openUsual(options) : openServer({ ...options, port }))
  const takeBack = announced(io, {
    pid: process.pid,
    vendor: address.scheme,
    url: `${server.url}/quote-stock-b-ws-api`,
    store: sinks[0]?.text ?? '',
    cwd: io.cwd,
    symbols,
    durability,
    isSecondHand: address.endpointNow !== undefined,
  })
  let broken = false
  /** Whatever befalls the relay, the recording goes on. */
  const breakOff = (error: unknown): void => {
    if (broken) return
    broken = true
    say(io, `hkq: the relay has ended: ${messageOf(error)}; the recording goes on`)
    takeBack()
    void server.close(1001).catch(() => {})
  }
  return {
    learn: (rows: readonly Instrument[]): void => {
      instruments = rows
    },
    publish: (batch: readonly MarketEvent[]): void => {
      if (!broken) void server.publish(batch).catch(breakOff)
    },
    close: async (): Promise<void> => {
      takeBack()
      await server.close(1001)
    },
  }
}

/** Where a relay listens when it may choose, so that its clients find the next recorder where the last one was. */
const USUAL_PORT = 28_765

async function openUsual(options: ServerOptions): Promise<QuoteServer> {
  try {
    return await openServer({ ...options, port: USUAL_PORT + (userInfo().uid % 1_000) })
  } catch {
    return openServer({ ...options, port: 0 })
  }
}

/** A relay that nobody is told of is no reason not to record. */
function announced(io: Io, relay: Relay): () => void {
  try {
    return announceRelay(io, relay)
  } catch (error) {
    say(io, `hkq: the relay at ${relay.url} cannot be announced to other commands: ${messageOf(error)}`)
    return () => {}
  }
}

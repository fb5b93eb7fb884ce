import type { Address } from '../core/address/address.ts'
import { HkqError } from '../core/errors.ts'
import { isLoopbackHost } from '../core/loopback.ts'
import type { Sessions } from '../core/market/session.ts'
import type { Sink } from '../core/pipeline/source.ts'
import { type Io, say } from './_io.ts'

/** Host and port of a `ws://` sink. @throws HkqError E_USAGE when it is no loopback address */
export function listenAt({ path, text }: Address): { host: string; port: number } {
  const url = URL.canParse(path) ? new URL(path) : undefined
  const host = url?.hostname.replace(/^\[|\]$/g, '') ?? ''
  if (url && url.pathname === '/' && isLoopbackHost(host)) return { host, port: Number(url.port || 80) }
  throw new HkqError('E_USAGE', `cannot serve at "${text}": use a loopback address such as ws://127.0.0.1:8765`)
}

/** Serves the events to AllTick clients as one sink among others; a slow client never slows the recording. */
export async function publishing(
  address: Address,
  { sessions }: { sessions: Sessions; symbols: readonly string[] },
  io: Io,
): Promise<Sink> {
  const { openServer } = await import('../core/server/server.ts')
  const server = await openServer({ ...listenAt(address), sessions, clock: io.clock })
  say(io, `serving on ${server.url}`)
  return {
    async write(batch) {
      await server.publish(batch)
      return { stored: batch.filter(({ type }) => type === 'tick').length, duplicates: 0 }
    },
    close: () => server.close(),
  }
}

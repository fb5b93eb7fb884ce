import { rmSync } from 'node:fs'
import { connect } from 'node:net'
import { isLoopbackHost } from '../core/loopback.ts'
import type { Durability } from '../core/pipeline/source.ts'
import { announce, announced } from './_announce.ts'
import type { Io } from './_io.ts'

/** A recorder on this machine that relays its feed on loopback, so that one token's one connection serves all. */
export interface Relay {
  pid: number
  vendor: string
  url: string
  /** What it records into, for messages. */
  store: string
  /** What a commit of it survives; null where it is no store. */
  durability: Durability | null
}

/**
 * Announces a relay to the user's other commands; the returned function takes it back.
 * @throws HkqError E_STORAGE where the folder is not the user's alone, the system's error where it cannot be written
 */
export function announceRelay(io: Io, relay: Relay): () => void {
  return announce(io, `relay-${relay.vendor}-${relay.pid}`, relay)
}

/** The first relay of `vendor` that answers, or undefined. Announcements of recorders that died are removed. */
export async function findRelay(io: Io, vendor: string): Promise<Relay | undefined> {
  for (const { file, told } of announced(io, `relay-${vendor}-`)) {
    const relay = relayIn(told)
    if (relay && (await answers(relay.url))) return relay
    rmSync(file, { force: true })
  }
  return undefined
}

function relayIn(told: Readonly<Record<string, unknown>>): Relay | undefined {
  const { vendor, url, store } = told
  if (typeof vendor !== 'string' || typeof store !== 'string' || typeof url !== 'string' || !URL.canParse(url))
    return undefined
  return isLoopbackHost(new URL(url).hostname) ? (told as unknown as Relay) : undefined
}

function answers(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), timeout: 500 })
    const end = (alive: boolean) => () => {
      socket.destroy()
      resolve(alive)
    }
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false))
  })
}

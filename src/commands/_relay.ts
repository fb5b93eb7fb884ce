import { rmSync } from 'node:fs'
import { connect } from 'node:net'
import { type Address, parseAddress } from '../core/address/address.ts'
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
  /** The folder that the store's name is relative to, and the recorder's symbols; of recorders that tell them. */
  cwd?: string
  symbols?: readonly string[]
  /** What a commit of it survives; null where it is no store. */
  durability: Durability | null
  /** Whether its recorder has the feed from a relay itself. */
  isSecondHand?: boolean
}

/**
 * Announces a relay to the user's other commands; the returned function takes it back.
 * @throws HkqError E_STORAGE where the folder is not the user's alone, the system's error where it cannot be written
 */
export function announceRelay(io: Io, relay: Relay): () => void {
  return announce(io, `relay-${relay.vendor}-${relay.pid}`, relay)
}

/** The first relay of `vendor` that is fit and answers, or undefined. Announcements of recorders that died are removed. */
export async function findRelay(
  io: Io,
  vendor: string,
  isFit: (relay: Relay) => boolean = () => true,
): Promise<Relay | undefined> {
  for (const { file, told } of announced(io, `relay-${vendor}-`)) {
    const relay = relayIn(told)
    if (relay && !isFit(relay)) continue
    if (relay && (await answers(relay.url))) return relay
    rmSync(file, { force: true })
  }
  return undefined
}

/**
 * A relay as a source. When its recorder has ended the next attempt goes to another one that relays the vendor; to none
 * that is second hand, so that of two recorders neither waits for the other, nor one for itself.
 */
export function relayAddress(io: Io, relay: Relay): Address {
  const address = parseAddress(`alltick:?token=off&endpoint=${encodeURIComponent(relay.url)}`, 'source')
  let { url } = relay
  const endpointNow = async (): Promise<string> => {
    const isThere = announced(io, `relay-${relay.vendor}-`).some(({ told }) => told.url === url)
    if (!isThere) url = (await findRelay(io, relay.vendor, (other) => !other.isSecondHand))?.url ?? url
    return url
  }
  return { ...address, endpointNow: () => endpointNow().catch(() => url) }
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

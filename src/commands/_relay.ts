import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { Durability } from '../core/pipeline/source.ts'
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

function folder(io: Io): string {
  return join(io.env.XDG_RUNTIME_DIR || tmpdir(), `hkq-${userInfo().uid}`)
}

/**
 * Announces a relay to the user's other commands; the returned function takes it back.
 * @throws the system's error where the folder cannot be written
 */
export function announceRelay(io: Io, relay: Relay): () => void {
  mkdirSync(folder(io), { recursive: true, mode: 0o700 })
  const file = join(folder(io), `relay-${relay.vendor}-${relay.pid}.json`)
  writeFileSync(`${file}.new`, JSON.stringify(relay), { mode: 0o600 })
  renameSync(`${file}.new`, file)
  return () => rmSync(file, { force: true })
}

/** The first relay of `vendor` that answers, or undefined. Announcements of recorders that died are removed. */
export async function findRelay(io: Io, vendor: string): Promise<Relay | undefined> {
  for (const file of announcements(folder(io), vendor)) {
    const relay = read(file)
    if (relay && isRunning(relay.pid) && (await answers(relay.url))) return relay
    rmSync(file, { force: true })
  }
  return undefined
}

function read(file: string): Relay | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Relay
  } catch {
    return undefined
  }
}

/** A dead recorder's port may be another program's by now. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Only the user's own files count: the folder may stand in a shared place (not on Windows, which has no user ids). */
function announcements(place: string, vendor: string): string[] {
  const { uid } = userInfo()
  try {
    if (uid !== -1 && statSync(place).uid !== uid) return []
    return readdirSync(place)
      .filter((name) => name.startsWith(`relay-${vendor}-`) && name.endsWith('.json'))
      .map((name) => join(place, name))
  } catch {
    return []
  }
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

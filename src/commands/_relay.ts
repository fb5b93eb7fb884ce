import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { HkqError } from '../core/errors.ts'
import { isLoopbackHost } from '../core/loopback.ts'
import type { Durability } from '../core/pipeline/source.ts'
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
}

function folder(io: Io): string {
  return join(io.env.XDG_RUNTIME_DIR || tmpdir(), `hkq-${userInfo().uid}`)
}

/**
 * Announces a relay to the user's other commands; the returned function takes it back.
 * @throws HkqError E_STORAGE where the folder is not the user's alone, the system's error where it cannot be written
 */
export function announceRelay(io: Io, relay: Relay): () => void {
  const place = folder(io)
  mkdirSync(place, { recursive: true, mode: 0o700 })
  if (!isOwn(place)) throw new HkqError('E_STORAGE', `"${place}" is not a folder of your own: remove it`)
  const file = join(place, `relay-${relay.vendor}-${relay.pid}.json`)
  rmSync(`${file}.new`, { force: true })
  writeFileSync(`${file}.new`, JSON.stringify(relay), { mode: 0o600, flag: 'wx' })
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
    const relay = JSON.parse(readFileSync(file, 'utf8')) as Partial<Relay>
    const { pid, vendor, url, store } = relay
    const whole = Number.isInteger(pid) && pid! > 0 && typeof vendor === 'string' && typeof store === 'string'
    return whole && typeof url === 'string' && isLoopbackHost(new URL(url).hostname) ? (relay as Relay) : undefined
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

/**
 * Whether a folder itself, no link to one, is the user's, and nobody else writes to it: it may stand in a shared place
 * (not on Windows, which has no user ids).
 */
function isOwn(place: string): boolean {
  const { uid } = userInfo()
  const found = lstatSync(place)
  return found.isDirectory() && (uid === -1 || (found.uid === uid && (found.mode & 0o022) === 0))
}

/** Only what stands in the user's own folder counts. */
function announcements(place: string, vendor: string): string[] {
  try {
    if (!isOwn(place)) return []
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

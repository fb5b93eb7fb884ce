import { HkqError } from '../../errors.ts'
import { numberIn, textIn } from './answer.ts'
import { Fields } from './line.ts'
import { isMissing, nameOf } from './refusal.ts'
import { InfluxStore } from './store.ts'
import type { Target } from './target.ts'
import { TICKS } from './ticks.ts'
import { MINUTES } from './whole-record.ts'
import { clientWireOf, type Wire, wireOf } from './wire.ts'
import { Writer } from './write.ts'

/** Version of the measurements and their fields. */
export const SCHEMA = 1

/** Holds the version, at time 0. */
const MARK = 'hkq'

export interface OpenOptions {
  /** `record` may write, and makes the database where there is none and it may; `read` does neither. */
  readonly mode: 'read' | 'record'
  /** Wall clock of checkpoints, epoch ms. */
  readonly now: () => number
  /** Of InfluxDB 2. */
  readonly token: string | undefined
}

/**
 * Opens a store in InfluxDB.
 * @throws HkqError E_TOKEN where a bucket is named and there is no token; E_STORAGE, with the remedy, for a server that is
 *   away or refuses, a missing database, one of another program or of a newer hkq
 */
export async function openInflux(target: Target, { mode, now, token }: OpenOptions): Promise<InfluxStore> {
  const wire = await connected(target, token)
  try {
    const version = await versionOf(wire).catch((error: unknown) => {
      if (mode === 'record' && isToBeMade(target, error)) return null
      throw error
    })
    if (version === null && mode === 'read') throw nothingOfOurs(target)
    if (version === null) await begin(wire)
    return new InfluxStore(wire, mode === 'record' ? new Writer(wire, now) : null)
  } catch (error) {
    wire.close()
    throw error
  }
}

/** @param askingMs how long an answer may take @throws HkqError E_TOKEN where a bucket is named and there is no token */
export async function connected(target: Target, token: string | undefined, askingMs?: number): Promise<Wire> {
  if (target.version === 1) return wireOf(target, askingMs)
  if (token !== undefined) return clientWireOf(target, token, askingMs)
  throw new HkqError('E_TOKEN', `"${nameOf(target)}" wants a token: set HKQ_INFLUX_TOKEN or HKQ_INFLUX_TOKEN_FILE`)
}

/** The version of what is there, null for a database that we never wrote to. @throws HkqError E_STORAGE, for a newer one too */
export async function versionOf({ ask, target }: Wire): Promise<number | null> {
  const { rows } = await ask(`SELECT "schema" FROM "${MARK}" WHERE time = 0`)
  const version = numberIn(rows[0]?.[1])
  if (version !== null && version > SCHEMA) throw tooNew(target, version)
  return version
}

/** Whether an error tells of a database that is not there, and that a recorder makes: a bucket is its administrator's. */
export function isToBeMade({ version }: Target, error: unknown): boolean {
  return version === 1 && isMissing(error)
}

/** Marks a database as ours, unless it holds measurements under our names already; makes it where there is none. */
async function begin(wire: Wire): Promise<void> {
  const mark = [new Fields().integer('schema', SCHEMA).at(MARK, '0')]
  try {
    await refuseForeign(wire)
    await wire.write(mark)
  } catch (error) {
    if (!isToBeMade(wire.target, error)) throw error
    await create(wire)
    await wire.write(mark)
  }
}

/** @throws HkqError E_STORAGE for a database that is not marked as ours and holds measurements under our names */
export async function refuseForeign({ ask, target }: Wire): Promise<void> {
  const { rows } = await ask('SHOW MEASUREMENTS')
  const taken = rows.map(([name]) => textIn(name)).find((name) => name === TICKS || name === MINUTES)
  if (taken) throw foreign(target, taken)
}

async function create(wire: Wire): Promise<void> {
  const { database } = wire.target
  const statement = `CREATE DATABASE "${database.replace(/["\\]/g, '\\$&')}"`
  try {
    await wire.ask(statement)
  } catch (cause) {
    const text = `is no database yet, and this user may not make one: have an administrator run ${statement}`
    throw new HkqError('E_STORAGE', `"${nameOf(wire.target)}" ${text}`, { cause })
  }
}

function foreign(target: Target, measurement: string): HkqError {
  const text = `holds ${measurement} of another program: name another database`
  return new HkqError('E_STORAGE', `"${nameOf(target)}" ${text}`)
}

function nothingOfOurs(target: Target): HkqError {
  return new HkqError('E_STORAGE', `"${nameOf(target)}" holds nothing that hkq recorded: record into it first`)
}

function tooNew(target: Target, version: number): HkqError {
  const text = `has version ${version} of the measurements, this hkq knows ${SCHEMA}: use a newer hkq`
  return new HkqError('E_STORAGE', `"${nameOf(target)}" ${text}`)
}

import { isFull, nameOf } from './refusal.ts'
import type { Wire } from './wire.ts'

/**
 * Points that a server refused for want of room, by its database. InfluxDB shows them all the same, from its memory, and
 * forgets them at its next start: found by a later write they would pass for stored. They outlast a store that is opened anew.
 */
const UNSURE = new Map<string, readonly string[]>()

/** Sends points; those that are refused for want of room stay unsure. @throws HkqError E_STORAGE */
export async function send(wire: Wire, lines: readonly string[]): Promise<void> {
  await settle(wire)
  try {
    await wire.write(lines)
  } catch (error) {
    if (isFull(error)) UNSURE.set(nameOf(wire.target), lines)
    throw error
  }
}

/** Sends again what is unsure, before anything is looked for in the database. @throws HkqError E_STORAGE while it is */
export async function settle(wire: Wire): Promise<void> {
  const name = nameOf(wire.target)
  const lines = UNSURE.get(name)
  if (lines === undefined) return
  await wire.write(lines)
  UNSURE.delete(name)
}

import { rmSync } from 'node:fs'
import { messageOf } from '../core/errors.ts'
import { askHealth } from '../core/monitor/ask.ts'
import { Machine } from '../core/monitor/machine.ts'
import { type HealthRecord, machineAlone, NOTHING } from '../core/monitor/record.ts'
import { type Announced, announced } from './_announce.ts'
import type { Io } from './_io.ts'

/** How long a recorder may take to answer, ms: one that takes longer hangs. */
const ANSWER = 3_000
/** Time between the two samples of a first look, ms. */
const FIRST = 1_000

/** The recorders of this machine that belong to the user. */
export interface Recorders {
  /** A record for each that runs; where none does, one of the machine alone. */
  look(): Promise<HealthRecord[]>
  close(): void
}

export function openRecorders(io: Io): Recorders {
  let machine: Machine | undefined
  async function alone(): Promise<HealthRecord> {
    if (machine === undefined) {
      machine = new Machine({ clock: io.clock })
      await machine.sample()
      await io.clock.sleep(FIRST, io.interrupted)
    }
    return machineAlone(await machine.sample())
  }
  return {
    look: async () => {
      const asked = await Promise.all(announced(io, 'health-').map((one) => ask(one, io)))
      const records = asked.filter((record) => record !== null)
      return records.length === 0 ? [await alone()] : records
    },
    close: () => machine?.close(),
  }
}

/** Null where the recorder has died, and its process's number or port is another program's by now. */
async function ask({ file, pid, told }: Announced, io: Io): Promise<HealthRecord | null> {
  try {
    const record = await askHealth(String(told.url), ANSWER)
    if (record?.pid === pid) return record
    rmSync(file, { force: true })
    return null
  } catch (error) {
    const store = typeof told.store === 'string' ? told.store : null
    const why = { state: 'failing', reasons: ['no_answer'], detail: messageOf(error) } as const
    return { ...NOTHING, timestamp: io.clock.now(), ...why, pid, store }
  }
}

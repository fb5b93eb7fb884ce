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
      const found = announced(io, 'health-')
      return found.length === 0 ? [await alone()] : Promise.all(found.map((one) => ask(one, io)))
    },
    close: () => machine?.close(),
  }
}

async function ask({ pid, told }: Announced, io: Io): Promise<HealthRecord> {
  try {
    return await askHealth(String(told.url), ANSWER)
  } catch (error) {
    const store = typeof told.store === 'string' ? told.store : null
    const why = { state: 'failing', reasons: ['no_answer'], detail: messageOf(error) } as const
    return { ...NOTHING, timestamp: io.clock.now(), ...why, pid, store }
  }
}

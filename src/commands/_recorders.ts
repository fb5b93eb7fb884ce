import { rmSync } from 'node:fs'
import { messageOf } from '../core/errors.ts'
import { askHealth } from '../core/monitor/ask.ts'
import { Machine } from '../core/monitor/machine.ts'
import { type HealthRecord, machineAlone } from '../core/monitor/record.ts'
import { type Announced, announced } from './_announce.ts'
import type { Io } from './_io.ts'

/** How long a recorder may take to answer, ms: one that takes longer hangs. */
const ANSWER = 3_000
/** Time between the two samples of a first look, ms. */
const FIRST = 1_000

/** The recorders of this machine that belong to the user. */
export interface Recorders {
  /** A record for each that runs; where none does, one of the machine alone. Of one that hangs the machine is told too. */
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
      const asked = await Promise.all(announced(io, 'health-').map(ask))
      const heard = asked.filter((answer) => answer !== null)
      if (heard.length > 0 && heard.every(isRecord)) return heard
      const own = await alone()
      return heard.length === 0 ? [own] : heard.map((answer) => (isRecord(answer) ? answer : { ...own, ...answer }))
    },
    close: () => machine?.close(),
  }
}

/** What is known of a recorder that hangs. */
type Hanging = Pick<HealthRecord, 'state' | 'reasons' | 'detail' | 'pid' | 'store'>

function isRecord(answer: HealthRecord | Hanging): answer is HealthRecord {
  return 'type' in answer
}

/** Null where the recorder has died, and its process's number or port is another program's by now. */
async function ask({ file, pid, told }: Announced): Promise<HealthRecord | Hanging | null> {
  try {
    const record = await askHealth(String(told.url), ANSWER)
    if (record?.pid === pid) return record
    rmSync(file, { force: true })
    return null
  } catch (error) {
    const store = typeof told.store === 'string' ? told.store : null
    return { state: 'failing', reasons: ['no_answer'], detail: messageOf(error), pid, store }
  }
}

import { HkqError } from '../errors.ts'
import { parseTime } from '../market/time.ts'
import type { Source } from '../pipeline/source.ts'
import { within } from '../pipeline/take.ts'
import { withEvents } from '../pipeline/with-events.ts'
import { openSimulator } from '../simulator/simulator.ts'
import { type Address, numberParam, param } from './address.ts'
import type { Settled } from './source-options.ts'

/** The simulated market, as the options of its address have it. @throws HkqError E_USAGE */
export async function openSim(address: Address, options: Settled): Promise<Source> {
  const { symbols, sessions, clock, signal, depth = 0, since, until } = options
  const speed = param(address, 'speed') === 'max' ? ('max' as const) : numberParam(address, 'speed', 1e-3)
  const seed = numberParam(address, 'seed', 0)
  const rate = numberParam(address, 'rate', 1e-3, 1e5)
  const days = numberParam(address, 'days', 0, 10_000)
  const start = startParam(address)
  const simulator = openSimulator({
    ...{ symbols, sessions, clock, signal, depth },
    ...(speed !== undefined && { speed }),
    ...(seed !== undefined && { seed }),
    ...(rate !== undefined && { rate }),
    ...(days !== undefined && { days }),
    ...(start !== undefined && { start }),
    ...(until !== undefined && { until }),
  })
  return since === undefined ? simulator : withEvents(simulator, (events) => within(events, since))
}

function startParam(address: Address): number | undefined {
  const text = param(address, 'start')
  if (text === undefined) return undefined
  const time = parseTime(text)
  if (Number.isNaN(time)) {
    throw new HkqError('E_USAGE', `"start=${text}" in address "${address.text}": use a time such as 2026-11-20T09:30`)
  }
  return time
}

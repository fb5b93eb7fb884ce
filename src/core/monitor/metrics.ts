import { type HealthRecord, NOTHING } from './record.ts'
import { REASONS, type Reason, STATES } from './verdict.ts'

/** A number that was told at a time, epoch ms, as the table `metric` of a store has it. */
export interface Metric {
  readonly time: number
  readonly name: string
  readonly value: number
}

/** Counts by name: `rejected.price`. */
const COUNTS = ['rejected', 'flagged'] as const
const REASON = 'reason.'

/**
 * A record as numbers for a store, each under the name it has in the record: counts by reason as `rejected.price`, the state
 * as its place among the states, each reason that held as `reason.silent` 1. Texts, and the ages of single symbols, stay behind:
 * the ticks themselves tell those.
 */
export function metricsOf(record: HealthRecord): Metric[] {
  const { timestamp: time, state, reasons } = record
  const metrics: Metric[] = []
  const add = (name: string, value: unknown): void => {
    if (typeof value === 'number' && Number.isFinite(value)) metrics.push({ time, name, value })
  }
  for (const [name, value] of Object.entries(record)) if (name !== 'timestamp') add(name, value)
  for (const group of COUNTS)
    for (const [name, count] of Object.entries(record[group] ?? {})) add(`${group}.${name}`, count)
  if (state !== null) add('state', STATES.indexOf(state))
  for (const reason of reasons) add(REASON + reason, 1)
  return metrics
}

/** The record that numbers of one time were made of, as far as they tell; names that are not known are left out. */
export function recordOf(metrics: readonly Metric[]): HealthRecord {
  const record: Record<string, unknown> = { ...NOTHING, timestamp: metrics[0]!.time }
  const state = metrics.find(({ name }) => name === 'state')
  for (const { name, value } of metrics) {
    const [group, part] = name.split('.')
    if (part === undefined && Object.hasOwn(NOTHING, name)) record[name] = value
    else if (COUNTS.some((one) => one === group)) record[group!] = { ...(record[group!] as object), [part!]: value }
  }
  if (state !== undefined) for (const group of COUNTS) record[group] ??= {}
  record.state = state === undefined ? null : (STATES[state.value] ?? null)
  record.reasons = REASONS.filter((reason: Reason) => metrics.some(({ name }) => name === REASON + reason))
  return record as unknown as HealthRecord
}

/** The numbers of a store, in order of time, as records. */
export async function* recordsOf(chunks: AsyncIterable<readonly Metric[]>): AsyncGenerator<HealthRecord> {
  let sample: Metric[] = []
  for await (const chunk of chunks) {
    for (const metric of chunk) {
      if (sample.length > 0 && sample[0]!.time !== metric.time) {
        yield recordOf(sample)
        sample = []
      }
      sample.push(metric)
    }
  }
  if (sample.length > 0) yield recordOf(sample)
}

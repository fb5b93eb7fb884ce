import { HkqError, messageOf } from '../errors.ts'
import { parseTime } from '../market/time.ts'
import { type HealthRecord, NOTHING } from './record.ts'

/** Fields that leave as text. */
const TIMES = ['timestamp', 'since', 'start'] as const

/**
 * Asks a recorder how it does.
 * @param url of its health server
 * @throws HkqError E_NETWORK when it does not answer in time, or with something else
 */
export async function askHealth(url: string, timeoutMs: number): Promise<HealthRecord> {
  try {
    const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(timeoutMs), redirect: 'error' })
    return recordIn(await answer.text())
  } catch (cause) {
    throw new HkqError('E_NETWORK', `no answer from "${url}" (${messageOf(cause)}): see whether it hangs`, { cause })
  }
}

/** A record as it left; of another version, what both know. @throws TypeError for anything else */
function recordIn(text: string): HealthRecord {
  const told: unknown = JSON.parse(text)
  if (typeof told !== 'object' || told === null || !('type' in told) || told.type !== 'health')
    throw new TypeError('it tells no health')
  const record: Record<string, unknown> = { ...NOTHING, ...told }
  for (const name of TIMES) if (typeof record[name] === 'string') record[name] = parseTime(record[name])
  return record as unknown as HealthRecord
}

import { HkqError } from '../errors.ts'
import { parseTime } from '../market/time.ts'
import { type HealthRecord, NOTHING } from './record.ts'

/** Fields that leave as text. */
const TIMES = ['timestamp', 'since', 'start'] as const

/**
 * Asks a recorder how it does.
 * @param url of its health server
 * @returns null where there is none: nobody listens, or somebody else
 * @throws HkqError E_NETWORK when it does not answer in time: it hangs
 */
export async function askHealth(url: string, timeoutMs: number): Promise<HealthRecord | null> {
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const answer = await fetch(`${url}/healthz`, { signal, redirect: 'error' })
    return recordIn(await answer.text())
  } catch (cause) {
    if (!signal.aborted) return null
    const seconds = `${timeoutMs / 1_000} s`
    throw new HkqError('E_NETWORK', `no answer from "${url}" for ${seconds}: it hangs, end it and start it again`, {
      cause,
    })
  }
}

/** A record as it left; of another version, what both know. Null for anything else. @throws SyntaxError */
function recordIn(text: string): HealthRecord | null {
  const told: unknown = JSON.parse(text)
  if (typeof told !== 'object' || told === null || !('type' in told) || told.type !== 'health') return null
  const record: Record<string, unknown> = { ...NOTHING, ...told }
  for (const name of TIMES) if (typeof record[name] === 'string') record[name] = parseTime(record[name])
  return record as unknown as HealthRecord
}

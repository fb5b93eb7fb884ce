import { ANSWER, type Check, failed, failure, ok, warning } from '../../check.ts'
import { connected, isToBeMade, refuseForeign, versionOf } from './open.ts'
import { nameOf, unanswered } from './refusal.ts'
import type { Bucket, Target } from './target.ts'
import type { Wire } from './wire.ts'

/**
 * Looks at a server that is recorded into, and changes nothing: its version, whether it takes the credentials, whose the
 * database or bucket is, and whether it forgets.
 * @param token of InfluxDB 2
 * @throws HkqError E_STORAGE where it is away
 */
export async function examineInflux(target: Target, token: string | undefined): Promise<readonly Check[]> {
  const version = await serverVersion(target)
  const mistaken = checkKind(target, version)
  try {
    const wire = await connected(target, token, ANSWER)
    try {
      return [...mistaken, ...(await checkDatabase(wire, version, token))]
    } finally {
      wire.close()
    }
  } catch (error) {
    return [...mistaken, failed('store', error)]
  }
}

/** An address of one major version that leads to the other. */
function checkKind(target: Target, version: string): readonly Check[] {
  const found = `"${nameOf(target)}" is InfluxDB ${version}`
  if (target.version === 1 && version.startsWith('2.'))
    return [warning('server', found, 'name the organisation of the bucket (?org=NAME)')]
  if (target.version === 2 && version.startsWith('1.'))
    return [warning('server', `${found}, which has no organisations`, 'leave out ?org=')]
  return []
}

async function checkDatabase(wire: Wire, version: string, token: string | undefined): Promise<readonly Check[]> {
  const { target } = wire
  const server = `"${nameOf(target)}", InfluxDB ${version}`
  try {
    const schema = await versionOf(wire)
    if (schema === null) await refuseForeign(wire)
    const found = schema === null ? `${server}: empty, the first recording begins it` : `${server}, schema ${schema}`
    return [ok('store', found), target.version === 1 ? await checkPolicy(wire) : await checkRules(target, token)]
  } catch (error) {
    if (!isToBeMade(target, error)) throw error
    return [ok('store', `${server}: the database is made by the first recording`)]
  }
}

/** Points that name no policy go where the default one says. */
async function checkPolicy(wire: Wire): Promise<Check> {
  const { rows } = await wire.ask('SHOW RETENTION POLICIES')
  const [name, duration] = rows.find((row) => row.at(-1) === true) ?? []
  if (name === undefined) return warning('retention', 'no default policy', 'make one that keeps for ever')
  if (duration === '0s') return forEver()
  return forgets(
    `the policy "${name}" for ${duration}`,
    `ALTER RETENTION POLICY "${name}" ON "${wire.target.database}" DURATION INF`,
  )
}

async function checkRules(target: Bucket, token: string | undefined): Promise<Check> {
  const { org, database } = target
  const { status, text } = await get(target, `/api/v2/buckets?${new URLSearchParams({ org, name: database })}`, token)
  if (status !== 200) return untold(`the server does not tell (HTTP ${status} for the bucket)`)
  const { buckets = [] } = JSON.parse(text) as { buckets?: { retentionRules?: { everySeconds?: number }[] }[] }
  if (buckets.length === 0) return untold('the token may not see the bucket itself')
  const seconds = buckets[0]!.retentionRules?.find(({ everySeconds = 0 }) => everySeconds > 0)?.everySeconds
  if (seconds === undefined) return forEver()
  return forgets(`the bucket for ${seconds / 3_600} h`, 'influx bucket update --retention 0')
}

function forEver(): Check {
  return ok('retention', 'what is stored is kept for ever')
}

function forgets(what: string, remedy: string): Check {
  return failure('retention', 'E_STORAGE', `what is stored is kept by ${what}, then deleted`, `${remedy}, or another`)
}

function untold(why: string): Check {
  return warning('retention', why, 'see in InfluxDB that the bucket keeps what is stored for ever')
}

/** What the server says it is, e.g. `1.8.10`. @throws HkqError E_STORAGE where it does not answer */
async function serverVersion(target: Target): Promise<string> {
  const { headers } = await get(target, '/ping')
  return headers.get('x-influxdb-version')?.replace(/^v/, '') ?? 'of a version that it does not tell'
}

interface Told {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

async function get(target: Target, path: string, token?: string): Promise<Told> {
  const headers = token === undefined ? {} : { authorization: `Token ${token}` }
  try {
    const signal = AbortSignal.timeout(ANSWER)
    const response = await fetch(`${target.url}${path}`, { headers, signal, redirect: 'error' })
    return { status: response.status, headers: response.headers, text: await response.text() }
  } catch (error) {
    throw unanswered(target, error)
  }
}

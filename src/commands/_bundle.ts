import { writeFileSync } from 'node:fs'
import { arch, cpus, platform, release, totalmem } from 'node:os'
import packageJson from '../../package.json' with { type: 'json' }
import type { Check } from '../core/check.ts'
import { HkqError, messageOf } from '../core/errors.ts'
import type { Config } from './_config.ts'
import { longbridgeSecrets } from './_feed.ts'
import type { Io } from './_io.ts'
import { ALLTICK, INFLUX, INFOWAY, resolveToken } from './_token.ts'

/** Keys of a configuration whose values leave the machine in a report; of any other only its name does. */
const TELLING = /^(plan|durability|patience|depth|every|window|estimator|preset|tz|format|until|relay|symbols)$/

/**
 * Writes what somebody who helps needs to know into a new file: versions, checks, and which settings there are. No token,
 * no address with a password, no value of the environment.
 * @throws HkqError E_USAGE when the file is there already or cannot be written
 */
export function writeBundle(file: string, checks: readonly Check[], config: Config, io: Io): void {
  const report = {
    hkq: packageJson.version,
    made_at: new Date(io.clock.now()).toISOString(),
    node: process.version,
    system: `${platform()} ${release()} ${arch()}`,
    cores: cpus().length,
    memory: totalmem(),
    configuration: config.files.map(({ kind, values }) => ({ kind, values: named(values) })),
    environment: Object.keys(io.env).filter((name) => /^HKQ_|_PROXY$/i.test(name)),
    checks,
  }
  const text = scrubbed(JSON.stringify(report, null, 2), config, io)
  try {
    writeFileSync(file, `${text}\n`, { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    throw new HkqError('E_USAGE', `cannot write the report "${file}" (${messageOf(cause)}): name a new file`, { cause })
  }
}

function named(value: unknown, key = ''): unknown {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, named(each, name)]))
  return TELLING.test(key) ? value : '(set)'
}

/** Last of all: whatever a vendor's secret, or the user's own folder, may have got into. */
function scrubbed(text: string, config: Config, io: Io): string {
  const known = new Map([[io.home, '~']])
  for (const vendor of [ALLTICK, INFOWAY, INFLUX]) {
    try {
      const { token = '', others } = resolveToken(config, io.env, io, vendor)
      for (const secret of [token, ...others]) known.set(secret, `(${vendor.secret})`)
    } catch {}
  }
  for (const name of longbridgeSecrets) if (io.env[name]) known.set(io.env[name], `(${name})`)
  return [...known].reduce((rest, [secret, shown]) => (secret.length > 1 ? rest.replaceAll(secret, shown) : rest), text)
}

import { type Address, param } from '../core/address/address.ts'
import { type Check, failed, ok, warning } from '../core/check.ts'
import { isLoopback } from '../core/connection/socket.ts'
import { HkqError } from '../core/errors.ts'
import { type Config, section } from './_config.ts'
import { longbridgeSecrets } from './_feed.ts'
import type { Io } from './_io.ts'
import { ALLTICK, INFOWAY, resolveToken, secretVariable, tokenMissing, type VendorNames } from './_token.ts'

const NAMES: Partial<Record<Address['scheme'], VendorNames>> = { alltick: ALLTICK, infoway: INFOWAY }

/** Whether the secrets are there that these feeds need, a line each; never which. */
export function checkSecrets(feeds: readonly Address[], config: Config, io: Io): readonly Check[] {
  const checks = feeds.flatMap((feed) => {
    if (feed.scheme === 'longbridge') return [checkLongbridge(io)]
    const names = NAMES[feed.scheme]
    const isNeeded = names && param(feed, names.secret) !== 'off' && !feed.params.get('endpoint')?.every(isLoopback)
    return isNeeded ? [checkSecret(names, config, io)] : []
  })
  if (checks.length > 0) return checks
  const spare = checkSecret(ALLTICK, config, io)
  const needless = ok('token', `none, and ${feeds.map(({ text }) => text).join(' and ')} needs none`)
  return [spare.state === 'failure' && feeds.length > 0 ? needless : spare]
}

function checkSecret(vendor: VendorNames, config: Config, io: Io): Check {
  const name = vendor.secret
  try {
    const { token, warnings } = resolveToken(config, io.env, io, vendor)
    if (token === undefined) return failed(name, tokenMissing(vendor))
    const place = placeOf(vendor, config, io)
    return warnings.length === 0 ? ok(name, place) : warning(name, place, warnings.join('; '))
  } catch (error) {
    return failed(name, error)
  }
}

function placeOf(vendor: VendorNames, { files }: Config, { env }: Io): string {
  const variable = secretVariable(vendor)
  if (env[variable]?.trim()) return `in ${variable}`
  if (env[`${variable}_FILE`]) return `in the file of ${variable}_FILE`
  const file = files.find(({ values }) => {
    const { [`${vendor.secret}File`]: inFile, [vendor.secret]: inline } = section(values, vendor.section)
    return inFile !== undefined || inline !== undefined
  })
  return `by ${file?.path}`
}

function checkLongbridge({ env }: Io): Check {
  const missing = longbridgeSecrets.filter((name) => !env[name])
  if (missing.length === 0) return ok('credentials', `in ${longbridgeSecrets.join(', ')}`)
  return failed('credentials', new HkqError('E_TOKEN', `no Longbridge credentials: set ${missing.join(', ')}`))
}

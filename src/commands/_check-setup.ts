import { formatDate } from '../core/market/time.ts'
import { type Check, failed, failure, ok, warning } from './_check.ts'
import { type Config, section } from './_config.ts'
import type { Io } from './_io.ts'
import type { Setup } from './_setup.ts'
import { resolveToken, tokenMissing } from './_token.ts'

const LEAST_NODE = [20, 19] as const

/** @param version as `process.versions.node` */
export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isOld = major < LEAST_NODE[0] || (major === LEAST_NODE[0] && minor < LEAST_NODE[1])
  if (isOld) return failure('node', 'E_UNEXPECTED', version, `install Node ${LEAST_NODE.join('.')} or later`)
  return ok('node', version)
}

export function checkConfig({ files, warnings }: Config): Check {
  const detail = files.length === 0 ? 'none: defaults' : files.map(({ path }) => path).join(', ')
  return warnings.length === 0 ? ok('configuration', detail) : warning('configuration', detail, warnings.join('; '))
}

/** Whether there is a token where one is needed; never which. */
export function checkToken(config: Config, io: Io): Check {
  try {
    const { token, warnings } = resolveToken(config, io.env, io)
    if (token === undefined) {
      const from = io.env.HKQ_FROM || config.files.map(({ values }) => values.from).find((each) => each !== undefined)
      if (from !== undefined && !/^\s*alltick:/i.test(String(from))) return ok('token', `none, and ${from} needs none`)
      return failed('token', tokenMissing())
    }
    const place = placeOfToken(config, io)
    return warnings.length === 0 ? ok('token', place) : warning('token', place, warnings.join('; '))
  } catch (error) {
    return failed('token', error)
  }
}

function placeOfToken({ files }: Config, { env }: Io): string {
  if (env.HKQ_ALLTICK_TOKEN?.trim()) return 'in HKQ_ALLTICK_TOKEN'
  if (env.HKQ_ALLTICK_TOKEN_FILE) return 'in the file of HKQ_ALLTICK_TOKEN_FILE'
  const file = files.find(({ values }) => {
    const { tokenFile, token } = section(values, 'alltick')
    return tokenFile !== undefined || token !== undefined
  })
  return `by ${file?.path}`
}

/** Whether the holidays of this year and the next are known. */
export function checkCalendar({ sessions }: Setup, io: Io): Check {
  const year = Number(formatDate(io.clock.now()).slice(0, 4))
  const unknown = [year, year + 1].filter((each) => !sessions.calendar.covers(`${each}-01-01`))
  if (unknown.length === 0) return ok('calendar', `covers ${year} and ${year + 1}`)
  const remedy = 'update hkq, or name a calendar file in the configuration'
  return warning('calendar', `does not cover ${unknown.join(' and ')}: Monday to Friday count as full days`, remedy)
}

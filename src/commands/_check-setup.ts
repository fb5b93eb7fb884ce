import { type Check, failure, ok, warning } from '../core/check.ts'
import { formatDate } from '../core/market/time.ts'
import type { Config } from './_config.ts'
import type { Io } from './_io.ts'
import type { Setup } from './_setup.ts'

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

/** Whether the holidays of this year and the next are known. */
export function checkCalendar({ sessions }: Setup, io: Io): Check {
  const year = Number(formatDate(io.clock.now()).slice(0, 4))
  const unknown = [year, year + 1].filter((each) => !sessions.calendar.covers(`${each}-01-01`))
  if (unknown.length === 0) return ok('calendar', `covers ${year} and ${year + 1}`)
  const remedy = 'update hkq, or name a calendar file in the configuration'
  return warning('calendar', `does not cover ${unknown.join(' and ')}: Monday to Friday count as full days`, remedy)
}

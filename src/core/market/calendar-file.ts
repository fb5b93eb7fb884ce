import { HkqError } from '../errors.ts'
import { Calendar } from './calendar.ts'
import { type CalendarYear, HONG_KONG_YEARS } from './calendar-data.ts'

const LISTS = ['closed', 'half', 'weather_closed'] as const
const KEYS: readonly string[] = [...LISTS, 'weather_late']

/**
 * The built-in calendar with the years of a user's file laid over it; a year in the file replaces the built-in one whole.
 * The file is JSON:
 *
 * ```json
 * { "2028": { "closed": ["2028-01-03"], "half": ["2028-12-29"],
 *             "weather_closed": [], "weather_late": { "2028-10-09": "14:00" } } }
 * ```
 *
 * `closed` and `half` are required; days are Hong Kong days of that year; `weather_late` tells when a day opened.
 * @param json the parsed content of the file
 * @throws HkqError E_CONFIG naming the entry that is wrong
 */
export function calendarFrom(json: unknown): Calendar {
  const years: Record<string, CalendarYear> = { ...HONG_KONG_YEARS }
  for (const [year, content] of entries(json, 'the calendar', 'years such as "2028"')) {
    if (!/^(19|20)\d\d$/.test(year))
      throw refused(`unknown key "${year}" in the calendar`, 'keys are years, e.g. "2028"')
    years[year] = yearFrom(year, content)
  }
  return new Calendar(years)
}

function yearFrom(year: string, json: unknown): CalendarYear {
  const content = Object.fromEntries(entries(json, `calendar year ${year}`, KEYS.join(', ')))
  for (const key of Object.keys(content)) {
    if (!KEYS.includes(key)) throw refused(`unknown key "${key}" in calendar year ${year}`, `use ${KEYS.join(', ')}`)
  }
  const [closed, half, weatherClosed] = LISTS.map((key) => daysIn(content[key], key, year))
  const late = Object.fromEntries(entries(content.weather_late ?? {}, `weather_late of ${year}`, 'days and times'))
  for (const [date, opens] of Object.entries(late)) {
    checkDay(date, 'weather_late', year)
    if (typeof opens !== 'string' || !/^(09:[3-5]\d|1[0-5]:[0-5]\d)$/.test(opens)) {
      throw refused(`"${shown(opens)}" is not an opening time in weather_late of ${year}`, 'use e.g. "14:00"')
    }
  }
  if (!closed || !half) {
    throw refused(
      `calendar year ${year} has no "${closed ? 'half' : 'closed'}"`,
      'give a list, empty if there are none',
    )
  }
  return { closed, half, weather_closed: weatherClosed ?? [], weather_late: late as Record<string, string> }
}

function daysIn(list: unknown, key: string, year: string): string[] | undefined {
  if (list === undefined) return undefined
  if (!Array.isArray(list)) throw refused(`"${key}" of calendar year ${year} is not a list`, 'give days, YYYY-MM-DD')
  for (const date of list) checkDay(date, key, year)
  return list as string[]
}

function checkDay(date: unknown, key: string, year: string): void {
  const known = typeof date === 'string' && /^\d{4}-\d\d-\d\d$/.test(date) && isDate(date) && date.startsWith(year)
  if (!known) throw refused(`"${shown(date)}" is not a day of ${year} in "${key}"`, 'write days as YYYY-MM-DD')
}

function isDate(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}

function entries(json: unknown, name: string, expected: string): [string, unknown][] {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw refused(`${name} is not an object`, `it holds ${expected}`)
  }
  return Object.entries(json)
}

/** A value in a message; what holds others is only named. */
function shown(value: unknown): string {
  return typeof value === 'object' && value !== null ? (Array.isArray(value) ? '[...]' : '{...}') : String(value)
}

function refused(what: string, remedy: string): HkqError {
  return new HkqError('E_CONFIG', `${what}: ${remedy}`)
}

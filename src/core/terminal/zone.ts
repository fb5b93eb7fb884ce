import type { TimeFormat } from '../market/json.ts'
import { formatIso, HKT_OFFSET, HOUR } from '../market/time.ts'

/** Times as people read them, in one time zone. */
export interface Zone {
  /** Offset from UTC at `time`, ms. */
  offset(time: number): number
  /** `10:42:07`. */
  clock(time: number): string
  /** `10:42`. */
  minute(time: number): string
  /** `2026-11-23 10:42:07`. */
  local(time: number): string
  /** `2026-11-23`. */
  date(time: number): string
}

/** @param name IANA name, e.g. `Asia/Hong_Kong`; the default needs no time zone data */
export function createZone(name = 'Asia/Hong_Kong'): Zone {
  return name === 'Asia/Hong_Kong' ? HONG_KONG : zoneOf(offsetsOf(name))
}

const HONG_KONG = zoneOf(() => HKT_OFFSET)

function zoneOf(offset: (time: number) => number): Zone {
  const text = (time: number): string => new Date(time + offset(time)).toISOString()
  return {
    offset,
    clock: (time) => text(time).slice(11, 19),
    minute: (time) => text(time).slice(11, 16),
    local: (time) => text(time).slice(0, 19).replace('T', ' '),
    date: (time) => text(time).slice(0, 10),
  }
}

/** Offsets change on the quarter hour at most, so one look-up serves all times of that quarter. */
function offsetsOf(name: string): (time: number) => number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' })
  const known = new Map<number, number>()
  return (time) => {
    const quarter = Math.floor(time / (HOUR / 4))
    let offset = known.get(quarter)
    if (offset === undefined) {
      const part = format.formatToParts(quarter * (HOUR / 4)).find(({ type }) => type === 'timeZoneName')?.value
      const m = /([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(part ?? '')
      const [, sign, hours = 0, minutes = 0, seconds = 0] = m ?? []
      offset = (sign === '-' ? -1 : 1) * ((+hours * 60 + +minutes) * 60 + +seconds) * 1_000
      known.set(quarter, offset)
    }
    return offset
  }
}

/** Writes times as ISO 8601 with milliseconds and the zone's offset: `2026-11-23T10:42:07.123+08:00`. */
export function isoOf(zone: Zone): TimeFormat {
  if (zone === HONG_KONG) return formatIso
  return (time) => {
    const offset = zone.offset(time)
    const minutes = Math.abs(Math.round(offset / 60_000))
    const text = `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
    return `${new Date(time + offset).toISOString().slice(0, 23)}${offset < 0 ? '-' : '+'}${text}`
  }
}

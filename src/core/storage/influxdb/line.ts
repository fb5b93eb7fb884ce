import type { Seq } from '../../market/event.ts'

/** Points of one millisecond that have times of their own: InfluxDB counts nanoseconds. */
export const SLOTS = 1_000_000

/** The last millisecond that InfluxDB has a time for, in the year 2262. */
export const LAST_TIME = 9_223_372_036_853

/** Whether a point can have this time, epoch ms. */
export function isTime(time: number): boolean {
  return Number.isSafeInteger(time) && time >= 0 && time <= LAST_TIME
}

/** The time of a point: the slot-th nanosecond of a millisecond. */
export function stamp(time: number, slot: number): string {
  return `${time}${String(slot).padStart(6, '0')}`
}

/** Tags of a point, in order of name; one that is null or empty is left out. */
export type Tags = Readonly<Record<string, string | null>>

/** A measurement with its tags: what the points of a series have in common. */
export function series(measurement: string, tags: Tags): string {
  let text = measurement
  for (const [name, value] of Object.entries(tags)) if (value) text += `,${name}=${tagValue(value)}`
  return text
}

/** A tag's value as it is stored: what the line protocol cannot carry, or carries in doubt, is percent-encoded. */
export function stored(value: string): string {
  return value.replace(/\p{Surrogate}/gu, '\ufffd').replace(/[%\\\p{Cc}]/gu, encodeURIComponent)
}

/** The value that `stored` was made of. */
export function restored(value: string): string {
  try {
    return value.includes('%') ? decodeURIComponent(value) : value
  } catch {
    return value
  }
}

function tagValue(value: string): string {
  return stored(value).replace(/[,= ]/g, '\\$&')
}

/** Fields of a point in line protocol. */
export class Fields {
  #text = ''

  /** A double, as it is; what no double of InfluxDB is (infinite, NaN) is left out, as null is. */
  float(name: string, value: number | null): this {
    return value === null || !Number.isFinite(value) ? this : this.#add(name, String(value))
  }

  /** A whole number of 64 bits; fractions are rounded. */
  integer(name: string, value: Seq | null): this {
    if (value === null) return this
    return this.#add(name, `${typeof value === 'bigint' ? value : Math.round(value)}i`)
  }

  /** @throws TypeError for what is no text */
  text(name: string, value: string | null): this {
    if (value === null) return this
    if (typeof value !== 'string') throw new TypeError(`${name} is no text`)
    return this.#add(name, `"${value.replace(/["\\]/g, '\\$&')}"`)
  }

  /** The point. @throws TypeError when it has no field */
  at(key: string, time: string): string {
    if (this.#text === '') throw new TypeError(`a point of ${key} has no field`)
    return `${key} ${this.#text} ${time}`
  }

  #add(name: string, value: string): this {
    this.#text += this.#text === '' ? `${name}=${value}` : `,${name}=${value}`
    return this
  }
}

/** A text as a literal of InfluxQL. */
export function literal(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&').replace(/\n/g, '\\n')}'`
}

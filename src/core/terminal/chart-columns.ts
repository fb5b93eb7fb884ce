import { type Break, type Span, type Stretch, stretchesOf } from './chart-breaks.ts'

/** The items that share cells of a plot. */
export interface Place<T> {
  /** First cell, counted from the left. */
  readonly at: number
  readonly width: number
  /** At least one, in order. */
  readonly items: readonly T[]
  /** The break shown in the one cell before; null for none. */
  readonly after: Break | null
}

/** Items over the whole of `room` cells: stretched where they are few, sharing cells where they are many. */
export function stretched<T>(items: readonly T[], spanOf: (item: T) => Span, room: number): Place<T>[] {
  const stretches = stretchesOf(items, spanOf, room)
  const spare = room - 2 * stretches.length + 1
  let taken = 0
  let before = 0
  return stretches.flatMap(({ items: own, after }, n) => {
    const share = (count: number): number => Math.round((count * spare) / items.length)
    const width = 1 + share(before + own.length) - share(before)
    const at = taken + (n === 0 ? 0 : 1)
    taken = at + width
    before += own.length
    const count = Math.min(own.length, width)
    const cell = (i: number): number => Math.floor((i * width) / count)
    const item = (i: number): number => Math.floor((i * own.length) / count)
    return Array.from({ length: count }, (_, i) => ({
      at: at + cell(i),
      width: cell(i + 1) - cell(i),
      items: own.slice(item(i), item(i + 1)),
      after: i === 0 ? after : null,
    }))
  })
}

/** Items in places of one width, at most `room` cells together; where they are many, as many as needed share a place. */
export function evenly<T>(items: readonly T[], spanOf: (item: T) => Span, room: number): Place<T>[] {
  const stretches = stretchesOf(items, spanOf, room)
  const free = room - stretches.length + 1
  const size = fewestShared(stretches, free)
  const width = Math.floor(free / placesOf(stretches, size))
  let at = 0
  return stretches.flatMap(({ items: own, after }, n) => {
    if (n > 0) at++
    return Array.from({ length: Math.ceil(own.length / size) }, (_, i) => {
      const place = { at, width, items: own.slice(i * size, (i + 1) * size), after: i === 0 ? after : null }
      at += width
      return place
    })
  })
}

function fewestShared(stretches: readonly Stretch<unknown>[], free: number): number {
  let size = Math.max(1, Math.ceil(stretches.reduce((sum, { items }) => sum + items.length, 0) / free))
  while (placesOf(stretches, size) > free) size++
  return size
}

function placesOf(stretches: readonly Stretch<unknown>[], size: number): number {
  return stretches.reduce((sum, { items }) => sum + Math.ceil(items.length / size), 0)
}

/** Cells that the places take together. */
export function widthOf(places: readonly Place<unknown>[]): number {
  const last = places.at(-1)!
  return last.at + last.width
}

const BREAKS: Readonly<Record<Break, string>> = { night: '┊', pause: ' ' }

/**
 * The rows of a plot from top to bottom.
 * @param draw the `rows` cells of a place from top to bottom, each of its width
 * @param paint of the line that stands for a night
 */
export function plotted<T>(
  places: readonly Place<T>[],
  rows: number,
  draw: (place: Place<T>) => readonly string[],
  paint: (text: string) => string,
): string[] {
  const columns = places.flatMap((place) => {
    const drawn = draw(place)
    return place.after === null ? [drawn] : [Array<string>(rows).fill(paint(BREAKS[place.after])), drawn]
  })
  return Array.from({ length: rows }, (_, row) => columns.map((cells) => cells[row]).join(''))
}

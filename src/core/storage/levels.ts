import type { Level } from '../market/event.ts'

/** The levels of a side as a store keeps them, in JSON; those that are none are left out. */
export function levelsIn(text: string): Level[] {
  const levels: unknown = JSON.parse(text)
  return Array.isArray(levels) ? levels.filter(isLevel) : []
}

function isLevel(value: unknown): value is Level {
  return Array.isArray(value) && value.length === 2 && value.every((one) => typeof one === 'number')
}

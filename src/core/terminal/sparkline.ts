import { block } from './blocks.ts'

/**
 * Values as a line of block characters, lowest to highest. More values than `width` are thinned evenly, the last one
 * always kept; a flat line stands in the middle.
 */
export function sparkline(values: readonly number[], width: number): string {
  const shown = thin(values, width)
  const low = Math.min(...shown)
  const range = Math.max(...shown) - low
  return shown.map((value) => block(1 + (range > 0 ? ((value - low) / range) * 7 : 3))).join('')
}

function thin(values: readonly number[], width: number): readonly number[] {
  if (values.length <= width) return values
  return Array.from({ length: width }, (_, i) => values[Math.ceil(((i + 1) * values.length) / width) - 1]!)
}

import type { MachineSample } from './machine.ts'

const RATES = ['cpu', 'disk_read', 'disk_written', 'network_in', 'network_out'] as const

/** Samples of equal distance as one: shares and rates are their mean, all else as it was last. */
export function overTime(samples: readonly MachineSample[]): MachineSample {
  const rates = Object.fromEntries(RATES.map((name) => [name, mean(samples.map((sample) => sample[name]))]))
  return { ...samples.at(-1)!, ...rates }
}

function mean(values: readonly (number | null)[]): number | null {
  const told = values.filter((value) => value !== null)
  if (told.length === 0) return null
  return Number((told.reduce((sum, value) => sum + value, 0) / told.length).toFixed(4))
}

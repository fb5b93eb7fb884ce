/** A stretch of time, half-open, epoch ms. */
export interface Stretch {
  readonly from: number
  readonly to: number
}

/** The same times, in order, no two of them touching. */
export function joined(stretches: readonly Stretch[]): Stretch[] {
  const result: Stretch[] = []
  for (const { from, to } of stretches.toSorted((a, b) => a.from - b.from)) {
    const last = result.at(-1)
    if (last !== undefined && from <= last.to)
      result[result.length - 1] = { from: last.from, to: Math.max(last.to, to) }
    else result.push({ from, to })
  }
  return result
}

/** What of a stretch lies in none of the others. */
export function without({ from, to }: Stretch, others: readonly Stretch[]): Stretch[] {
  const rest: Stretch[] = []
  let at = from
  for (const other of joined(others)) {
    if (other.to <= at) continue
    if (other.from >= to) break
    if (other.from > at) rest.push({ from: at, to: other.from })
    at = other.to
  }
  if (at < to) rest.push({ from: at, to })
  return rest
}

/** What of a stretch lies within another; null for nothing. */
export function within(stretch: Stretch, other: Stretch): Stretch | null {
  const [from, to] = [Math.max(stretch.from, other.from), Math.min(stretch.to, other.to)]
  return from < to ? { from, to } : null
}

/** How a measure went on over a run: its trend without the outliers. */
export interface Trend {
  readonly first: number
  readonly last: number
  readonly least: number
  readonly most: number
  /** What it grew by from the first to the last sample, by the median of the slopes between all pairs (Theil and Sen). */
  readonly growth: number
}

/** @param values samples at equal distances, at least two */
export function trendOf(values: readonly number[]): Trend {
  const slopes: number[] = []
  for (let i = 0; i < values.length; i++)
    for (let j = i + 1; j < values.length; j++) slopes.push((values[j]! - values[i]!) / (j - i))
  slopes.sort((a, b) => a - b)
  const middle = slopes.length >> 1
  const slope = slopes.length % 2 === 1 ? slopes[middle]! : (slopes[middle - 1]! + slopes[middle]!) / 2
  return {
    first: values[0]!,
    last: values.at(-1)!,
    least: Math.min(...values),
    most: Math.max(...values),
    growth: slope * (values.length - 1),
  }
}

import { numberOf, type Played, START, type Trade } from './tape.ts'

/** Two trades alike this near stand for each other, ms. */
const NEAR = 1_000

export interface Run {
  trades: readonly Trade[]
  played: Played
  /** The vendors' clocks, by source. */
  clocks: Record<string, (time: number) => number>
}

/** By number: neither given nor in a row of its symbol, by the clock of the row's source; given twice. */
export function faults({ trades, played, clocks }: Run, until: number) {
  const given = new Set<number>()
  let twice: number[] = []
  for (const number of played.ticks.map(numberOf)) {
    if (given.has(number)) twice.push(number)
    given.add(number)
  }
  const isListed = ({ symbol, time }: Trade): boolean =>
    played.gaps.some((gap) => {
      const at = clocks[gap.source]!(time)
      return gap.symbol === symbol && gap.filled_by === null && gap.from <= at && at <= gap.to
    })
  // what is still on its way at the end is no loss
  const left = trades.filter(({ number, time }) => time < START + until && !given.has(number))
  twice = twice.filter((number) => {
    const place = left.findIndex((trade) => areAlike(trade, trades[number]!))
    if (place !== -1) left.splice(place, 1)
    return place === -1
  })
  return { missing: left.filter((trade) => !isListed(trade)).map(({ number }) => number), twice }
}

function areAlike(a: Trade, b: Trade): boolean {
  return a.symbol === b.symbol && a.price === b.price && a.volume === b.volume && Math.abs(a.time - b.time) < NEAR
}

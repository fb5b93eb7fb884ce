import type { Tick } from '../market/event.ts'
import { formatLocal } from '../market/time.ts'

/**
 * Push of the tutorial's dialect: numbers as JSON numbers, local time without a zone, and 0 where there is no quote or
 * volume, since its clients read every field.
 */
export function tutorialPush(tick: Tick): string {
  return (
    `{"symbol":"${tick.symbol}","timestamp":"${local(tick.timestamp)}","last_price":${tick.last_price},` +
    `"volume":${tick.volume ?? 0},"bid_price":${tick.bid_price ?? 0},"ask_price":${tick.ask_price ?? 0},` +
    `"bid_size":${tick.bid_size ?? 0},"ask_size":${tick.ask_size ?? 0}}`
  )
}

let lastTime = Number.NaN
let lastText = ''

function local(time: number): string {
  if (time !== lastTime) {
    lastText = formatLocal(time)
    lastTime = time
  }
  return lastText
}

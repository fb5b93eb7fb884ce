import type { Kline } from '../market/kline.ts'
import type { Sessions } from '../market/session.ts'
import { dayNumber } from '../market/time.ts'

/**
 * The previous close by the two newest daily bars, oldest first: the older one's, the newer one being today's; on a
 * trading day on which the symbol has no bar yet (`now`, epoch ms), the newest one's. Undefined where no bar tells it.
 */
export function previousClose(bars: readonly Kline[], now: number, sessions: Sessions): number | undefined {
  const [older, newest] = bars.length < 2 ? [undefined, bars[0]] : [bars.at(-2)!, bars.at(-1)!]
  const isBefore = newest !== undefined && dayNumber(newest.time) < dayNumber(now) && sessions.day(now) !== null
  return (isBefore ? newest : older)?.close
}

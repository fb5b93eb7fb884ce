import type { Clock } from '../clock.ts'
import type { Gap } from '../market/event.ts'
import { MINUTE } from '../market/time.ts'
import type { Store } from '../storage/store.ts'
import { type Beginning, minutesIn } from './beginning.ts'
import type { Desk } from './desk.ts'

/** How often a store is looked at, ms: a recorder fills a hole some seconds after it. */
const LOOK_EVERY = 10_000

/**
 * Brings a vendor's minutes to the desk when they fill holes of a store, until `signal` aborts. What was filled before
 * the seam was read with it.
 */
export async function bringFills(
  desk: Desk,
  store: Pick<Store, 'gaps' | 'minutes'>,
  symbols: readonly string[] | undefined,
  { seam, day }: Beginning,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<void> {
  const query = { ...(symbols && { symbols }), ...(Number.isFinite(day) && { since: day }) }
  const known = new Set<string>()
  const look = async (isFirst: boolean): Promise<void> => {
    for (const gap of await store.gaps(query)) {
      if (gap.filled_by !== 'backfill' || known.has(keyOf(gap))) continue
      if (!isFirst || gap.to >= seam) await bring(desk, store, gap)
      known.add(keyOf(gap))
    }
  }
  for (let isFirst = true; !signal.aborted; ) {
    // A store that is away for now is looked at again: what it holds is shown all the same.
    isFirst = await look(isFirst).then(
      () => false,
      () => isFirst,
    )
    await clock.sleep(LOOK_EVERY, signal)
  }
}

async function bring(desk: Desk, store: Pick<Store, 'minutes'>, gap: Gap): Promise<void> {
  const span = { since: Math.floor(gap.from / MINUTE) * MINUTE, until: gap.to + 1 }
  for (const symbol of gap.symbol === null ? desk.sheets.keys() : [gap.symbol]) {
    const minutes = (await minutesIn(store, symbol, span)).filter(({ origin }) => origin === 'backfill')
    desk.change(symbol, (sheet, version) => sheet.fill(minutes, version))
  }
  desk.mark([gap])
}

function keyOf({ symbol, source, from, to }: Gap): string {
  return `${symbol} ${source} ${from} ${to}`
}

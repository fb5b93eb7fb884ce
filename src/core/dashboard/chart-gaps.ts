import type { Bucket } from '../bars/bucket.ts'
import { type Gap, lacksTrades } from '../market/event.ts'
import { MINUTE } from '../market/time.ts'
import type { ChartGap } from './protocol.ts'

/** Holes that are kept of a symbol. */
const MOST = 500

interface Entry {
  gap: ChartGap
  version: number
}

/** The newest holes of one symbol, each with the version at which it became known or was filled. */
export class ChartGaps {
  #entries: Entry[] = []

  add({ from, to, cause, filled_by }: Gap, version: number): void {
    const known = this.#entries.find(({ gap }) => gap.from === from && gap.to === to && gap.cause === cause)
    if (known === undefined) this.#entries.push({ gap: { from, to, cause, filled_by }, version })
    else if (known.gap.filled_by !== filled_by) Object.assign(known, { gap: { from, to, cause, filled_by }, version })
    if (this.#entries.length > MOST) this.#entries.shift()
  }

  /** Those that became known, or were filled, after `version`, by `from`. */
  since(version: number): ChartGap[] {
    return inOrder(this.#entries.filter((entry) => entry.version > version).map(({ gap }) => gap))
  }

  /** Those that meet [from, to), epoch ms, by `from`. */
  within(from: number, to: number): ChartGap[] {
    return inOrder(this.#entries.map(({ gap }) => gap).filter((gap) => gap.to >= from && gap.from < to))
  }

  /** Whether trades of a bar of this length may be missing: a vendor's minutes fill bars of whole minutes. */
  cross(bucket: Bucket, length: number): boolean {
    return this.#entries.some(({ gap }) => crosses(gap, bucket) && isOpenFor(gap, length))
  }
}

/** Both ends of a gap are inclusive. */
export function crosses(gap: ChartGap, { from, to }: Bucket): boolean {
  return gap.from < to && gap.to >= from
}

function isOpenFor(gap: ChartGap, length: number): boolean {
  return length < MINUTE ? lacksTrades(gap) : gap.filled_by === null
}

function inOrder(gaps: ChartGap[]): ChartGap[] {
  return gaps.sort((a, b) => a.from - b.from)
}

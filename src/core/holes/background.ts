import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Gap } from '../market/event.ts'
import { MINUTE } from '../market/time.ts'
import { openHoles, type Refill, refill } from './backfill.ts'
import { bucketsIn } from './vendor-minutes.ts'

/** How often it is looked whether a hole's last minute is over, ms. */
const LOOK = 1_000
/** Waits before a symbol is asked for again, ms: after the first failure, and the longest. */
const AGAIN = MINUTE
const LONGEST = 10 * MINUTE
/** Holes of one symbol that are kept in mind, the newest: a vendor that never answers must not fill the memory. */
const MOST = 1_000
/** How long after its end a vendor may still write at a bar, ms. */
const WRITTEN = 5_000

export interface BackgroundOptions extends Refill {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Told of each hole that has been filled. */
  readonly onFilled: (gap: Gap) => void
  /** Told of what stays unfilled, a line each; of a vendor that does not answer once until it does. */
  readonly onTrouble: (line: string) => void
}

/** The holes of one symbol. */
interface Waiting {
  gaps: Gap[]
  /** Monotonic time before which it is not asked for again. */
  notBefore: number
  wait: number
  /** Whether older ones were let go. */
  isCut: boolean
}

/**
 * Fills the holes of a recording beside it, one question at a time, as soon as the last minute of each is over. Whatever
 * happens, the recording does not notice: what fails is tried again more and more seldom, what is left when the signal
 * aborts stays a hole.
 */
export class BackgroundRefill {
  readonly #options: BackgroundOptions
  readonly #waiting = new Map<string, Waiting>()
  /** Holes of earlier runs: that they stay is no news. */
  readonly #old = new WeakSet<Gap>()
  #isTold = false

  constructor(options: BackgroundOptions) {
    this.#options = { ...options, now: () => options.now() - WRITTEN }
  }

  /** Takes holes that earlier runs left. */
  resume(gaps: readonly Gap[]): void {
    for (const gap of gaps) this.#old.add(gap)
    this.add(gaps)
  }

  /** Takes committed holes; those that are none, are filled or concern all symbols at once are passed over. */
  add(gaps: readonly Gap[]): void {
    for (const gap of openHoles(gaps, this.#options.sessions)) {
      if (gap.symbol === null) continue
      const waiting = this.#waiting.get(gap.symbol) ?? { gaps: [], notBefore: 0, wait: AGAIN, isCut: false }
      this.#waiting.set(gap.symbol, waiting)
      waiting.gaps.push(gap)
      if (waiting.gaps.length > MOST) this.#cut(gap.symbol, waiting)
    }
  }

  /** The oldest half is left to others: its rows are in the store. */
  #cut(symbol: string, waiting: Waiting): void {
    const left = waiting.gaps.splice(0, waiting.gaps.length - MOST / 2)
    if (waiting.isCut || left.every((gap) => this.#old.has(gap))) return
    waiting.isCut = true
    this.#options.onTrouble(`too many holes of ${symbol} wait: hkq verify --backfill fills the older ones`)
  }

  /** Works until the signal aborts. Never rejects. */
  async run(): Promise<void> {
    const { clock, signal } = this.#options
    while (!signal.aborted) {
      const due = this.#due()
      if (due === null) await clock.sleep(LOOK, signal)
      else await this.#refill(...due)
    }
  }

  /** A symbol that may be asked for, and its holes that are over. */
  #due(): [symbol: string, gaps: Gap[], waiting: Waiting] | null {
    const { clock, sessions, now } = this.#options
    const [monotonic, present] = [clock.monotonic(), now()]
    for (const [symbol, waiting] of this.#waiting) {
      if (waiting.notBefore > monotonic) continue
      const over = waiting.gaps.filter(
        ({ from, to }) => (bucketsIn(from, to, sessions).at(-1)?.settled ?? 0) <= present,
      )
      if (over.length > 0) return [symbol, over, waiting]
    }
    return null
  }

  async #refill(symbol: string, gaps: readonly Gap[], waiting: Waiting): Promise<void> {
    const { clock, signal, onFilled, onTrouble } = this.#options
    try {
      const { filled, refused } = await refill(symbol, gaps, this.#options)
      this.#isTold = false
      for (const gap of filled) onFilled(gap)
      const final = refused.filter(({ later }) => !later)
      const news = final.filter(({ gap }) => !this.#old.has(gap))
      if (news.length > 0) onTrouble(`${holes(news.length)} of ${symbol} cannot be filled: ${news[0]!.reason}`)
      const done = new Set([...filled, ...final.map(({ gap }) => gap)])
      waiting.gaps = waiting.gaps.filter((gap) => !done.has(gap))
    } catch (error) {
      if (signal.aborted) return
      if (!this.#isTold) onTrouble(`holes stay for now: ${messageOf(error)}`)
      this.#isTold = true
    }
    // the next symbol has its turn first
    this.#waiting.delete(symbol)
    if (waiting.gaps.length === 0) return
    this.#waiting.set(symbol, waiting)
    if (gaps.some((gap) => waiting.gaps.includes(gap))) {
      waiting.notBefore = clock.monotonic() + waiting.wait
      waiting.wait = Math.min(2 * waiting.wait, LONGEST)
    }
  }
}

function holes(count: number): string {
  return count === 1 ? '1 hole' : `${count} holes`
}

import { GapTracker, type Reached } from '../connection/gaps.ts'
import { type Batches, type Coverage, isAstray, type MarketEvent, type Tick } from '../market/event.ts'
import type { Sessions } from '../market/session.ts'
import { Distinct, distinct } from '../pipeline/distinct.ts'
import type { Store } from '../storage/store.ts'
import { newestStored, OVERLAP } from './history.ts'

/** A live source and the store that holds what came before it. */
export interface Join {
  readonly store: Store
  /** Name of the live source, and what it delivers; begun, so that it connects while history is read. */
  readonly source: string
  readonly live: Batches
  readonly symbols: readonly string[]
  /** What is stored before this (epoch ms) has been read; -Infinity for nothing. */
  readonly since: number
  readonly sessions: Sessions
  /** Local time, epoch ms. */
  readonly now: () => number
  /** Called when history has been read. */
  readonly onCaughtUp: () => void
}

/**
 * Ticks and gaps of a store, then a live source, as one stream: what both have counts once, what a recorder stored while
 * the source connected is read too, and what of a session neither has is a gap before the first live trade of its symbol.
 */
export async function* joined(join: Join): AsyncGenerator<readonly MarketEvent[]> {
  const { store, symbols, since, live, now, onCaughtUp } = join
  const read = (asked: { symbols: readonly string[]; since: number; until?: number }) =>
    store.read({ ...asked, types: ['tick', 'gap'] })
  const seen = new Distinct()
  const seam = new Seam(join)
  yield await seam.coverage()
  // A quiet symbol's last trades, which its vendor gives again, have been read long ago.
  for (const symbol of symbols) {
    const newest = await newestStored(store, [symbol])
    if (newest >= since) continue
    for await (const batch of read({ symbols: [symbol], since: newest - OVERLAP, until: since })) seen.take(batch)
  }
  yield* distinct(read({ symbols, since }), seen)
  onCaughtUp()
  for await (const batch of live) {
    const joining = await seam.joining(batch, now())
    for (const symbol of joining) {
      yield* distinct(read({ symbols: [symbol], since: seen.newest(symbol) ?? since }), seen)
    }
    const fresh = seen.take(await seam.closed(batch, joining))
    if (fresh.length > 0) yield fresh
  }
}

/** Where stored history ends and live trades begin, symbol by symbol. */
class Seam {
  readonly #join: Join
  readonly #joined = new Set<string>()
  /** Local time from which the source was listened to. */
  #upAt: number | null = null

  constructor(join: Join) {
    this.#join = join
  }

  /** How far the store's symbols were heard: a limit, since nothing later is known of them before they are joined. */
  async coverage(): Promise<MarketEvent[]> {
    return [...(await reachOf(this.#join.store))].map(([symbol, { timestamp, covered_until }]) => ({
      ...{ type: 'coverage', source: this.#join.source, symbol: null, symbols: [symbol] },
      timestamp: Math.max(timestamp ?? 0, covered_until ?? 0),
    }))
  }

  /** Symbols that this batch joins: by their first live trade, or since a recorder heard them until the source was up. */
  async joining(batch: readonly MarketEvent[], now: number): Promise<ReadonlySet<string>> {
    const joining = new Set<string>()
    for (const event of batch) {
      if (event.type === 'status' && event.state === 'up') this.#upAt = event.timestamp
      else if (this.#isFirst(event)) joining.add(event.symbol)
      else if (event.type === 'coverage') for (const symbol of await this.#heard(event.symbols)) joining.add(symbol)
    }
    if (joining.size > 0) this.#upAt ??= now
    return joining
  }

  /**
   * The batch with the hole before the first live trade of each symbol, in place of the late start that the feed saw, and
   * without its coverage of symbols whose hole is not known yet.
   * @param joining what `joining` has said of this batch
   */
  async closed(batch: readonly MarketEvent[], joining: ReadonlySet<string>): Promise<readonly MarketEvent[]> {
    const closed: MarketEvent[] = []
    for (const event of batch) {
      if (event.type === 'gap' && event.cause === 'late_start') continue
      if (event.type === 'coverage') closed.push(...this.#known(event, joining))
      else if (this.#isFirst(event)) {
        this.#joined.add(event.symbol)
        closed.push(...(await this.#marked(event)))
      } else closed.push(event)
    }
    for (const symbol of joining) this.#joined.add(symbol)
    return closed
  }

  #isFirst(event: MarketEvent): event is Tick {
    return event.type === 'tick' && !this.#joined.has(event.symbol) && !isAstray(event)
  }

  async #heard(symbols: readonly string[]): Promise<readonly string[]> {
    const apart = symbols.filter((symbol) => !this.#joined.has(symbol))
    if (apart.length === 0 || this.#upAt === null) return []
    const reached = await reachOf(this.#join.store)
    return apart.filter((symbol) => (reached.get(symbol)?.covered_until ?? Number.NEGATIVE_INFINITY) >= this.#upAt!)
  }

  #known(event: Coverage, joining: ReadonlySet<string>): readonly Coverage[] {
    const symbols = event.symbols.filter((symbol) => this.#joined.has(symbol) || joining.has(symbol))
    return symbols.length === 0 ? [] : [{ ...event, symbols }]
  }

  async #marked(tick: Tick): Promise<MarketEvent[]> {
    const { store, source, sessions } = this.#join
    const reached = (await reachOf(store)).get(tick.symbol)
    const tracker = new GapTracker(source, sessions, reached ? [reached] : [])
    tracker.watch([tick.symbol], this.#upAt!)
    tracker.up(this.#upAt!)
    return tracker.mark([tick])
  }
}

/** How far the history of each symbol reaches, whatever source it came from. */
async function reachOf(store: Store): Promise<Map<string, Reached>> {
  const reached = new Map<string, Reached>()
  for (const { symbol, timestamp, seq, covered_until } of await store.checkpoints()) {
    const other = reached.get(symbol)
    const newer = (timestamp ?? -1) >= (other?.timestamp ?? -1) ? { timestamp, seq } : other!
    const covered = Math.max(covered_until ?? -Infinity, other?.covered_until ?? -Infinity)
    reached.set(symbol, {
      ...{ symbol, timestamp: newer.timestamp, seq: newer.seq },
      covered_until: covered === -Infinity ? null : covered,
    })
  }
  return reached
}

import type { Summary } from '../../bars/summary.ts'
import { byTimeAndSeq, type Gap, type MarketEvent, type Quote, type Rejected, type Tick } from '../../market/event.ts'
import { place } from '../../market/place.ts'
import type { Written } from '../../pipeline/source.ts'
import { unstorable, withoutMinutes } from '../sorted.ts'
import { CheckpointKeeper } from './checkpoints.ts'
import { MinuteKeeper, ofSymbol } from './minutes.ts'
import {
  BOOK,
  bookMark,
  gapIdentity,
  gapLine,
  HOLE,
  quoteLine,
  REJECT,
  rejectIdentity,
  rejectLine,
  rejectTime,
} from './records.ts'
import { type Kind, Shelf, type Slots } from './shelf.ts'
import { identityOf, isStorable, isStorableKey, markOf, TRADE, tickLine } from './ticks.ts'
import { send, settle } from './unsure.ts'
import type { Wire } from './wire.ts'

/** Points sent at once: well below the largest body that a server takes. */
const MOST = 5_000

/** What a write is made of, in the order it is sent. */
interface Parts {
  /** Which minutes are about to change. */
  readonly doubts: string[]
  /** Ticks and all else. */
  readonly records: string[]
  readonly minutes: string[]
}

/**
 * Stores events without a transaction, in an order that leaves nothing a second sending does not mend: the minutes that are
 * about to change are named, then ticks and all else are stored, then minutes and checkpoints. One write at a time.
 */
export class Writer {
  readonly #wire: Wire
  readonly #now: () => number
  readonly #shelves = new Map<string, Shelf>()
  readonly #minutes: MinuteKeeper
  readonly #checkpoints: CheckpointKeeper

  /** @param now wall clock, epoch ms */
  constructor(wire: Wire, now: () => number) {
    this.#wire = wire
    this.#now = now
    this.#minutes = new MinuteKeeper(wire)
    this.#checkpoints = new CheckpointKeeper(wire)
  }

  /** @throws HkqError E_STORAGE; TypeError for an event that is none, and then nothing is stored */
  async write(batch: readonly MarketEvent[]): Promise<Written> {
    const parts: Parts = { doubts: [], records: [], minutes: [] }
    const { ticks, quotes, received, others } = sorted(batch)
    try {
      await settle(this.#wire)
      await this.#checkpoints.open()
      let stored = 0
      for (const [symbol, list] of ticks) stored += await this.#ticks(symbol, list, parts)
      for (const [symbol, list] of quotes) await this.#quotes(symbol, list, parts)
      for (const event of others) await this.#other(event, parts)
      await this.#send(parts.doubts)
      await this.#send(parts.records)
      await this.#send([...parts.minutes, ...this.#checkpoints.lines()])
      return { stored, duplicates: received - stored }
    } catch (error) {
      this.#forget()
      throw error
    }
  }

  /** Puts a vendor's whole minutes in the place of those stored, then marks the gaps as filled. */
  async fill(minutes: readonly Summary[], gaps: readonly Gap[]): Promise<void> {
    try {
      await settle(this.#wire)
      const lines: string[] = []
      const marks: string[] = []
      for (const [symbol, list] of bySymbol(minutes)) lines.push(...(await this.#minutes.replace(symbol, list)))
      for (const gap of gaps) await this.#gap({ ...gap, filled_by: 'backfill' }, marks)
      await this.#send(lines)
      await this.#send(marks)
    } catch (error) {
      this.#forget()
      throw error
    }
  }

  /** The last call: no minute that was stored is in doubt. @throws HkqError E_STORAGE */
  async end(): Promise<void> {
    await this.#send(this.#minutes.settled())
  }

  async #ticks(symbol: string, list: readonly Tick[], parts: Parts): Promise<number> {
    const shelf = this.#shelf(TRADE, symbol)
    await shelf.recall(list.map(({ timestamp }) => timestamp))
    const fresh: Tick[] = []
    const now = this.#now()
    for (const tick of inOrder(list)) {
      const { seq, slot } = placed(shelf.at(tick.timestamp), tick, markOf(tick))
      this.#checkpoints.reached(tick, seq, now)
      if (slot === null) continue
      parts.records.push(tickLine(tick, seq, slot))
      fresh.push(seq === tick.seq ? tick : { ...tick, seq })
    }
    if (fresh.length === 0) return 0
    const { doubts, minutes } = await this.#minutes.add(symbol, fresh)
    parts.doubts.push(...doubts)
    parts.minutes.push(...minutes)
    return fresh.length
  }

  async #quotes(symbol: string, list: readonly Quote[], { records }: Parts): Promise<void> {
    const shelf = this.#shelf(BOOK, symbol)
    await shelf.recall(list.map(({ timestamp }) => timestamp))
    for (const quote of list) {
      const { seq, slot } = placed(shelf.at(quote.timestamp), quote, bookMark(quote))
      if (slot !== null) records.push(quoteLine(quote, seq, slot))
    }
  }

  async #other(event: MarketEvent, { records }: Parts): Promise<void> {
    if (event.type === 'gap') await this.#gap(withoutMinutes(event), records)
    else if (event.type === 'rejected') await this.#rejected(event, records)
    else if (event.type === 'coverage') this.#checkpoints.heard(event, this.#now())
  }

  async #gap(gap: Gap, records: string[]): Promise<void> {
    const shelf = this.#shelf(HOLE, gap.symbol ?? '')
    const from = Math.round(gap.from)
    await shelf.recall([from])
    const identity = gapIdentity(gap)
    const slots = shelf.at(from)
    records.push(gapLine(gap, slots.slot(identity) ?? slots.take(identity, '')))
  }

  async #rejected(record: Rejected, records: string[]): Promise<void> {
    const shelf = this.#shelf(REJECT, record.symbol ?? '')
    const time = rejectTime(record)
    await shelf.recall([time])
    const identity = rejectIdentity(record)
    const slots = shelf.at(time)
    if (slots.slot(identity) === undefined) records.push(rejectLine(record, slots.take(identity, '')))
  }

  #shelf(kind: Kind, symbol: string): Shelf {
    const name = `${kind.measurement} ${symbol}`
    let shelf = this.#shelves.get(name)
    if (!shelf) {
      shelf = new Shelf(this.#wire, kind, ofSymbol(symbol))
      this.#shelves.set(name, shelf)
    }
    return shelf
  }

  async #send(lines: readonly string[]): Promise<void> {
    for (let i = 0; i < lines.length; i += MOST) await send(this.#wire, lines.slice(i, i + MOST))
  }

  #forget(): void {
    this.#shelves.clear()
    this.#minutes.forget()
    this.#checkpoints.forget()
  }
}

/** The number and the slot a record is stored under; slot null where it was there already. */
function placed(slots: Slots, { seq, source }: Tick | Quote, mark: string) {
  let found = seq
  let slot: number | null = null
  place(
    seq,
    (next) => {
      found = next
      const identity = identityOf(next, source)
      if (slots.slot(identity) !== undefined) return false
      slot = slots.take(identity, mark)
      return true
    },
    (next) => slots.mark(identityOf(next, source)) === mark,
  )
  return { seq: found, slot: slot as number | null }
}

interface Sorted {
  readonly ticks: Map<string, Tick[]>
  readonly quotes: Map<string, Quote[]>
  readonly received: number
  readonly others: MarketEvent[]
}

/** Ticks and quotes by symbol, and all else; what cannot be stored turns into a rejected record. */
function sorted(batch: readonly MarketEvent[]): Sorted {
  const ticks = new Map<string, Tick[]>()
  const quotes = new Map<string, Quote[]>()
  const others: MarketEvent[] = []
  let received = 0
  for (const event of batch) {
    if (event.type === 'tick' && isStorable(event)) {
      received++
      append(ticks, event)
    } else if (event.type === 'quote' && isStorableKey(event)) append(quotes, event)
    else others.push(event.type === 'tick' || event.type === 'quote' ? unstorable(event) : event)
  }
  return { ticks, quotes, received, others }
}

function append<E extends { symbol: string }>(lists: Map<string, E[]>, one: E): void {
  const list = lists.get(one.symbol)
  if (list) list.push(one)
  else lists.set(one.symbol, [one])
}

function bySymbol<E extends { symbol: string }>(all: readonly E[]): Map<string, E[]> {
  const lists = new Map<string, E[]>()
  for (const one of all) append(lists, one)
  return lists
}

/** Ticks of one symbol by time and number; as they came when they came in order. */
function inOrder(ticks: readonly Tick[]): readonly Tick[] {
  for (let i = 1; i < ticks.length; i++)
    if (byTimeAndSeq(ticks[i - 1]!, ticks[i]!) > 0) return ticks.toSorted(byTimeAndSeq)
  return ticks
}

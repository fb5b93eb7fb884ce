import { HkqError } from '../errors.ts'
import type { Reply, Request, Vendor } from './vendor.ts'

type Refused = Extract<Reply, { type: 'refused' }>

/** What one kind of request (trades, quotes) has reached. */
interface Work {
  readonly kind: string
  readonly all: readonly string[]
  /** Symbols known to be accepted together. */
  good: readonly string[]
  /** Groups still to be tried, next first. One group of everything until something is refused. */
  groups: (readonly string[])[]
  /** The request sent last and what it added to `good`. */
  sent: { readonly request: Request; readonly group: readonly string[]; answered: boolean } | null
  /** Whether a refusal made us look for the bad codes. */
  searching: boolean
}

/** What a refusal means to people: the symbol that is dropped, null when the vendor contradicts itself. */
export interface Dropped {
  readonly symbol: string | null
  readonly detail: string
}

/**
 * What to ask of the vendor, as a state machine without I/O: the full set once per connection, and when the vendor
 * refuses a list, the bad codes are found by halving it. Every probe asks for what is known to be good plus the group
 * in question, so that data keeps flowing, and the last request is the full good set. A symbol is dropped only when it
 * was refused alone; that is remembered over reconnects. Kinds come in order of importance: what the first one refuses
 * is not asked of the others. Where a request adds to the one before, what is no longer wanted is cancelled first.
 */
export class Subscription {
  readonly #vendor: Pick<Vendor, 'name' | 'subscribe' | 'cancel'>
  readonly #depth: number
  readonly #refused = new Map<string, Set<string>>()
  #symbols: readonly string[]
  #works: Work[] = []
  /** Symbols that this connection was asked for, and requests for some of them to be taken away. */
  readonly #asked = new Set<string>()
  #cancels: Request[] = []

  constructor(vendor: Pick<Vendor, 'name' | 'subscribe' | 'cancel'>, symbols: readonly string[], depth: number) {
    this.#vendor = vendor
    this.#depth = depth
    this.#symbols = symbols
    this.#plan()
  }

  /** Symbols asked for and not dropped. */
  get active(): readonly string[] {
    const first = this.#works[0]?.kind
    return first === undefined ? this.#symbols : this.#wanted(first, this.#symbols)
  }

  /** Whether there may be something to send now. */
  get hasNext(): boolean {
    if (this.#cancels.length > 0 || this.#leftovers().length > 0) return true
    for (const { sent, searching, groups } of this.#works) {
      const isWaiting = sent?.answered === false
      if (isWaiting && searching) return false
      if (!isWaiting && (searching || groups.length > 0)) return true
    }
    return false
  }

  /** Another set of symbols from now on. */
  replace(symbols: readonly string[]): void {
    this.#symbols = symbols
    this.#plan()
  }

  /** A new connection knows nothing: everything is asked again; a search goes on where it was. */
  reconnected(): void {
    this.#asked.clear()
    this.#cancels = []
    for (const work of this.#works) {
      if (!work.searching) {
        work.good = []
        work.groups = [work.all]
      } else if (work.sent?.answered === false) work.groups.unshift(work.sent.group)
      work.sent = null
    }
  }

  /** The request to send next, from now on considered sent; undefined while there is nothing to send. */
  next(): Request | undefined {
    const cancel = this.#cancel()
    if (cancel !== undefined) return cancel
    for (const work of this.#works) {
      if (work.sent?.answered === false) {
        if (work.searching) return undefined
        continue
      }
      const request = this.#probe(work)
      if (request !== undefined) return request
    }
    return undefined
  }

  /** No answer came in time: a vendor that streams without acknowledging is taken at its word. */
  expired(request: Request): void {
    const work = this.#works.find(({ sent }) => sent?.request === request)
    if (work?.sent?.answered === false) accept(work)
  }

  accepted(id: number | null, kind: string | null): void {
    const work = this.#find(id, kind)
    if (work?.sent?.answered === false) accept(work)
  }

  /** The vendor wants it slower: the request is sent again. */
  postponed(id: number | null, kind: string | null): void {
    const work = this.#find(id, kind)
    if (work?.sent?.answered !== false) return
    work.groups.unshift(work.sent.group)
    work.sent = null
  }

  /**
   * The vendor refused a list because of a symbol in it.
   * @returns the symbol when it stood alone and is dropped
   * @throws HkqError E_SYMBOL when no symbol is left
   */
  refused({ id, kind, code, message }: Refused): Dropped | undefined {
    const work = this.#find(id, kind) ?? (id === null && kind === null ? this.#latest() : undefined)
    if (!work?.sent) return undefined
    const { group, answered } = work.sent
    const words = `${code} "${message}"`
    if (group.length === 0) {
      if (!answered) accept(work)
      return { symbol: null, detail: `${this.#vendor.name} refuses symbols it accepted before: ${words}` }
    }
    if (answered) work.good = work.good.filter((symbol) => !group.includes(symbol))
    work.sent = null
    work.searching = true
    if (group.length === 1) return this.#drop(work.kind, group[0]!, words)
    const left = this.#wanted(work.kind, group)
    const half = group.length >> 1
    work.groups.unshift(...(left.length < group.length ? [left] : [group.slice(0, half), group.slice(half)]))
    return undefined
  }

  #drop(kind: string, symbol: string, words: string): Dropped {
    const refused = this.#refused.get(kind) ?? new Set()
    this.#refused.set(kind, refused.add(symbol))
    if (this.active.length === 0) {
      const few = this.#symbols.slice(0, 5).join(' ')
      throw new HkqError(
        'E_SYMBOL',
        `${this.#vendor.name} refuses every symbol: ${words} for "${few}": check the codes and what the plan covers`,
      )
    }
    const what = kind === this.#works[0]!.kind ? symbol : `${kind} of ${symbol}`
    return { symbol, detail: `${what} dropped: ${this.#vendor.name} refused it with ${words}` }
  }

  /** The next group added to what is good; at the end of a search that a refusal ended, what is good alone. */
  #probe(work: Work): Request | undefined {
    while (work.groups.length > 0) {
      const group = this.#wanted(work.kind, work.groups.shift()!)
      const request = group.length > 0 ? this.#send(work, group) : undefined
      if (request !== undefined) return request
    }
    const last = work.searching ? this.#send(work, []) : undefined
    if (last === undefined) work.searching = false
    return last
  }

  #send(work: Work, group: readonly string[]): Request | undefined {
    const wanted = this.#wanted(work.kind, [...work.good, ...group])
    if (wanted.length === 0) return undefined
    const requests = this.#vendor.subscribe(wanted, { depth: this.#depth })
    const request = requests.find(({ kind }) => kind === work.kind)
    if (request === undefined) return undefined
    work.sent = { request, group, answered: false }
    for (const symbol of wanted) this.#asked.add(symbol)
    return request
  }

  #cancel(): Request | undefined {
    const left = this.#leftovers()
    if (left.length > 0) this.#cancels.push(...this.#vendor.cancel!(left))
    for (const symbol of left) this.#asked.delete(symbol)
    return this.#cancels.shift()
  }

  /** Symbols that a vendor who only adds goes on sending though nobody wants them any more. */
  #leftovers(): string[] {
    if (this.#vendor.cancel === undefined) return []
    const wanted = new Set(this.#symbols)
    return [...this.#asked].filter((symbol) => !wanted.has(symbol))
  }

  #plan(): void {
    const requests = this.#symbols.length === 0 ? [] : this.#vendor.subscribe(this.#symbols, { depth: this.#depth })
    this.#works = requests.map(({ kind, symbols }) => {
      return { kind, all: symbols, good: [], groups: [symbols], sent: null, searching: false }
    })
  }

  #wanted(kind: string, symbols: readonly string[]): readonly string[] {
    const lists = [this.#refused.get(this.#works[0]!.kind), this.#refused.get(kind)]
    return symbols.filter((symbol) => !lists.some((refused) => refused?.has(symbol)))
  }

  /** The work an answer belongs to: by id, else by kind, else the request that has waited longest. */
  #find(id: number | null, kind: string | null): Work | undefined {
    if (id !== null) return this.#works.find(({ sent }) => sent?.request.id === id)
    if (kind !== null) return this.#works.find((work) => work.kind === kind)
    return this.#works.find(({ sent }) => sent?.answered === false)
  }

  #latest(): Work | undefined {
    return this.#works.findLast(({ sent }) => sent !== null)
  }
}

function accept(work: Work): void {
  work.sent!.answered = true
  work.good = [...work.good, ...work.sent!.group]
  if (work.groups.length === 0) work.searching = false
}

import type { Clock } from '../clock.ts'

/** How long what nobody asks for any more is still brought, ms: whoever has lost the connection is back within seconds. */
const KEPT_MS = 60_000

export interface WantedOptions {
  readonly clock: Pick<Clock, 'monotonic'>
  /** Asks the source for exactly these; undefined where it brings the same whoever wants it. @throws where they are too many */
  readonly onWanted: ((symbols: ReadonlySet<string>) => void) | undefined
  /** Told why the source cannot bring what clients ask for. */
  readonly onRefused: (error: unknown) => void
  /** Told of each symbol that the source is not asked for any more. */
  readonly onDropped: (symbol: string) => void
}

/**
 * What a source that follows its clients is asked for: what they want, and for a minute what the last of them has left, so
 * that one who comes back has missed nothing. Where that is more than the source carries, what was left gives way at once.
 */
export class Wanted {
  readonly #options: WantedOptions
  #asked: ReadonlySet<string> = new Set()
  /** Symbols that the last client has left, with the monotonic time of that. */
  readonly #left = new Map<string, number>()
  #told: ReadonlySet<string> = new Set()

  constructor(options: WantedOptions) {
    this.#options = options
  }

  /** What clients want now. */
  get asked(): ReadonlySet<string> {
    return this.#asked
  }

  /** Clients want exactly these from now on. */
  replace(symbols: ReadonlySet<string>): void {
    const now = this.#options.clock.monotonic()
    for (const symbol of this.#asked) if (!symbols.has(symbol)) this.#left.set(symbol, now)
    for (const symbol of symbols) this.#left.delete(symbol)
    this.#asked = symbols
    this.#tell()
  }

  /** Lets go of what was left a minute ago. */
  expire(): void {
    const due = this.#options.clock.monotonic() - KEPT_MS
    for (const [symbol, at] of this.#left) if (at <= due) this.#drop(symbol)
    this.#tell()
  }

  #drop(symbol: string): void {
    this.#left.delete(symbol)
    if (this.#options.onWanted) this.#options.onDropped(symbol)
  }

  #tell(): void {
    const wanted = new Set([...this.#asked, ...this.#left.keys()])
    if (wanted.size === this.#told.size && [...wanted].every((symbol) => this.#told.has(symbol))) return
    this.#told = wanted
    try {
      this.#options.onWanted?.(wanted)
    } catch (error) {
      if (this.#left.size === 0) this.#options.onRefused(error)
      for (const symbol of this.#left.keys()) this.#drop(symbol)
      this.#tell()
    }
  }
}

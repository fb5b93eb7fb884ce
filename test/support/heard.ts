import { vi } from 'vitest'
import { openSource } from '../../src/core/address/open-source.ts'
import type { Gap, MarketEvent } from '../../src/core/market/event.ts'
import type { Source } from '../../src/core/pipeline/source.ts'

/** What a source gives, until it is ended. */
export class Heard {
  readonly events: MarketEvent[] = []
  #trades = 0
  readonly #stop: AbortController
  /** Settles when the source has ended, or cannot go on. */
  readonly done: Promise<void>

  private constructor(source: Source, stop: AbortController, how: How) {
    this.#stop = stop
    this.done = this.#listen(source, how)
  }

  static async start(address: string, how: How): Promise<Heard> {
    const stop = new AbortController()
    return new Heard(await openSource(address, { isKept: true, signal: stop.signal, ...how }), stop, how)
  }

  async #listen(source: Source, { isKept = true, after, commits }: How): Promise<void> {
    const over = new Promise<void>((resolve) => this.#stop.signal.addEventListener('abort', () => resolve()))
    let batches = 0
    for await (const batch of source) {
      for (const event of batch) this.#add(event)
      const given = ++batches
      if (isKept)
        void (commits === undefined ? Promise.resolve() : Promise.race([commits, over])).then(() =>
          source.committed!(given),
        )
      if (after && this.#trades >= after.trades) await Promise.race([after.gate, over])
    }
  }

  #add(event: MarketEvent): void {
    this.events.push(event)
    if (event.type === 'tick') this.#trades++
  }

  get numbers(): number[] {
    return this.events.flatMap((event) => (event.type === 'tick' ? [Number(event.seq)] : []))
  }

  get gaps(): Gap[] {
    return this.events.filter((event) => event.type === 'gap')
  }

  get ups(): number {
    return this.events.filter((event) => event.type === 'status' && event.state === 'up').length
  }

  /** @param enough what `expect` finds of it once it is so */
  until(enough: (heard: Heard) => void): Promise<void> {
    return vi.waitFor(() => enough(this), { timeout: 25_000, interval: 20 })
  }

  /** Waits for nothing any more. */
  async end(): Promise<void> {
    this.#stop.abort()
    await this.done
  }
}

export interface How {
  readonly isKept?: boolean
  /** What it waits for once it has so many trades, before it asks for more. */
  readonly after?: { readonly trades: number; readonly gate: Promise<void> }
  /** What it waits for before it commits anything, while it asks on. */
  readonly commits?: Promise<void>
}

/** A promise that keeps until it is opened. */
export function closedGate(): { gate: Promise<void>; open: () => void } {
  let open = (): void => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  return { gate, open }
}

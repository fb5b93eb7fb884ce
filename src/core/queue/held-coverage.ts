import type { Coverage } from '../market/event.ts'

/**
 * Coverage that waits until everything before it in the queue has been committed by whichever member of the group took it:
 * what a store says it covers is in the store. Of each source and symbol the newest alone; one that is lost with its member
 * is made good by the next.
 */
export class HeldCoverage {
  #held: { position: bigint; coverage: Coverage }[] = []

  get isEmpty(): boolean {
    return this.#held.length === 0
  }

  add(position: bigint, coverage: Coverage): void {
    this.#held.push({ position, coverage })
  }

  /** What came before it is lost: it will never hold. */
  drop(): void {
    this.#held = []
  }

  /** Takes out what holds now. @param floor everything before it is committed; null: everything */
  release(floor: bigint | null): Coverage[] {
    const isTrue = ({ position }: { position: bigint }): boolean => floor === null || position <= floor
    const free = this.#held.filter(isTrue)
    this.#held = this.#held.filter((one) => !isTrue(one))
    return newest(free.map(({ coverage }) => coverage))
  }
}

/** Those that say more than a later one does. */
function newest(told: readonly Coverage[]): Coverage[] {
  const said = new Set<string>()
  const kept: Coverage[] = []
  for (const coverage of told.toReversed()) {
    const symbols = coverage.symbols.filter((symbol) => !said.has(`${coverage.source} ${symbol}`))
    for (const symbol of symbols) said.add(`${coverage.source} ${symbol}`)
    if (symbols.length > 0) kept.push({ ...coverage, symbols })
  }
  return kept.reverse()
}

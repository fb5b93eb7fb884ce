import { setImmediate } from 'node:timers/promises'
import type { Gap, Quote, Tick } from '../market/event.ts'
import type { Query } from '../pipeline/source.ts'
import { type Input, mergeSorted } from './merge.ts'
import { inReadingOrder, type Stored } from './reading-order.ts'

/** What a global read draws from: chunks by symbol, of a size the reader chooses. */
export interface Shelves {
  ticks(symbol: string, span: Omit<Query, 'symbols'>, size: number): Input<Tick>
  quotes(symbol: string, span: Omit<Query, 'symbols'>, size: number): Input<Quote>
  gaps(query: Query): readonly Gap[] | Promise<readonly Gap[]>
  symbols(): readonly string[]
  quotedSymbols(): readonly string[]
}

/** Events held in memory by a read over all symbols together. */
const HELD = 65_536
const BATCH = 4096

/**
 * Events of many symbols in order of time, then seq, then symbol; a gap behind the ticks of its `from`, since it lies
 * between that tick and the next.
 */
export async function* readAll(
  shelves: Shelves,
  query: Query & { types?: readonly ('tick' | 'quote' | 'gap')[] },
): AsyncGenerator<Stored[]> {
  const types = query.types ?? ['tick', 'quote', 'gap']
  const chosen = (known: readonly string[]) =>
    query.symbols ? known.filter((name) => query.symbols!.includes(name)) : known
  const traded = types.includes('tick') ? chosen(shelves.symbols()) : []
  const quoted = types.includes('quote') ? chosen(shelves.quotedSymbols()) : []
  const size = Math.max(64, Math.min(BATCH, Math.floor(HELD / (traded.length + quoted.length + 1))))
  const inputs: Input<Stored>[] = traded.map((symbol) => shelves.ticks(symbol, query, size))
  for (const symbol of quoted) inputs.push(shelves.quotes(symbol, query, size))
  if (types.includes('gap')) inputs.push(chunked(await shelves.gaps(query), size))
  for await (const batch of mergeSorted(inputs, inReadingOrder, BATCH)) {
    yield batch
    // Reading never waits by itself: signals, timers and sockets must have their turn.
    await setImmediate()
  }
}

function* chunked<T>(rows: readonly T[], size: number): Generator<readonly T[]> {
  for (let i = 0; i < rows.length; i += size) yield rows.slice(i, i + size)
}

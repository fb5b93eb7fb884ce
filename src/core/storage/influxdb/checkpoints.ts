import { byTimeAndSeq, type Coverage, isAstray, type Seq, type Tick } from '../../market/event.ts'
import type { Checkpoint } from '../../pipeline/source.ts'
import { numberIn, type Row, seqIn, textIn } from './answer.ts'
import { Fields, restored, series } from './line.ts'
import { rowsOf } from './pages.ts'
import type { Wire } from './wire.ts'

const CHECKPOINTS = 'checkpoints'
const COLUMNS = ['source', 'symbol', 'timestamp', 'seq', 'committed_at', 'covered_until']

/** All checkpoints, by source and symbol. */
export async function checkpointsOf(wire: Wire): Promise<Checkpoint[]> {
  const rows = await rowsOf(wire, { measurement: CHECKPOINTS, columns: COLUMNS, where: [] })
  return rows.map(checkpointIn).sort((a, b) => compare(a.source, b.source) || compare(a.symbol, b.symbol))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function checkpointIn(row: Row): Checkpoint {
  return {
    source: restored(textIn(row[1]) ?? ''),
    symbol: restored(textIn(row[2]) ?? ''),
    timestamp: numberIn(row[3]),
    seq: row[4] === null ? null : seqIn(row[4]),
    committed_at: numberIn(row[5]) ?? 0,
    covered_until: numberIn(row[6]),
  }
}

/** Moves checkpoints forward, never back. */
export class CheckpointKeeper {
  readonly #wire: Wire
  #known: Map<string, Checkpoint> | undefined
  readonly #moved = new Set<Checkpoint>()

  constructor(wire: Wire) {
    this.#wire = wire
  }

  async open(): Promise<void> {
    this.#known ??= new Map((await checkpointsOf(this.#wire)).map((one) => [key(one.source, one.symbol), one]))
  }

  /** A tick is stored under this number. */
  reached(tick: Tick, seq: Seq, committedAt: number): void {
    if (isAstray(tick)) return
    const checkpoint = this.#at(tick.source, tick.symbol)
    const { timestamp } = tick
    const known = checkpoint.timestamp === null ? null : { timestamp: checkpoint.timestamp, seq: checkpoint.seq! }
    if (known !== null && byTimeAndSeq({ timestamp, seq }, known) <= 0) return
    this.#move(checkpoint, { timestamp, seq }, committedAt)
  }

  heard({ source, symbols, timestamp }: Coverage, committedAt: number): void {
    const covered_until = Math.floor(timestamp)
    for (const symbol of symbols) {
      const checkpoint = this.#at(source, symbol)
      if ((checkpoint.covered_until ?? -1) < covered_until) this.#move(checkpoint, { covered_until }, committedAt)
    }
  }

  /** The points of what has moved since this was asked last. */
  lines(): string[] {
    const lines = [...this.#moved].map(checkpointLine)
    this.#moved.clear()
    return lines
  }

  forget(): void {
    this.#known = undefined
    this.#moved.clear()
  }

  #at(source: string, symbol: string): Checkpoint {
    const name = key(source, symbol)
    let checkpoint = this.#known!.get(name)
    if (!checkpoint) {
      checkpoint = { source, symbol, timestamp: null, seq: null, committed_at: 0, covered_until: null }
      this.#known!.set(name, checkpoint)
    }
    return checkpoint
  }

  #move(checkpoint: Checkpoint, to: Partial<Checkpoint>, committedAt: number): void {
    Object.assign(checkpoint, to, { committed_at: Math.round(committedAt) })
    this.#moved.add(checkpoint)
  }
}

function key(source: string, symbol: string): string {
  return JSON.stringify([source, symbol])
}

function checkpointLine({ source, symbol, timestamp, seq, committed_at, covered_until }: Checkpoint): string {
  return new Fields()
    .integer('timestamp', timestamp)
    .integer('seq', seq)
    .integer('committed_at', committed_at)
    .integer('covered_until', covered_until)
    .at(series(CHECKPOINTS, { source, symbol }), '0')
}

import type { Checkpoint } from '../pipeline/source.ts'
import { Reached } from '../storage/journal/reached.ts'

/** A checkpoint as text, every digit of its sequence number. */
export function textOf(row: Checkpoint): string {
  return JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? String(value) : value))
}

/** The checkpoints of texts that `textOf` gave, the furthest of each symbol; what is no such text is left out. */
export function checkpointsIn(texts: readonly string[]): readonly Checkpoint[] {
  const reached = new Reached()
  for (const text of texts) {
    try {
      const row = JSON.parse(text) as Checkpoint
      if (typeof row.source !== 'string' || typeof row.symbol !== 'string') continue
      reached.merge([{ ...row, seq: typeof row.seq === 'string' ? BigInt(row.seq) : row.seq }])
    } catch {}
  }
  return reached.checkpoints
}

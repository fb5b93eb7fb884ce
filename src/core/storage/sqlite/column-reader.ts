import { Transfer, worker } from 'workerpool'
import type { TickColumns } from '../columns.ts'
import type { ColumnChoice, Slice } from '../store.ts'
import { Dictionary } from './dictionary.ts'
import { connect, loadDriver } from './driver.ts'
import { TickReader } from './read-ticks.ts'

/** The ticks of one slice of the database at `path`, read by a thread of its own (read-ahead.ts). */
export type ColumnReader = (path: string, symbol: string, slice: Slice, choice: ColumnChoice) => Promise<TickColumns>

const opened = new Map<string, Promise<TickReader>>()

const columns = async (...[path, symbol, slice, choice]: Parameters<ColumnReader>) => {
  if (!opened.has(path)) opened.set(path, open(path))
  const read = (await opened.get(path)!).columns(symbol, slice, choice)
  return new Transfer(read, Object.values(read).flatMap(buffer))
}

async function open(path: string): Promise<TickReader> {
  const db = connect(await loadDriver(), path, 'read')
  return new TickReader(db, { symbols: new Dictionary(db, 'symbol'), sources: new Dictionary(db, 'source') })
}

function buffer(column: unknown): ArrayBufferLike[] {
  return ArrayBuffer.isView(column) ? [column.buffer] : []
}

worker({ columns })

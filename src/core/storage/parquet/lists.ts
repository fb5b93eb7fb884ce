import type { Lists } from '../sqlite/shelf.ts'
import type { Lake } from './lake.ts'
import type { List } from './layout.ts'
import type { Table } from './table.ts'
import { CHECKPOINTS, COMPLETENESS, GAPS, INSTRUMENTS, REJECTED } from './tables.ts'

type RecordOf<L extends List> = Lists[L][number]

/** How the records of each list lie in a file, and by which fields one is told from another. */
const KEPT: { readonly [L in List]: { table: Table<RecordOf<L>>; key: readonly (keyof RecordOf<L>)[] } } = {
  gaps: { table: GAPS, key: ['source', 'symbol', 'from', 'to', 'cause'] },
  rejected: { table: REJECTED, key: ['source', 'symbol', 'timestamp', 'reason', 'raw'] },
  checkpoints: { table: CHECKPOINTS, key: ['source', 'symbol'] },
  instruments: { table: INSTRUMENTS, key: ['symbol', 'date', 'vendor'] },
  completeness: { table: COMPLETENESS, key: ['symbol', 'date', 'vendor'] },
}

/** Everything a lake holds in lists. */
export async function readLists(lake: Lake): Promise<Lists> {
  return {
    gaps: await readList(lake, 'gaps'),
    rejected: await readList(lake, 'rejected'),
    checkpoints: await readList(lake, 'checkpoints'),
    instruments: await readList(lake, 'instruments'),
    completeness: await readList(lake, 'completeness'),
  }
}

export async function readList<L extends List>(lake: Lake, list: L): Promise<RecordOf<L>[]> {
  const records: RecordOf<L>[] = []
  for await (const some of lake.list(list, KEPT[list].table as Table<RecordOf<L>>)) records.push(...some)
  return records
}

/** Puts lists into a lake; what it has of them beside these stays, a record that both have is the new one. */
export async function putLists(lake: Lake, lists: Lists): Promise<void> {
  for (const list of Object.keys(KEPT) as List[]) await putList(lake, list, lists[list])
}

async function putList<L extends List>(lake: Lake, list: L, records: readonly RecordOf<L>[]): Promise<void> {
  if (records.length === 0) return
  const { table, key } = KEPT[list] as unknown as { table: Table<RecordOf<L>>; key: readonly (keyof RecordOf<L>)[] }
  const keyOf = (record: RecordOf<L>) => JSON.stringify(key.map((name) => record[name]))
  const kept = new Map((await readList(lake, list)).map((record) => [keyOf(record), record]))
  for (const record of records) kept.set(keyOf(record), record)
  await lake.putList(list, table, [...kept.values()])
}

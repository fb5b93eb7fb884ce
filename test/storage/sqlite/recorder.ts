// A recorder for tests that kill it: writes the ticks seq, seq + 1, ... in batches and prints each seq once it is committed.
import type { Coverage } from '../../../src/core/market/event.ts'
import { openSqlite } from '../../../src/core/storage/sqlite.ts'
import { gap, tick } from '../sample.ts'

const [path, first = '0', size = '50', durability = 'process'] = process.argv.slice(2)
const store = await openSqlite(path!, { mode: 'record', durability: durability as 'process' | 'power' })
process.stdout.write('open\n')
for (let seq = Number(first); ; seq += Number(size)) {
  const ticks = Array.from({ length: Number(size) }, (_, i) =>
    tick({ seq: seq + i, timestamp: 1_795_140_000_000 + seq + i }),
  )
  const heard: Coverage = {
    ...{ type: 'coverage', source: 'alltick', symbol: null, symbols: ['00700.HK'] },
    timestamp: ticks.at(-1)!.timestamp,
  }
  await store.write([...ticks, gap({ from: seq, to: seq }), heard]).catch((error: unknown) => {
    process.stdout.write(`${(error as { code: string }).code}\n`)
    process.exit(6)
  })
  if (!process.stdout.write(`${seq + Number(size) - 1}\n`))
    await new Promise((resolve) => process.stdout.once('drain', resolve))
}

// Appends ticks seq, seq + 1, ... to a journal and prints each seq once it is kept, for a test that kills it.
import { Journal } from '../../../src/core/storage/journal/journal.ts'
import { tick } from '../sample.ts'

const [directory, first = '0', durability = 'process'] = process.argv.slice(2)
const journal = new Journal(directory!, {
  maxBytes: 2 ** 30,
  durability: durability as 'process' | 'power',
  now: Date.now,
  segmentBytes: 20_000,
})
process.stdout.write('open\n')
for (let seq = Number(first); ; seq++) {
  journal.append([tick({ seq })])
  await new Promise((written) => process.stdout.write(`${seq}\n`, written))
}

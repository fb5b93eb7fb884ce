import { parseArgs } from 'node:util'
import { type Outcome, simulate } from './simulate.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    days: { type: 'string', default: '1' },
    watch: { type: 'string' },
  },
})
const [first, count, days] = [Number(values.seed), Number(values.seeds), Number(values.days)]
const began = performance.now()
const failed: number[] = []
const total = { trades: 0, stored: 0, gaps: 0, runs: 0, faults: 0 }
const out = (text: string): boolean => process.stdout.write(`${text}\n`)

for (let seed = first; seed < first + count; seed++) {
  const outcome = await simulate({ seed, days, ...(values.watch && { watched: new RegExp(values.watch) }) })
  total.trades += outcome.trades
  total.stored += outcome.stored
  total.gaps += outcome.gaps
  total.runs += outcome.runs
  total.faults += outcome.faults.length
  if (outcome.broken.length > 0) failed.push(seed)
  if (outcome.broken.length > 0 || count === 1) show(outcome)
}

const seconds = ((performance.now() - began) / 1_000).toFixed(1)
out(
  `${count} seeds, ${count - failed.length} in order, ${failed.length} not${failed.length ? `: ${failed.join(' ')}` : ''}`,
)
out(
  `${total.faults} faults, ${total.runs} runs of the recorder, ${total.trades} trades, ${total.stored} stored, ${total.gaps} gap rows, ${seconds} s`,
)
process.exitCode = failed.length > 0 ? 1 : 0

function show({ seed, hash, broken, journal, faults, trades, stored, gaps, runs }: Outcome): void {
  out(`seed ${seed}: ${trades} trades, ${stored} stored, ${gaps} gaps, ${runs} runs, hash ${hash}`)
  for (const { kind, at, lasts, force } of faults)
    out(
      `  ${new Date(at + 8 * 3_600_000).toISOString().slice(11, 23)} ${kind} ${Math.round(lasts)} ms, ${force.toFixed(2)}`,
    )
  for (const rule of broken.slice(0, 10)) out(`  BROKEN ${rule}`)
  if (broken.length > 10) out(`  BROKEN ${broken.length - 10} more`)
  if (broken.length === 0 && !values.watch) return
  for (const line of journal) out(`    ${line.slice(0, 400)}`)
  out(`  again: npm run sim -- --seed ${seed}${days === 1 ? '' : ` --days ${days}`}`)
}

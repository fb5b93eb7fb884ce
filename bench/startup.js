import { folder, hkq, measure, median } from './support/run.js'

const COMMANDS = { '--help': ['--help'], '--version': ['--version'], 'record --help': ['record', '--help'] }

/** Whole-process time of the lightest commands as a ratio to an empty Node. */
export async function startup({ rounds = 15 } = {}) {
  const cwd = folder()
  const empty = []
  const ratios = Object.fromEntries(Object.keys(COMMANDS).map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    const { seconds } = await measure(process.execPath, ['-e', '0'])
    empty.push(seconds)
    for (const [name, args] of Object.entries(COMMANDS)) ratios[name].push((await hkq(args, cwd)).seconds / seconds)
  }
  const figures = Object.entries(ratios).map(([name, all]) => [`hkq ${name}`, `${median(all).toFixed(2)}x`])
  return { 'node -e 0 ms': Math.round(median(empty) * 1000), ...Object.fromEntries(figures) }
}

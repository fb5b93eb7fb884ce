import { BIN, measure, median } from './support/run.js'

/** Whole-process time of `hkq --help` and `--version` as a ratio to an empty Node. */
export async function startup({ rounds = 15 } = {}) {
  const times = { empty: [], help: [], version: [] }
  for (let round = 0; round < rounds; round++) {
    times.empty.push((await measure(process.execPath, ['-e', '0'])).seconds)
    times.help.push((await measure(process.execPath, [BIN, '--help'])).seconds)
    times.version.push((await measure(process.execPath, [BIN, '--version'])).seconds)
  }
  const ratio = (name) => median(times[name].map((time, i) => time / times.empty[i])).toFixed(2)
  return {
    'node -e 0 ms': Math.round(median(times.empty) * 1000),
    'hkq --help': `${ratio('help')}x`,
    'hkq --version': `${ratio('version')}x`,
  }
}

import { medianOf } from './run.js'

const ROUNDS = 3

/**
 * hkq and its peers in turn on one task, as whole processes: seconds, CPU and memory of each, and what part of a peer's hkq
 * takes.
 * @param ours runs hkq; it prints NDJSON
 * @param peers runs each by its name; they print the JSON of what `resultOf` makes of hkq's records
 * @throws Error where a peer comes to another result
 */
export async function versus(task, ours, peers) {
  const rounds = []
  for (let round = 0; round < ROUNDS; round++) {
    const taken = { hkq: await ours() }
    const result = resultOf(taken.hkq.stdout)
    for (const [name, run] of Object.entries(peers)) {
      taken[name] = await run(task)
      compare(name, task, result, JSON.parse(taken[name].stdout))
    }
    rounds.push(taken)
  }
  return figuresOf(rounds)
}

function figuresOf(rounds) {
  const figures = {}
  for (const name of Object.keys(rounds[0])) {
    figures[`${name}: s`] = medianOf(rounds, (taken) => taken[name].seconds)
    figures[`${name}: CPU s`] = medianOf(rounds, (taken) => taken[name].cpu)
    figures[`${name}: peak MB`] = medianOf(rounds, (taken) => taken[name].peak, 0)
    if (name === 'hkq') continue
    figures[`of ${name}`] = medianOf(rounds, (taken) => taken.hkq.seconds / taken[name].seconds, 4)
    figures[`CPU of ${name}`] = medianOf(rounds, (taken) => taken.hkq.cpu / taken[name].cpu, 4)
  }
  return figures
}

/** The newest volatility, or how many bars of how much volume. */
function resultOf(stdout) {
  const records = stdout.trim().split('\n').map(JSON.parse)
  if (records[0].type === 'volatility') return { volatility: records.at(-1).volatility }
  return { bars: records.length, volume: records.reduce((sum, { volume }) => sum + volume, 0) }
}

function compare(name, task, ours, theirs) {
  for (const [key, value] of Object.entries(theirs)) {
    if (Math.abs(ours[key] / value - 1) < 1e-9) continue
    throw new Error(`${task}: hkq has ${key} "${ours[key]}", ${name} "${value}"`)
  }
}

import { fork, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export const BIN = resolve(import.meta.dirname, '../../bin/hkq.js')
export const SYMBOLS = ['700', '9988', '1810', '5', '1299']
const FEED = resolve(import.meta.dirname, 'feed.js')
/** Exit code of a recording with holes: one begun inside a session has them. */
const HOLES = 3
const PEERS = resolve(import.meta.dirname, '../peers')

const folders = []
const children = []
process.on('exit', () => {
  for (const child of children) child.kill()
  for (const path of folders) rmSync(path, { recursive: true, force: true })
})

/** A temporary folder that goes away with the process. */
export function folder() {
  const path = mkdtempSync(join(tmpdir(), 'hkq-bench-'))
  folders.push(path)
  return path
}

/** Bytes of all files in a folder. */
export function sizeOf(path) {
  return readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0)
}

/** Starts the AllTick-like feed; resolves with its port. */
export async function startFeed(options) {
  const child = fork(FEED, [JSON.stringify(options)], { stdio: 'inherit' })
  children.push(child)
  const { port } = await new Promise((told, failed) => {
    child.once('message', told)
    child.once('exit', failed)
  })
  return { port, stop: () => child.kill() }
}

/** The address of the feed at `port` as hkq takes it. */
export function feedAddress(port) {
  return `alltick:?endpoint=ws://127.0.0.1:${port}/quote-stock-b-ws-api`
}

/** Runs `hkq`, as measure. A folder of its own keeps it from finding a running recorder. */
export function hkq(args, cwd) {
  const env = { ...process.env, HKQ_ALLTICK_TOKEN: 'bench', XDG_RUNTIME_DIR: cwd }
  return measure(process.execPath, [BIN, ...args], { cwd, env })
}

/** Runs a peer of the folder `peers` by its file name, as measure. */
export function peer(command, file, args) {
  return measure(command, [join(PEERS, file), ...args])
}

/**
 * Runs a command to its end: seconds of wall clock and CPU (user + system), peak memory in MB where the system tells it.
 * @throws Error when it fails
 */
export async function measure(command, args, options = {}) {
  const cpuBefore = cpuOfChildren()
  const started = performance.now()
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (text) => {
    stdout += text
  })
  child.stderr.on('data', (text) => {
    stderr += text
  })
  let peak = null
  const timer = setInterval(() => {
    peak = peakMemory(child.pid) ?? peak
  }, 20)
  const code = await new Promise((ended) => child.once('close', ended))
  clearInterval(timer)
  if (code !== 0 && code !== HOLES) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${stderr}`)
  return { seconds: (performance.now() - started) / 1000, peak, cpu: cpuOfChildren() - cpuBefore, stdout, stderr }
}

function peakMemory(pid) {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024 || null
  } catch {
    return null
  }
}

/** CPU of the children that have ended, seconds: exact for one that is run alone. NaN where the system does not tell. */
function cpuOfChildren() {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ')
    return (Number(fields[13]) + Number(fields[14])) / 100
  } catch {
    return Number.NaN
  }
}

/** The middle of several figures. */
export function median(figures) {
  const sorted = [...figures].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

/** The median of what `pick` takes of each round, rounded to `digits`. */
export function medianOf(rounds, pick, digits = 2) {
  return Number(median(rounds.map(pick)).toFixed(digits))
}

/**
 * Where a package that peers need and hkq does not is installed, in the folder that HKQ_PEERS names or beside hkq; null
 * where it cannot be loaded.
 */
export function packageAt(name) {
  const folder = resolve(process.env.HKQ_PEERS ?? join(import.meta.dirname, '../..'))
  const told = `process.stdout.write(require.resolve('${name}')); require('${name}')`
  const { status, stdout } = spawnSync(process.execPath, ['-e', told], { cwd: folder, encoding: 'utf8' })
  return status === 0 ? stdout : null
}

/** A Python that has these modules, or null: the peers are measured where they are installed. */
export function pythonWith(...modules) {
  for (const python of ['python3', '/usr/bin/python3']) {
    if (spawnSync(python, ['-c', `import ${modules.join(',')}`]).status === 0) return python
  }
  return null
}

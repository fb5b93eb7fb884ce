import { fork, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export const BIN = resolve(import.meta.dirname, '../../bin/hkq.js')
const FEED = resolve(import.meta.dirname, 'feed.js')

/** A temporary folder that goes away with the process. */
export function folder() {
  const path = mkdtempSync(join(tmpdir(), 'hkq-bench-'))
  process.on('exit', () => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Starts the AllTick-like feed; resolves with its port. */
export async function startFeed(options) {
  const child = fork(FEED, [JSON.stringify(options)], { stdio: 'inherit' })
  process.on('exit', () => child.kill())
  const { port } = await new Promise((told, failed) => {
    child.once('message', told)
    child.once('exit', failed)
  })
  return { port, stop: () => child.kill() }
}

/** Runs a command to its end: seconds of wall clock and CPU, peak memory in MB where the system tells it. */
export async function measure(command, args, options = {}) {
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
  let cpu = null
  const timer = setInterval(() => {
    peak = peakMemory(child.pid) ?? peak
    cpu = cpuSeconds(child.pid) ?? cpu
  }, 20)
  const code = await new Promise((ended) => child.once('close', ended))
  clearInterval(timer)
  return { code, seconds: (performance.now() - started) / 1000, peak, cpu, stdout, stderr }
}

function peakMemory(pid) {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024 || null
  } catch {
    return null
  }
}

function cpuSeconds(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return null
  }
}

/** The middle of several figures. */
export function median(figures) {
  const sorted = [...figures].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

/** A Python that has these modules, or null: the peers are measured where they are installed. */
export function pythonWith(...modules) {
  for (const python of ['python3', '/usr/bin/python3']) {
    if (spawnSync(python, ['-c', `import ${modules.join(',')}`]).status === 0) return python
  }
  return null
}

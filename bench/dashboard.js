import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { BIN, folder } from './support/run.js'
import { openViewer } from './support/viewer.js'

const SYMBOLS = Array.from({ length: 50 }, (_, i) => `${String(i + 1).padStart(5, '0')}.HK`)
/** The market plays its morning up to the start, and the relay gives its last minutes again, ms. */
const WARM_UP = 15_000

/**
 * The dashboard over a relay of the simulated market, with one page that paints sixty times a second: what it gets, and
 * what that costs the server.
 */
export async function dashboard({ rate = 100, seconds = 20, every = '1s' } = {}) {
  const cwd = folder()
  const serve = await started(
    ['serve', ...SYMBOLS, '--from', `sim:?rate=${rate}&start=2026-11-20T10:30`, '--to', 'ws://127.0.0.1:0'],
    cwd,
  )
  const feed = `alltick:?token=off&plan=pro&endpoint=${encodeURIComponent(`${serve.url}/quote-stock-b-ws-api`)}`
  const page = await started(['dashboard', ...SYMBOLS, '--from', feed, '--port', '0'], cwd)
  try {
    const seen = await look(page, every, seconds)
    return { symbols: SYMBOLS.length, every, ...seen }
  } finally {
    page.child.kill()
    serve.child.kill()
  }
}

async function look({ url, child }, every, seconds) {
  let frames = 0
  let bytes = 0
  let newest = 0
  const ages = []
  let counting = false
  const viewer = await openViewer(url, {
    ...{ symbol: SYMBOLS[6], every },
    seen: (message, length) => {
      if (!counting) return
      const at = Date.now()
      frames++
      bytes += length
      for (const { ticks: count } of message.feeds ?? []) newest = count
      for (const { timestamp } of message.watched?.ticks ?? []) ages.push(at - timestamp)
    },
  })
  await sleep(WARM_UP)
  counting = true
  const cpu = cpuOf(child.pid)
  const from = performance.now()
  await sleep(1_000)
  const first = newest
  const firstAt = performance.now()
  await sleep((seconds - 1) * 1_000)
  const took = (performance.now() - from) / 1_000
  const used = cpuOf(child.pid) - cpu
  viewer.close()
  const least = Math.min(...ages)
  const late = ages.map((age) => age - least).sort((a, b) => a - b)
  return {
    'ticks/s': Math.round((newest - first) / ((performance.now() - firstAt) / 1_000)),
    'frames/s': Number((frames / took).toFixed(1)),
    'KB a frame': Number((bytes / frames / 1_024).toFixed(1)),
    'server CPU of a core': Number((used / took).toFixed(2)),
    'server MB': Math.round(memoryOf(child.pid)),
    // Beyond the quickest tick, in its own time: a tick waits for the frame that is being painted.
    'tick to frame ms, p50': late[Math.floor(late.length * 0.5)],
    p95: late[Math.floor(late.length * 0.95)],
    p99: late[Math.floor(late.length * 0.99)],
  }
}

/** Starts a command that serves until it is killed, and waits for the line that tells where. */
export function started(args, cwd) {
  const child = spawn(process.execPath, [BIN, ...args], { cwd, stdio: ['ignore', 'ignore', 'pipe'] })
  return new Promise((resolve, reject) => {
    let text = ''
    child.stderr.on('data', (chunk) => {
      text += chunk
      const url = /(?:serving on|dashboard at) (\S+)/.exec(text)?.[1]
      if (url) resolve({ child, url })
    })
    child.on('exit', () => reject(new Error(`hkq ${args[0]} ended: ${text}`)))
  })
}

/** Seconds of processor that a process has used. */
export function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

function memoryOf(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1_024
}

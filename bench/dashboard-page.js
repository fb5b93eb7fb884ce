import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuOf, started } from './dashboard.js'
import { CHROMIUM, openChromium } from './support/chromium.js'
import { folder } from './support/run.js'

const SYMBOLS = Array.from({ length: 50 }, (_, i) => `${String(i + 1).padStart(5, '0')}.HK`)
/** The market plays its morning up to the start, and the relay gives its last minutes again, ms. */
const WARM_UP = 15_000

/**
 * The page in Chromium over a relay of the simulated market: how soon it is there, how many turns of the screen it keeps up with, and
 * how long a frame waits until it is painted.
 */
export async function dashboardPage({ rate = 100, seconds = 20 } = {}) {
  if (!existsSync(CHROMIUM)) return { chromium: 'not installed' }
  const cwd = folder()
  const serve = await started(
    ['serve', ...SYMBOLS, '--from', `sim:?rate=${rate}&start=2026-11-20T10:30`, '--to', 'ws://127.0.0.1:0'],
    cwd,
  )
  const feed = `alltick:?token=off&plan=pro&endpoint=${encodeURIComponent(`${serve.url}/quote-stock-b-ws-api`)}`
  const server = await started(['dashboard', ...SYMBOLS, '--from', feed, '--port', '0'], cwd)
  const browser = await openChromium()
  try {
    await sleep(WARM_UP)
    const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } })
    await page.addInitScript(observe)
    const opened = []
    for (let i = 0; i < 5; i++) opened.push(await open(page, server.url))
    const cpu = cpuOf(server.child.pid)
    await page.evaluate(() => globalThis.seen.begin())
    await sleep(seconds * 1_000)
    const seen = await page.evaluate(() => globalThis.seen.end())
    const used = (cpuOf(server.child.pid) - cpu) / seconds
    return {
      symbols: SYMBOLS.length,
      'load to first candle ms': median(opened),
      ...figuresOf(seen),
      'server CPU of a core': round(used, 2),
    }
  } finally {
    await browser.close()
    server.child.kill()
    serve.child.kill()
  }
}

/** @returns ms from the navigation to the turn of the screen after the first candles were drawn */
async function open(page, url) {
  await page.goto(url)
  return page.evaluate(() => globalThis.seen.painted)
}

function figuresOf({ took, turns, frames, ticks, waits, longest }) {
  const sorted = waits.toSorted((a, b) => a - b)
  const at = (part) => round(sorted[Math.floor(sorted.length * part)], 1)
  return {
    'ticks/s': Math.round(ticks / took),
    'turns of the screen/s': round(turns / took, 1),
    'frames painted/s': round(frames / took, 1),
    'frame to painted ms, p50': at(0.5),
    p99: at(0.99),
    most: round(sorted.at(-1), 1),
    'longest turn ms': round(longest, 1),
  }
}

/** Runs in the page before its script: notes when frames come, when they are painted and how the screen turns. */
function observe() {
  const seen = { turns: 0, frames: 0, waits: [], longest: 0, first: 0, newest: 0, at: 0 }
  let came = 0
  let before = 0
  const turn = (time) => {
    seen.turns++
    if (before > 0) seen.longest = Math.max(seen.longest, time - before)
    before = time
    requestAnimationFrame(turn)
  }
  const painted = new Promise((resolve) => {
    const look = () => {
      if (document.querySelector('#desk[data-loading="false"]') === null) requestAnimationFrame(look)
      else requestAnimationFrame(() => requestAnimationFrame(() => resolve(Math.round(performance.now()))))
    }
    look()
  })
  globalThis.WebSocket = class extends WebSocket {
    constructor(...parts) {
      super(...parts)
      this.addEventListener('message', ({ data }) => {
        const { type, feeds } = JSON.parse(data)
        if (type === 'frame') came = performance.now()
        if (feeds) seen.newest = feeds[0]?.ticks ?? 0
      })
    }
    send(text) {
      super.send(text)
      if (!text.includes('painted')) return
      seen.frames++
      seen.waits.push(performance.now() - came)
    }
  }
  globalThis.seen = {
    painted,
    begin() {
      Object.assign(seen, { turns: 0, frames: 0, waits: [], longest: 0, first: seen.newest, at: performance.now() })
      requestAnimationFrame(turn)
    },
    end: () => ({ ...seen, ticks: seen.newest - seen.first, took: (performance.now() - seen.at) / 1_000 }),
  }
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}

function round(value, digits) {
  return Number(value.toFixed(digits))
}

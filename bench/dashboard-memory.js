import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { started } from './dashboard.js'
import { CHROMIUM, openChromium } from './support/chromium.js'
import { folder } from './support/run.js'

const SYMBOLS = Array.from({ length: 20 }, (_, i) => `${String(i + 1).padStart(5, '0')}.HK`)
const HOUR = 3_600

/**
 * A trading day in a page that stays open, at many times its speed: what its script holds after a collection, by simulated hour, and
 * how many elements it has. The shortest interval, which begins most bars.
 */
export async function dashboardMemory({ hours = 8, speed = 300, rate = 1 } = {}) {
  if (!existsSync(CHROMIUM)) return { chromium: 'not installed' }
  const from = `sim:?speed=${speed}&rate=${rate}&days=0&start=2026-11-19T09:30`
  const server = await started(['dashboard', ...SYMBOLS, '--from', from, '--port', '0'], folder())
  const browser = await openChromium()
  try {
    const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } })
    await page.goto(server.url)
    await page.locator('.interval', { hasText: /^1s$/ }).click()
    const session = await page.context().newCDPSession(page)
    await session.send('HeapProfiler.enable')
    const held = []
    for (let hour = 0; hour <= hours; hour++) {
      if (hour > 0) await sleep((HOUR / speed) * 1_000)
      held.push(await weigh(page, session))
    }
    const half = held.slice(Math.floor(held.length / 2))
    return {
      'trades/s': Math.round(SYMBOLS.length * rate * speed),
      'heap MB by hour': held.map(({ heap }) => heap).join(' '),
      'MB more per hour, second half': Number(((half.at(-1).heap - half[0].heap) / (half.length - 1)).toFixed(2)),
      'elements by hour': held.map(({ elements }) => elements).join(' '),
      'source at the end': held.at(-1).clock,
    }
  } finally {
    await browser.close()
    server.child.kill()
  }
}

async function weigh(page, session) {
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  const [elements, clock] = await page.evaluate(() => [
    document.querySelectorAll('*').length,
    `${document.getElementById('date').textContent} ${document.getElementById('clock').textContent}`,
  ])
  return { heap: Number((usedSize / 1e6).toFixed(1)), elements, clock }
}

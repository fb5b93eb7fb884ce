import type { BrowserContextOptions, Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import type { TapeTick } from '../../src/core/dashboard/protocol.ts'
import { DAY } from '../../src/core/market/time.ts'
import { hasBrowser, visit } from './support/browser.ts'
import { NOW, rowsOf, ticksOf } from './support/market.ts'
import { scenes } from './support/scenes.ts'
import { type Scene, Stage } from './support/stage.ts'

const DEAR = { last_price: 499_400, prev_close: 499_700, open: 499_700, high: 500_500, low: 499_300, vwap: 499_817.363 }

/** Texts of the elements that run into the text of the one after them, or beyond the element around all of them. */
function collisions(page: Page, around: string, selector: string): Promise<string[]> {
  return page.evaluate(
    ([around, selector]) => {
      const boxOf = (node: Node): DOMRect => {
        const range = document.createRange()
        range.selectNodeContents(node)
        return range.getBoundingClientRect()
      }
      const texts = [...document.querySelectorAll(selector!)].map((node) => ({
        text: node.textContent,
        box: boxOf(node),
      }))
      const shown = texts.filter(({ box }) => box.width > 0)
      const outer = document.querySelector(around!)!.getBoundingClientRect()
      return shown.flatMap(({ text, box }, i) => {
        const meets = shown.slice(i + 1).some(({ box: other }) => {
          const isBeside = box.top < other.bottom - 3 && other.top < box.bottom - 3
          return isBeside && box.left < other.right && other.left < box.right + 2
        })
        return meets || box.right > outer.right + 1 ? [text ?? ''] : []
      })
    },
    [around, selector],
  )
}

interface Label {
  readonly text: string
  readonly left: number
  readonly right: number
  readonly room: number
}

/** Tells where the labels of a time axis lie in its canvas, from now on. */
async function timeLabels(page: Page, chart: string): Promise<() => Promise<Label[]>> {
  const drawn = await page.evaluateHandle((chart) => {
    const [labels, { prototype }]: [Label[], typeof CanvasRenderingContext2D] = [[], CanvasRenderingContext2D]
    const draw = prototype.fillText
    prototype.fillText = function (text, x, y) {
      const half = this.measureText(text).width / 2
      const room = this.canvas.clientWidth
      if (this.canvas.closest(chart) && /^\d\d:\d\d/.test(text)) {
        labels.push({ text, left: x - half, right: x + half, room })
      }
      draw.call(this, text, x, y)
    }
    return labels
  }, chart)
  return () => drawn.jsonValue()
}

describe.skipIf(!hasBrowser)('the page, where figures are long', () => {
  const running = scenes()

  async function open(ticks: readonly TapeTick[], options: BrowserContextOptions = {}, scene: Scene = {}) {
    const rows = rowsOf(2).map((row) => ({ ...row, ...DEAR }))
    const stage = await Stage.open({ first: { rows }, history: () => ({ ticks: [...ticks] }), ...scene })
    running.stages.push(stage)
    const { page } = await visit(running.browser, stage.url, options)
    await page.locator('#desk[data-loading=false]').waitFor()
    await page.locator('#tape-rows tr').first().waitFor({ state: 'attached' })
    return page
  }

  const texts = (page: Page, selector: string) => page.locator(selector).allTextContents()

  it.each([360, 390, 820, 1_366, 1_920])('keeps the figures of the day apart on %i pixels', async (width) => {
    const page = await open(ticksOf(3, NOW), { viewport: { width, height: 800 } })
    expect(await collisions(page, '.headline', '.figure dt, .figure dd')).toEqual([])
  })

  it.each([
    ['a usual price', 677, 'en-GB'],
    ['an index', 26_058.92, 'en-GB'],
    ['an index, in Chinese', 26_058.92, 'zh-HK'],
    ['nine digits', 1_234_567.89, 'en-GB'],
    ['nine digits, in Chinese', 1_234_567.89, 'zh-CN'],
  ])('has each figure of the day of %s on one line on a phone', async (_, high, locale) => {
    const figures = { last_price: high, prev_close: high, open: high, high, low: high, vwap: high, volume: 4_321e6 }
    const rows = rowsOf(1).map((row) => ({ ...row, ...figures, bid_price: high, ask_price: high }))
    const page = await open(ticksOf(3, NOW), { viewport: { width: 360, height: 740 }, locale }, { first: { rows } })
    await page.locator('.figure-vwap dd').filter({ hasText: /\d/ }).waitFor()
    expect(await collisions(page, '.headline', '.headline-last, .headline-change, .figure dt, .figure dd')).toEqual([])
    const heights = await page.locator('.figure:visible').evaluateAll((all) => all.map((one) => one.clientHeight))
    expect(new Set(heights).size).toBe(1)
    expect(heights[0]).toBeLessThan(25)
  })

  it('keeps the intervals apart from the hint beside them', async () => {
    const page = await open(ticksOf(3, NOW), { viewport: { width: 1_280, height: 800 } })
    const right = await page
      .locator('.interval')
      .last()
      .evaluate((one) => one.getBoundingClientRect().right)
    const left = await page.locator('.chart .hint').evaluate((one) => one.getBoundingClientRect().left)
    expect(left).toBeGreaterThan(right)
  })

  it.each([360, 820, 1_366])(
    'opens the tick line over the whole width of %i pixels, its labels whole',
    async (width) => {
      const page = await open(ticksOf(100, NOW), { viewport: { width, height: 800 } })
      const labels = await timeLabels(page, '#tick-line')
      const tab = page.getByRole('tab', { name: 'Ticks' })
      if (await tab.isVisible()) await tab.click()
      else await page.setViewportSize({ width: width + 2, height: 800 })
      await expect.poll(async () => (await labels()).length).toBeGreaterThan(1)
      expect((await labels()).filter(({ left, right, room }) => left < -0.5 || right > room + 0.5)).toEqual([])
      expect(Math.min(...(await labels()).map(({ left }) => left))).toBeLessThan(30)
    },
  )

  it('opens the tick line without a trade, and lets the first ones grow from the left', async () => {
    const stage = await Stage.open({ history: () => ({ ticks: [] }) })
    running.stages.push(stage)
    const { page, errors } = await visit(running.browser, stage.url)
    await page.locator('#desk[data-loading=false]').waitFor()
    const labels = await timeLabels(page, '#tick-line')
    await stage.showWatched({ ticks: ticksOf(3, NOW) })
    await expect.poll(async () => (await labels()).length).toBeGreaterThan(0)
    expect((await labels()).every(({ left }) => left > -0.5 && left < 30)).toBe(true)
    expect(errors).toEqual([])
  })

  it.each([
    ['dear', 499_400, 1_900],
    ['cheap', 0.007, 128_000_000],
  ])('keeps time, price and size of a %s stock apart', async (_, last_price, volume) => {
    const ticks = ticksOf(5, NOW).map((tick) => ({ ...tick, last_price, volume }))
    const page = await open(ticks, { viewport: { width: 1_366, height: 768 } })
    expect(await collisions(page, '.tape', '#tape-rows td')).toEqual([])
  })

  it('keeps the prices of the watch list in their column', async () => {
    const page = await open(ticksOf(3, NOW), { viewport: { width: 1_366, height: 768 } })
    expect(await collisions(page, '.watch', '.watch-code, .spark, .watch-last, .watch-ratio')).toEqual([])
  })

  it('has every interval and the whole name of the language in reach on a phone', async () => {
    const page = await open(ticksOf(3, NOW), { viewport: { width: 360, height: 640 } })
    expect(await collisions(page, '.chart', '.interval')).toEqual([])
    const room = await page.evaluate(() => {
      const select = document.querySelector<HTMLSelectElement>('#language')!
      const style = getComputedStyle(select)
      const context = new OffscreenCanvas(1, 1).getContext('2d')!
      context.font = style.font
      const arrow = style.appearance === 'none' ? 0 : 20
      const inner = select.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight)
      return inner - arrow - context.measureText('繁體中文').width
    })
    expect(room).toBeGreaterThanOrEqual(0)
  })

  it('says once that a change is unknown', async () => {
    const rows = rowsOf(1).map((row) => ({ ...row, prev_close: null }))
    const page = await open(ticksOf(1, NOW), {}, { first: { rows } })
    expect(await texts(page, '#headline-change')).toEqual(['–'])
  })

  it('tells the day of trades that are not of this one', async () => {
    const ticks = [...ticksOf(1, NOW - 2 * DAY), ...ticksOf(1, NOW, { nth: 2 })]
    const rows = rowsOf(1).map((row) => ({ ...row, timestamp: NOW - 2 * DAY }))
    const page = await open(ticks, {}, { first: { rows } })
    expect(await texts(page, '.tape-time')).toEqual(['10:45:29.690', '18 Nov 10:45'])
    expect(await texts(page, '.figure-last-trade dd')).toEqual(['18 Nov 10:45'])
  })
})

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { hasBrowser, visit } from './support/browser.ts'
import { alertOf, feedOf, rowsOf } from './support/market.ts'
import { paintOf } from './support/pixels.ts'
import { scenes } from './support/scenes.ts'
import { type Scene, Stage } from './support/stage.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

describe.skipIf(!hasBrowser)('the page, used', () => {
  const running = scenes()

  async function open(options: BrowserContextOptions = {}, scene: Scene = {}) {
    const stage = await Stage.open(scene)
    running.stages.push(stage)
    const { page, errors } = await visit(running.browser, stage.url, options)
    await page.locator('#desk[data-loading=false]').waitFor()
    return { stage, page, errors }
  }

  const textOf = (page: Page, selector: string) => page.locator(selector).first().textContent()
  const root = (page: Page, name: string) => page.locator('html').getAttribute(name)
  const current = (page: Page) => textOf(page, '.watch-row[aria-current] .watch-code')
  const ground = (page: Page) => page.evaluate(() => getComputedStyle(document.body.parentElement!).backgroundColor)

  describe('by keyboard', () => {
    it('goes through the watch list, which stands still meanwhile', async () => {
      const ratios = [3, 2, 1]
      const { page, stage } = await open(
        {},
        { first: { rows: rowsOf(3).map((row, i) => ({ ...row, ratio: ratios[i]! })) } },
      )
      await page.keyboard.press('j')
      await expect.poll(() => current(page)).toBe('00700.HK')
      await stage.show({ rows: rowsOf(3).map((row, i) => ({ ...row, ratio: i })) })
      await page.keyboard.press('ArrowDown')
      await expect.poll(() => current(page)).toBe('09988.HK')
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('k')
      await expect.poll(() => current(page)).toBe('00700.HK')
      await stage.until(() => stage.said.some((message) => message.type === 'watch' && message.symbol === '00700.HK'))
      expect(await page.locator('#watch-held').isVisible()).toBe(true)
    })

    it('goes as many lines as keys were pressed, however fast', async () => {
      const { page, stage } = await open(
        {},
        { first: { rows: rowsOf(12).map((row, i) => ({ ...row, ratio: 12 - i })) } },
      )
      await page.evaluate(() => {
        for (const key of 'jjjjjjkj') document.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))
      })
      await expect.poll(() => current(page)).toBe(rowsOf(12)[6]!.symbol)
      await stage.until(() =>
        stage.said.some((message) => message.type === 'watch' && message.symbol === rowsOf(12)[6]!.symbol),
      )
    })

    it('filters, and takes letters of the filter as letters', async () => {
      const { page } = await open()
      await page.keyboard.press('/')
      await page.keyboard.type('tl')
      expect(await page.locator('#watch-filter').inputValue()).toBe('tl')
      await expect.poll(() => textOf(page, '#watch-none')).toBe('Nothing matches')
      await page.locator('#watch-filter').fill('tencent')
      await expect.poll(() => page.locator('.watch-row').count()).toBe(1)
      await page.keyboard.press('Escape')
      await expect.poll(() => page.locator('.watch-row').count()).toBe(12)
    })

    it('goes to what the filter has found', async () => {
      const { page } = await open()
      await page.keyboard.press('/')
      await page.keyboard.type('tencent')
      await expect.poll(() => page.locator('.watch-row').count()).toBe(1)
      await page.keyboard.press('ArrowDown')
      await expect.poll(() => textOf(page, '#headline-symbol')).toBe('00700.HK')
    })

    it('leaves keys of the browser alone', async () => {
      const { page } = await open()
      const theme = await root(page, 'data-theme')
      await page.keyboard.press('Control+t')
      await page.keyboard.press('Alt+c')
      expect([await root(page, 'data-theme'), await root(page, 'data-colours')]).toEqual([theme, 'hk'])
    })

    it('tells its keys', async () => {
      const { page } = await open()
      await page.keyboard.press('?')
      expect(await page.locator('#help').isVisible()).toBe(true)
      expect(await textOf(page, '#help-strategy')).toBe(
        'Volatility: window 30m, threshold quantile 0.95, estimator close-to-close.',
      )
      await page.keyboard.press('Escape')
      await expect.poll(() => page.locator('#help').isVisible()).toBe(false)
    })

    it('moves and zooms the chart, and comes back to the latest bar', async () => {
      const { page } = await open()
      const right = async () => (await paintOf(page, '#candles', '--accent')).right
      const before = await right()
      for (let i = 0; i < 9; i++) await page.keyboard.press('ArrowLeft')
      await expect.poll(() => page.locator('#chart-latest').isVisible()).toBe(true)
      await page.keyboard.press('End')
      await expect.poll(() => page.locator('#chart-latest').isVisible()).toBe(false)
      await expect.poll(async () => Math.abs((await right()) - before)).toBeLessThan(3)
    })
  })

  describe('in its languages', () => {
    it('is in the one that the browser asks for', async () => {
      const { page } = await open({ locale: 'zh-HK' })
      expect([await root(page, 'lang'), await textOf(page, '#watch h2'), await textOf(page, '#ticks-title')]).toEqual([
        ...['zh-Hant', '自選股', 'HSI 恒生指數'],
      ])
    })

    it('changes to another at once, everywhere, and keeps it', async () => {
      const { page, errors } = await open({}, { first: { alerts: [alertOf()], rows: rowsOf(3) } })
      await page.locator('#language').selectOption('zh-Hans')
      const seen = async () => [
        await textOf(page, '#watch h2'),
        await textOf(page, '.figure-prev-close dt'),
        await textOf(page, '.feed-state'),
        await textOf(page, '.alert-event'),
        await textOf(page, '#tape-rows .tape-side'),
        await textOf(page, '.legend-volatility .legend-name'),
        await page.locator('#watch-filter').getAttribute('placeholder'),
      ]
      const simplified = ['自选股', '昨收', '正常', '波动警报', '卖', '波动率', '筛选']
      await expect.poll(seen).toEqual(simplified)
      await page.reload()
      await page.locator('#desk[data-loading=false]').waitFor()
      await expect.poll(seen).toEqual(simplified)
      await page.keyboard.press('l')
      await expect.poll(() => textOf(page, '#watch h2')).toBe('Watch list')
      expect(errors).toEqual([])
    })
  })

  describe('in its colours', () => {
    it('follows the system until another theme is chosen, which it keeps', async () => {
      const { page } = await open({ colorScheme: 'light' })
      expect(await ground(page)).toBe('rgb(238, 241, 245)')
      await page.emulateMedia({ colorScheme: 'dark' })
      await expect.poll(() => ground(page)).toBe('rgb(9, 12, 17)')
      await page.keyboard.press('t')
      await page.keyboard.press('t')
      await expect.poll(() => ground(page)).toBe('rgb(238, 241, 245)')
      await page.reload()
      await page.locator('#desk[data-loading=false]').waitFor()
      expect(await ground(page)).toBe('rgb(238, 241, 245)')
      await expect.poll(async () => (await paintOf(page, '#candles', '--ground')).pixels).toBeGreaterThan(50_000)
    })

    it('has up in green as Hong Kong does, or in red as the mainland does, in candles too', async () => {
      const rows = rowsOf(1).map((row) => ({ ...row, last_price: row.prev_close! + 1 }))
      const { page } = await open({}, { first: { rows } })
      const last = () => page.evaluate(() => getComputedStyle(document.getElementById('headline-last')!).color)
      const [green, red] = ['rgb(47, 191, 139)', 'rgb(242, 104, 111)']
      await page.emulateMedia({ colorScheme: 'dark' })
      await expect.poll(last).toBe(green)
      await expect.poll(async () => (await paintOf(page, '#candles', '--green')).pixels).toBeGreaterThan(500)
      const before = { up: await paintOf(page, '#candles', '--green'), down: await paintOf(page, '#candles', '--red') }
      await page.keyboard.press('c')
      await expect.poll(last).toBe(red)
      await expect.poll(async () => (await paintOf(page, '#candles', '--red')).pixels).toBe(before.up.pixels)
      expect(await textOf(page, '#headline-change')).toMatch(/^▲ \+1\.00/)
    })
  })

  describe('by everybody', () => {
    const scenes: [string, BrowserContextOptions][] = [
      ['dark', { colorScheme: 'dark' }],
      ['light, in Chinese', { colorScheme: 'light', locale: 'zh-CN' }],
      ['on a phone', { colorScheme: 'dark', viewport: { width: 360, height: 740 } }],
    ]
    it.each(scenes)('breaks no rule of accessibility: %s', async (_, options) => {
      const rows = rowsOf(12).map((row, i) => ({
        ...row,
        state: i === 3 ? ('alert' as const) : row.state,
        halted: i === 4,
      }))
      const first = { rows, alerts: [alertOf()], feeds: [feedOf(), feedOf({ source: 'infoway', state: 'lost' })] }
      const { page } = await open({ ...options, bypassCSP: true }, { first, hello: { kind: 'simulated' } })
      await page.evaluate(AXE)
      const found = await page.evaluate(async () => {
        const { axe } = globalThis as unknown as { axe: typeof import('axe-core') }
        const { violations } = await axe.run(document, { resultTypes: ['violations'] })
        return violations.map(({ id, nodes }) => [id, ...nodes.slice(0, 4).map(({ html }) => html)])
      })
      expect(found).toEqual([])
    })

    it('has the chart in words', async () => {
      const { page } = await open()
      await expect
        .poll(() => textOf(page, '#chart-summary'))
        .toMatch(
          /^HSI Hang Seng Index, candles of 1m: \d+ bars from 18 Nov 09:30:00 to 20 Nov 10:45:00\. Last: open [\d.]+, high/,
        )
    })

    it.each([360, 600, 820, 1_100, 1_440, 1_920, 2_560])('fits a screen of %i pixels', async (width) => {
      const { page } = await open({ viewport: { width, height: 800 } })
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
      const chart = (await page.locator('#candles').boundingBox())!
      expect(chart.x + chart.width).toBeLessThanOrEqual(width)
      expect(Math.min(chart.width, chart.height)).toBeGreaterThan(200)
    })

    it('has one panel at a time on a phone, chosen by tabs', async () => {
      const { page } = await open({ viewport: { width: 360, height: 740 } })
      expect([await page.locator('#chart').isVisible(), await page.locator('#watch').isVisible()]).toEqual([
        true,
        false,
      ])
      await page.getByRole('tab', { name: 'Watch list' }).click()
      expect([await page.locator('#chart').isVisible(), await page.locator('#watch').isVisible()]).toEqual([
        false,
        true,
      ])
      await page.getByText('00700.HK').first().click()
      await expect.poll(() => page.locator('#chart').isVisible()).toBe(true)
      await expect.poll(() => textOf(page, '#headline-symbol')).toBe('00700.HK')
    })
  })

  it('keeps an order while the pointer is in the list, and sorts when it has left', async () => {
    const { page, stage } = await open({}, { first: { rows: rowsOf(2).map((row, i) => ({ ...row, ratio: 2 - i })) } })
    const order = () => page.locator('.watch-code').allTextContents()
    await page.clock.install()
    await page.locator('.watch-row').first().hover()
    await page.clock.runFor(5_000)
    await stage.show({ rows: rowsOf(2).map((row, i) => ({ ...row, ratio: 1 + i })) })
    await expect.poll(() => textOf(page, '.watch-ratio')).toBe('1.00×')
    expect(await page.locator('.watch-ratio').allTextContents()).toEqual(['1.00×', '2.00×'])
    expect(await order()).toEqual(['HSI', '00700.HK'])
    await page.mouse.move(800, 300)
    await expect.poll(order).toEqual(['00700.HK', 'HSI'])
  })
})

import { describe, expect, it } from 'vitest'
import type { ChartVolatility } from '../../src/core/dashboard/protocol.ts'
import { DAY, MINUTE } from '../../src/core/market/time.ts'
import { hasBrowser, visit } from './support/browser.ts'
import { barsOf, historyOf, NOW, rowsOf, sessionsUpTo, volatilityOf } from './support/market.ts'
import { paintOf } from './support/pixels.ts'
import { scenes } from './support/scenes.ts'
import { type Scene, Stage } from './support/stage.ts'

describe.skipIf(!hasBrowser)('the page, opened', () => {
  const running = scenes()

  async function open(scene: Scene = {}, hash = '') {
    const stage = await Stage.open(scene)
    running.stages.push(stage)
    const { page, errors } = await visit(running.browser, stage.url + hash)
    await page.locator('#desk[data-loading=false]').waitFor()
    return { stage, page, errors }
  }

  it('paints candles, volume, volatility and the line of the last hundred ticks without a word on the console', async () => {
    const { page, errors } = await open()
    await expect.poll(async () => (await paintOf(page, '#candles', '--up')).pixels).toBeGreaterThan(500)
    expect((await paintOf(page, '#candles', '--down')).pixels).toBeGreaterThan(500)
    expect((await paintOf(page, '#candles', '--accent')).pixels).toBeGreaterThan(100)
    const line = await paintOf(page, '#tick-line', '--accent')
    expect(line.right - line.left).toBeGreaterThan(400)
    expect(await page.locator('#ticks-title').textContent()).toBe('HSI Hang Seng Index')
    expect(await page.locator('#ticks-axis-time').textContent()).toBe('Time (HKT)')
    expect(await page.locator('#tape-rows tr').count()).toBe(100)
    expect(errors).toEqual([])
  })

  it('names the price axis by the currency of the stock, where it has one', async () => {
    const { page } = await open()
    expect(await page.locator('#ticks-axis-price').textContent()).toBe('Price')
    await page.getByText('00700.HK').first().click()
    await expect.poll(() => page.locator('#ticks-axis-price').textContent()).toBe('Price (HKD)')
    expect(await page.locator('#chart-axis-price').textContent()).toBe('Price (HKD)')
  })

  it('has the day of the symbol and ten levels of its book', async () => {
    const { page } = await open({ first: { rows: rowsOf(2).reverse() } })
    const { last_price, open: opened } = rowsOf(2)[1]!
    expect(await page.locator('#headline-last').textContent()).toBe(last_price!.toFixed(2))
    expect(await page.locator('.figure-open dd').textContent()).toBe(opened!.toFixed(2))
    const best = page.locator('#depth-rows tr').first().locator('td')
    expect(await best.allTextContents()).toEqual(['400', '676.50', '677.50', '400'])
    expect(await page.locator('#depth-rows tr').count()).toBe(10)
  })

  it('has the day of a book that is of another one', async () => {
    const { page, stage } = await open()
    expect(await page.locator('#depth-time').textContent()).toMatch(/^\d\d:\d\d:\d\d$/)
    await stage.show({ now: NOW + DAY })
    await expect.poll(() => page.locator('#depth-time').textContent()).toMatch(/^20 Nov \d\d:\d\d$/)
  })

  it('tells a book whose best prices are the same from one where the bid is higher', async () => {
    const level = (price: number) => [[price, 400]] as const
    const { page, stage } = await open({
      history: () => ({ depth: { timestamp: NOW, bids: level(677), asks: level(677) } }),
    })
    expect(await page.locator('#depth-note').textContent()).toBe('locked')
    await stage.showWatched({ depth: { timestamp: NOW, bids: level(677.5), asks: level(677) } })
    await expect.poll(() => page.locator('#depth-note').textContent()).toBe('crossed')
  })

  it('says so where the source tells no book', async () => {
    const { page } = await open({ history: () => ({ depth: null }) })
    expect(await page.locator('#depth-note').textContent()).toBe('The source tells no book')
    expect(await page.locator('#depth-table').isVisible()).toBe(false)
  })

  it('says that there are no trades where there is no symbol yet, and shows the first that comes', async () => {
    const { stage, page } = await open({ first: { rows: [], feeds: [] } })
    expect(await page.locator('#chart-note').textContent()).toBe('No trades yet')
    await stage.show({ rows: rowsOf(1) })
    await expect.poll(() => page.locator('#headline-symbol').textContent()).toBe('HSI')
    await expect.poll(() => page.locator('#chart-note').textContent()).toBe('')
  })

  it('asks again for a symbol that was refused because the server did not know it yet', async () => {
    const stage = await Stage.open({ history: () => '"HSI" is not shown here' })
    running.stages.push(stage)
    const { page } = await visit(running.browser, stage.url)
    await page.getByText('is not shown here').waitFor()
    stage.scene = {}
    await stage.show({ rows: rowsOf(1) })
    await page.locator('#desk[data-loading=false]').waitFor()
    await expect.poll(() => page.locator('#banner').isVisible()).toBe(false)
    expect(stage.opened).toBe(1)
  })

  it('marks simulated and recorded data as such, whatever else it shows', async () => {
    const { page } = await open({ hello: { kind: 'simulated' } })
    expect(await page.locator('#kind').textContent()).toBe('SIMULATED')
    expect(await page.locator('#kind').isVisible()).toBe(true)
  })

  it('has the most unusual symbol first', async () => {
    const ratios = [0.4, 1.2, 3.1, null]
    const { page } = await open({ first: { rows: rowsOf(4).map((row, i) => ({ ...row, ratio: ratios[i]! })) } })
    const order = await page.locator('.watch-code').allTextContents()
    expect(order).toEqual(['09988.HK', '00700.HK', 'HSI', '00005.HK'])
  })

  it('shows the most unusual three hundred of a long list, and finds the others', async () => {
    const { page } = await open({ first: { rows: rowsOf(310) } })
    expect(await page.locator('.watch-row').count()).toBe(300)
    expect(await page.locator('#watch-none').textContent()).toBe('10 more: the filter finds them')
    const shown = await page.locator('.watch-code').allTextContents()
    const other = rowsOf(310).find(({ symbol }) => !shown.includes(symbol))!.symbol
    await page.locator('#watch-filter').fill(other)
    await expect.poll(() => page.locator('.watch-code').allTextContents()).toEqual([other])
  })

  it('shades exactly where data is missing', async () => {
    const from = NOW - 62 * 60_000
    const gap = { from, to: from + 14 * 60_000, cause: 'disconnect' as const, filled_by: null }
    const sessions = sessionsUpTo(NOW)
    const bars = barsOf('1m', sessions, NOW, { isEmpty: (start) => start >= gap.from && start < gap.to })
    const whole = await open({ history: () => ({ sessions, bars, gaps: [] }) })
    await expect.poll(async () => (await paintOf(whole.page, '#candles', '--up')).pixels).toBeGreaterThan(500)
    const { page } = await open({ history: () => ({ sessions, bars, gaps: [gap] }) })
    await expect.poll(async () => (await paintOf(page, '#candles', '--up')).pixels).toBeGreaterThan(500)
    const tinted = await differing(whole.page, page)
    // 15 steps of 7 px; the newest bar, 47 steps after the hole, is the one at the right.
    expect(tinted.right - tinted.left).toBeGreaterThan(13 * 7)
    expect(tinted.right - tinted.left).toBeLessThan(18 * 7)
    const newest = (await paintOf(page, '#candles', '--accent')).right
    const steps = Math.round((NOW - gap.to) / 60_000)
    expect(Math.abs(newest - tinted.right - steps * 7)).toBeLessThan(10)
  })

  it('draws no volatility where it is undefined, and none over a night', async () => {
    const drawn = async (volatility: ChartVolatility[]) => {
      const { page } = await open({ history: () => ({ sessions, bars, volatility }) })
      await expect.poll(async () => (await paintOf(page, '#candles', '--up')).pixels).toBeGreaterThan(500)
      return (await paintOf(page, '#candles', '--accent')).pixels
    }
    const sessions = sessionsUpTo(NOW)
    const bars = barsOf('1m', sessions, NOW)
    const flat = volatilityOf(bars).map((value) => ({ ...value, volatility: 0.0015 }))
    const whole = await drawn(flat)
    const isOut = (i: number) => i > flat.length - 40 && i < flat.length - 10
    // A line two pixels thick, over 29 steps of 7 pixels and the one into which it would lead.
    expect(
      whole - (await drawn(flat.map((value, i) => (isOut(i) ? { ...value, volatility: null } : value)))),
    ).toBeGreaterThan(29 * 7 * 2)
    const night = flat.filter(({ timestamp }) => timestamp < sessions.at(-2)!.open || timestamp > NOW - 10 * MINUTE)
    expect(whole - (await drawn(night))).toBeGreaterThan(60 * 7 * 2)
  })

  it('opens with the token of its address and takes it out of there', async () => {
    const { page, stage } = await open({ secret: 's3cret' }, '#token=s3cret')
    expect(page.url()).toBe(stage.url)
    await page.reload()
    await page.locator('#desk[data-loading=false]').waitFor()
    expect(stage.opened).toBe(2)
  })

  it('says what to do where it has no token', async () => {
    const stage = await Stage.open({ secret: 's3cret' })
    running.stages.push(stage)
    const { page } = await visit(running.browser, stage.url)
    await expect
      .poll(() => page.locator('#banner-words').textContent())
      .toContain('Open the address that hkq dashboard')
  })

  it('runs nothing that a vendor or a symbol says', async () => {
    const evil = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
    const { page, errors } = await open({
      hello: { source: evil },
      first: {
        rows: rowsOf(3).map((row) => ({
          ...row,
          symbol: `${evil}${row.symbol}`,
          facts: { name_en: evil, name_zh: evil, currency: evil, lot_size: 1 },
        })),
        feeds: [{ ...FEED, source: evil, detail: evil }],
        alerts: [{ symbol: evil, timestamp: NOW, event: 'enter', volatility: 1, threshold: 1, volume_ratio: 1 }],
      },
      history: (symbol, every) => ({
        ...historyOf(symbol, every),
        ticks: historyOf(symbol, every).ticks.map((tick) => ({ ...tick, flags: [evil] })),
      }),
    })
    expect(await page.locator('img, body script').count()).toBe(0)
    expect(await page.evaluate(() => 'hacked' in window)).toBe(false)
    expect(await page.locator('.feed-name').textContent()).toBe(evil)
    expect(await page.locator('.tape-note').first().textContent()).toBe(evil)
    expect(errors).toEqual([])
  })

  it('asks for the past when it is scrolled to its oldest bar, once for each stretch', async () => {
    const sessions = sessionsUpTo(NOW)
    const all = barsOf('1m', sessions, NOW)
    const { page, stage, errors } = await open({ history: () => ({ sessions, bars: all.slice(-300) }) })
    expect(stage.said.some(({ type }) => type === 'older')).toBe(false)
    await page.mouse.move(700, 400)
    await page.mouse.wheel(-4_000, 0)
    await stage.until(() => stage.said.some(({ type }) => type === 'older'))
    expect(stage.said.find(({ type }) => type === 'older')).toEqual({
      ...{ type: 'older', id: stage.watchId, before: all.at(-300)!.start },
    })
    await page.mouse.wheel(-500, 0)
    await page.mouse.wheel(-500, 0)
    await stage.show()
    expect(stage.said.filter(({ type }) => type === 'older')).toHaveLength(1)
    const past = { volatility: [], gaps: [], sessions, more: false }
    stage.say({ type: 'older', id: stage.watchId, bars: all.slice(0, -300), ...past })
    await stage.show()
    await page.mouse.wheel(-9_000, 0)
    await stage.show()
    expect(stage.said.filter(({ type }) => type === 'older')).toHaveLength(1)
    expect(errors).toEqual([])
  })
})

const FEED = { state: 'up', since: NOW, lag: 1, rate: 1, ticks: 1, rejected: 0, gaps: 0, carries: false } as const

/** From where to where two pages' charts differ, in CSS pixels. */
async function differing(a: import('playwright-core').Page, b: import('playwright-core').Page) {
  const read = (page: typeof a): Promise<number[][]> =>
    page.evaluate(() =>
      [...document.querySelectorAll<HTMLCanvasElement>('#candles canvas')].slice(0, 1).map((canvas) => {
        const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true })!
        copy.drawImage(canvas, 0, 0)
        const { data } = copy.getImageData(0, Math.floor(canvas.height / 2), canvas.width, 1)
        return [...data]
      }),
    )
  const [first, second] = [(await read(a))[0]!, (await read(b))[0]!]
  const columns = first.flatMap((value, i) => (Math.abs(value - second[i]!) > 8 ? [Math.floor(i / 4)] : []))
  return { left: Math.min(...columns), right: Math.max(...columns) }
}

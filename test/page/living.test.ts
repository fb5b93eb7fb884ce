import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { MINUTE } from '../../src/core/market/time.ts'
import { hasBrowser, visit } from './support/browser.ts'
import {
  alertOf,
  barsOf,
  feedOf,
  historyOf,
  NOW,
  rowsOf,
  sessionsUpTo,
  ticksOf,
  volatilityOf,
} from './support/market.ts'
import { paintOf } from './support/pixels.ts'
import { scenes } from './support/scenes.ts'
import { type Scene, Stage } from './support/stage.ts'

describe.skipIf(!hasBrowser)('the page, living', () => {
  const running = scenes()

  async function open(scene: Scene = {}) {
    const stage = await Stage.open(scene)
    running.stages.push(stage)
    const { page, errors } = await visit(running.browser, stage.url)
    await page.locator('#desk[data-loading=false]').waitFor()
    return { stage, page, errors }
  }

  const texts = (page: Page, selector: string) => page.locator(selector).allTextContents()
  const textOf = (page: Page, selector: string) => page.locator(selector).first().textContent()
  const stale = (page: Page) => page.locator(':root[data-stale=true]').count()

  it('shows trades as they come, the newest first, each once', async () => {
    const { page, stage, errors } = await open({ history: () => ({ ticks: ticksOf(2, NOW, { nth: 99 }) }) })
    const tick = (nth: number, last_price: number) => ({
      ...{ timestamp: NOW + nth, last_price, volume: 400, side: 'buy' as const, flags: [], nth },
    })
    await stage.showWatched({ ticks: [tick(101, 680), tick(102, 680.5)] })
    await stage.showWatched({ ticks: [tick(103, 681)] })
    await expect.poll(() => textOf(page, '#tape-rows .tape-price')).toBe('681.00')
    expect(await texts(page, '#tape-rows .tape-price')).toEqual(['681.00', '680.50', '680.00', '678.00', '677.50'])
    expect(errors).toEqual([])
  })

  it('says how many trades it had no room for', async () => {
    const { page, stage } = await open()
    await stage.showWatched({ ticks: ticksOf(1, NOW, { nth: 140 }) })
    await expect.poll(() => textOf(page, '#tape-rows .tape-note')).toBe('39 more trades not shown')
  })

  it('moves the last candle, begins the next, and mends one that a late trade changed', async () => {
    const sessions = sessionsUpTo(NOW)
    const bars = barsOf('1m', sessions, NOW)
    const { page, stage, errors } = await open({ history: () => ({ sessions, bars }) })
    const last = bars.at(-1)!
    const close = () => textOf(page, '.legend-closing .legend-value')
    await stage.showWatched({ bars: [{ ...last, close: 700.5, high: 701 }] })
    await expect.poll(close).toBe('700.50')
    const next = { ...last, start: last.end, end: last.end + MINUTE, open: 700.5, close: 702.5 }
    await stage.showWatched({ bars: [{ ...bars.at(-9)!, high: 720 }, next] }, { now: next.start })
    await expect.poll(close).toBe('702.50')
    await expect.poll(() => textOf(page, '.legend-time')).toBe('20 Nov 10:46:00')
    expect(errors).toEqual([])
  })

  it('says of a candle that trades are missing from it, until they are filled in', async () => {
    const sessions = sessionsUpTo(NOW)
    const bars = barsOf('1m', sessions, NOW)
    const { page, stage } = await open({ history: () => ({ sessions, bars }) })
    expect(await textOf(page, '.legend-gap')).toBe('')
    await stage.showWatched({ bars: [{ ...bars.at(-1)!, has_gap: true }] })
    await expect.poll(() => textOf(page, '.legend-gap')).toBe('data missing')
    await stage.showWatched({ bars: [bars.at(-1)!] })
    await expect.poll(() => textOf(page, '.legend-gap')).toBe('')
  })

  it('lets the axis go on while nothing is traded', async () => {
    const { page, stage } = await open()
    const before = await paintOf(page, '#candles', '--accent')
    await stage.show({ now: NOW + 10 * MINUTE })
    // Ten empty steps of 7 px have come in at the right, and what was drawn has gone left by as much.
    await expect
      .poll(async () => Math.round((await paintOf(page, '#candles', '--accent')).right - before.right))
      .toBeLessThan(-60)
  })

  it('calls an alert out: in the list, the title, the watch list, to screen readers, over the chart', async () => {
    const { page, stage, errors } = await open()
    expect((await paintOf(page, '#candles', '--alert')).pixels).toBeLessThan(400)
    const bars = barsOf('1m', sessionsUpTo(NOW), NOW)
    const entered = {
      ...volatilityOf(bars.slice(-1))[0]!,
      volatility: 0.0026,
      state: 'alert' as const,
      event: 'enter' as const,
    }
    const row = { ...rowsOf(12)[2]!, ratio: 2.2, state: 'alert' as const }
    const dashed = (await paintOf(page, '#candles', '--alert')).pixels
    await stage.showWatched({ volatility: [entered] }, { alerts: [alertOf()], rows: [row] })
    await expect.poll(() => textOf(page, '#alerts-list .alert-symbol')).toBe('09988.HK')
    expect(await textOf(page, '#spoken')).toBe(
      '09988.HK Alibaba - W: volatility alert at 10:45:30, 0.231%, threshold 0.180%',
    )
    await expect.poll(() => page.title()).toMatch(/^\(1!\) HSI /)
    await expect.poll(() => textOf(page, '#alerts-count')).toBe('1')
    await expect.poll(() => textOf(page, '.watch-row[data-state=alert] .watch-code')).toBe('09988.HK')
    await expect.poll(async () => (await paintOf(page, '#candles', '--alert')).pixels).toBeGreaterThan(dashed + 60)
    await page.keyboard.press('Shift')
    await expect.poll(() => page.title()).toMatch(/^HSI /)
    expect(errors).toEqual([])
  })

  it('shows the symbol of an alert that is clicked', async () => {
    const { page, stage } = await open({ first: { alerts: [alertOf()] } })
    await page.locator('#alerts-list button').click()
    await stage.until(() => stage.said.some((message) => message.type === 'watch' && message.symbol === '09988.HK'))
    await expect.poll(() => textOf(page, '#ticks-title')).toBe('09988.HK Alibaba - W')
  })

  it('changes the interval by a button and by a key, and keeps it', async () => {
    const { page, stage, errors } = await open()
    await page.getByRole('button', { name: '5m', exact: true }).click()
    await stage.until(
      () => stage.said.at(-1)?.type === 'watch' || stage.said.some((m) => m.type === 'watch' && m.every === '5m'),
    )
    await expect.poll(() => textOf(page, '.legend-time')).toBe('20 Nov 10:45:00')
    await page.keyboard.press('9')
    await stage.until(() => stage.said.some((message) => message.type === 'watch' && message.every === '1h'))
    await expect.poll(() => textOf(page, '.legend-time')).toBe('20 Nov 10:30:00')
    expect(await texts(page, '.interval[aria-pressed=true]')).toEqual(['1h'])
    await page.reload()
    await page.locator('#desk[data-loading=false]').waitFor()
    expect(stage.said.findLast((message) => message.type === 'watch')).toMatchObject({ every: '1h' })
    expect(errors).toEqual([])
  })

  it('takes no answer to a wish that it no longer has', async () => {
    const { page, stage } = await open()
    const old = stage.watchId
    await page.keyboard.press('6')
    await stage.until(() => stage.watchId > old)
    await page.locator('#desk[data-loading=false]').waitFor()
    const ticks = ticksOf(1, NOW, { price: 999, nth: 500 })
    await stage.show({ watched: { id: old, ticks } })
    stage.say({ ...historyOf('HSI', '1m', { ticks }), id: old })
    await stage.show({ feeds: [feedOf({ rate: 7 })] })
    await expect.poll(() => textOf(page, '.feed-figures')).toMatch(/^7 ticks/)
    expect(await texts(page, '#tape-rows .tape-price')).toHaveLength(100)
  })

  it('asks once when keys are pressed faster than a past is read', async () => {
    const { page, stage } = await open()
    const asked = () => stage.said.filter(({ type }) => type === 'watch').length
    const before = asked()
    const now = Date.now()
    await page.clock.install({ time: now })
    await page.clock.pauseAt(now + 5_000)
    for (let i = 0; i < 8; i++) {
      await page.keyboard.press('j')
      await page.clock.runFor(20)
    }
    expect(asked()).toBe(before)
    await page.clock.runFor(200)
    await stage.until(() => asked() > before)
    await page.clock.resume()
    await stage.show()
    expect(asked()).toBe(before + 1)
  })

  it('draws the day of a symbol also where nothing comes after the second in which it came', async () => {
    const [row] = rowsOf(1)
    const { stage, page } = await open({ first: { rows: [{ ...row!, last_price: null, trend: [] }] } })
    const line = page.locator('.spark-line').first()
    await expect.poll(() => page.locator('.watch-code').count()).toBe(1)
    await stage.show({ rows: [row!] })
    await expect.poll(() => line.getAttribute('d')).toMatch(/^M0/)
  })

  it('greys its prices when the feed is lost, says since when, and shades the hole as it grows', async () => {
    const { page, stage } = await open()
    const lost = feedOf({ state: 'lost', since: NOW - 5 * MINUTE, detail: 'ECONNRESET' })
    await stage.show({ feeds: [lost] })
    await expect
      .poll(() => textOf(page, '#banner-words'))
      .toBe('Feed alltick lost since 10:40:30: prices are those of then.')
    expect(await stale(page)).toBe(1)
    // What each failed attempt changes is read out to nobody again.
    await stage.show({ feeds: [{ ...lost, detail: 'next try in 3.0 s' }] })
    await expect.poll(() => textOf(page, '#banner-detail[aria-live=off]')).toBe('next try in 3.0 s')
    await stage.show({ feeds: [feedOf()] })
    await expect.poll(() => stale(page)).toBe(0)
    expect(await page.locator('#banner').isVisible()).toBe(false)
  })

  it('greys its prices when the server is gone, connects by itself, and goes on with what it says then', async () => {
    const { page, stage, errors } = await open()
    await stage.down()
    await expect.poll(() => stale(page)).toBe(1)
    expect(await textOf(page, '#banner-words')).toMatch(
      /^No word from hkq since \d\d:\d\d:\d\d: prices are those of then/,
    )
    expect(await page.title()).toMatch(/^\[stale\] HSI /)
    errors.length = 0
    stage.scene = { history: () => ({ ticks: ticksOf(100, NOW, { price: 800 }) }) }
    await stage.up()
    await expect.poll(() => stale(page)).toBe(0)
    await expect.poll(() => textOf(page, '#tape-rows .tape-price')).toMatch(/^7[89]\d|^8/)
    await stage.showWatched({ ticks: ticksOf(1, NOW, { price: 900, nth: 101 }) })
    await expect.poll(() => textOf(page, '#tape-rows .tape-price')).toMatch(/^900|^899|^90/)
    expect(errors.filter((text) => !/ERR_CONNECTION_REFUSED|Failed to load/.test(text))).toEqual([])
  })

  it('loads itself again when the server has other files, once', async () => {
    const { page, stage } = await open()
    await stage.down()
    stage.scene = { hello: { build: 'two' } }
    const loaded = page.waitForEvent('load')
    await stage.up()
    await loaded
    await page.locator('#desk[data-loading=false]').waitFor()
    await stage.show()
    expect(stage.opened).toBe(3)
  })

  it('opens a silent line anew', async () => {
    const { page, stage } = await open()
    await page.clock.install()
    await page.clock.runFor(12_000)
    await stage.until(() => stage.opened === 2)
  })

  it('shows what the server refuses', async () => {
    const { page, stage } = await open()
    stage.say({ type: 'refusal', id: stage.watchId, reason: '"HSI" is not shown here' })
    await expect.poll(() => textOf(page, '#banner-words')).toBe('hkq refused: "HSI" is not shown here')
  })

  it('paints nothing while it is hidden, answers each frame with a wish to rest, and has alerts in its title', async () => {
    const { page, stage, errors } = await open()
    const hide = (hidden: boolean) =>
      page.evaluate((hidden) => {
        Object.defineProperty(document, 'hidden', { value: hidden, configurable: true })
        document.dispatchEvent(new Event('visibilitychange'))
      }, hidden)
    await hide(true)
    const shown = await textOf(page, '#tape-rows .tape-price')
    await stage.showWatched({ ticks: ticksOf(2, NOW, { price: 900, nth: 101 }) }, { alerts: [alertOf()] })
    expect(stage.said.at(-1)).toMatchObject({ type: 'painted', rest: 1_000 })
    await expect.poll(() => page.title()).toMatch(/^\(1!\) /)
    expect(await textOf(page, '#tape-rows .tape-price')).toBe(shown)
    await hide(false)
    await expect.poll(() => textOf(page, '#tape-rows .tape-price')).not.toBe(shown)
    await stage.show()
    expect(stage.said.at(-1)).not.toHaveProperty('rest')
    expect(errors).toEqual([])
  })

  it('does not grow with what it has been told', async () => {
    const { page, stage } = await open()
    const size = () => page.evaluate(() => document.querySelectorAll('*').length)
    const tell = async (from: number, to: number) => {
      for (let i = from; i < to; i++) {
        const alerts = Array.from({ length: 20 }, (_, n) => alertOf({ timestamp: NOW + i * 1_000 + n }))
        const ticks = ticksOf(80, NOW + i * 1_000, { nth: 101 + 80 * i })
        await stage.showWatched({ ticks }, { alerts, rows: rowsOf(12), feeds: [feedOf({ rate: i })] })
      }
      await expect.poll(() => textOf(page, '.feed-figures')).toMatch(new RegExp(`^${to - 1} ticks/s`))
    }
    await tell(0, 15)
    const before = await size()
    await tell(15, 40)
    expect(await size()).toBe(before)
    expect(await page.locator('#alerts-list li').count()).toBe(200)
  })
})

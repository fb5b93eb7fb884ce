import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import type { ChartVolatility } from '../../src/core/dashboard/protocol.ts'
import { dayNumber, MINUTE } from '../../src/core/market/time.ts'
import { percent, ratio } from '../../src/page/figures.ts'
import { hkq, says, start, workdir } from '../e2e/hkq.ts'
import { hasBrowser, visit } from './support/browser.ts'
import { barsOf, NOW, sessionsUpTo, volatilityOf } from './support/market.ts'
import { paintOf } from './support/pixels.ts'
import { scenes } from './support/scenes.ts'
import { type Scene, Stage } from './support/stage.ts'

describe.skipIf(!hasBrowser)('the page, scrolled back to earlier days', () => {
  const running = scenes()

  const line = (page: Page) => paintOf(page, '#candles', '--accent')
  const dots = async (page: Page) => (await paintOf(page, '#candles', '--alert')).pixels
  const textOf = (page: Page, selector: string) => page.locator(selector).first().textContent()

  const sessions = sessionsUpTo(NOW)
  const all = barsOf('1m', sessions, NOW)
  const earlier = all.slice(0, -80)
  const noon = earlier.findLast(({ end }) => end % (60 * MINUTE) === 0)!.end

  /** A page that has scrolled back by so many pixels, and knows nothing of the volatility there. */
  async function scrolledBack(scene: Scene = {}, pixels = 2_000) {
    const stage = await Stage.open({ history: () => ({ sessions, bars: all, volatility: [], more: false }), ...scene })
    running.stages.push(stage)
    const { page, errors } = await visit(running.browser, stage.url)
    await page.locator('#desk[data-loading=false]').waitFor()
    await page.mouse.move(700, 400)
    await page.mouse.wheel(-pixels, 0)
    await stage.show()
    await page.mouse.move(5, 5)
    const tell = async (volatility: readonly ChartVolatility[]): Promise<void> => {
      stage.say({ type: 'volatility', id: stage.watchId, volatility })
      // The chart is painted every other turn of the screen.
      for (let turn = 0; turn < 4; turn++) await stage.show()
    }
    return { stage, page, errors, tell }
  }

  it('draws the line when it comes, all along what is in sight, and a dot over the candle and on the line of an alert', async () => {
    const { page, errors, tell } = await scrolledBack()
    const before = await line(page)
    await tell(volatilityOf(earlier))
    await expect.poll(async () => (await line(page)).pixels).toBeGreaterThan(before.pixels + 300)
    const drawn = await line(page)
    expect(drawn.left).toBeLessThan(20)
    const alertless = await dots(page)
    await tell(volatilityOf(earlier, [noon - 200 * MINUTE, noon]))
    await expect.poll(() => dots(page)).toBeGreaterThan(alertless)
    expect(errors).toEqual([])
  })

  it('draws none where it is undefined', async () => {
    const { page, tell } = await scrolledBack()
    const before = await line(page)
    const nothing = { volatility: null, usual: null, threshold: null, volume_ratio: null }
    await tell(volatilityOf(earlier).map((point) => ({ ...point, ...nothing })))
    await page.mouse.move(400, 380)
    await expect.poll(() => textOf(page, '.legend-volatility .legend-value')).toBe('–')
    await page.mouse.move(5, 5)
    expect(await line(page)).toEqual(before)
  })

  it('takes nothing in that is told of what it looks at no more', async () => {
    const { page, stage, tell } = await scrolledBack()
    const before = await line(page)
    stage.say({ type: 'volatility', id: stage.watchId - 1, volatility: volatilityOf(earlier) })
    await stage.show()
    expect(await line(page)).toEqual(before)
    await tell(volatilityOf(earlier))
    await expect.poll(async () => (await line(page)).pixels).toBeGreaterThan(before.pixels)
  })

  it.each([
    ['1h', 'goes on over a night', 1],
    ['1h', 'ends before a day without a value', 2],
    ['15m', 'ends at a night', 1],
  ] as const)('has a line at %s that %s', async (every, how, later) => {
    const bars = barsOf(every, sessions, NOW)
    const days = [...new Set(bars.map(({ end }) => dayNumber(end)))]
    const of = (day: number) => bars.filter(({ end }) => dayNumber(end) === days[day])
    const history = () => ({ every, bars, sessions, volatility: [], more: false })
    const { page, tell } = await scrolledBack({ history }, 0)
    const before = (await line(page)).pixels
    await tell(volatilityOf([of(0).at(-1)!, of(later)[0]!]))
    await expect.poll(() => textOf(page, '.legend-volatility .legend-value')).toBe('0.124%')
    if (how === 'goes on over a night') expect((await line(page)).pixels).toBeGreaterThan(before)
    else expect((await line(page)).pixels).toBe(before)
  })

  it('shows of a store what hkq volatility prints of it', async () => {
    const cwd = workdir()
    const market = 'sim:?speed=max&rate=0.2&days=8&start=2026-11-10T09:00&seed=3'
    await hkq(['record', '00700.HK', '--from', market, '--to', 'sqlite:a.db', '--quiet'], { cwd })
    const settings = ['--from', 'sqlite:a.db', '--lookback', '6d']
    const { stdout } = await hkq(['volatility', '00700.HK', ...settings, '--format', 'ndjson'], { cwd })
    const records = stdout
      .trim()
      .split('\n')
      .map((row) => JSON.parse(row) as Record<string, string>)
    const [, url] = await says(start(['dashboard', ...settings, '--port', '0'], { cwd }), /dashboard at (\S+)/)
    const { page, errors } = await visit(running.browser, url!)
    await page.locator('#desk[data-loading=false]').waitFor()
    await page.mouse.move(600, 400)
    for (let i = 0; i < 12; i++) await page.mouse.wheel(-600, 0)
    const shown = async () => {
      const [, day, month, time] = /^(\d+) (\w+) ([\d:]+)$/.exec((await textOf(page, '.legend-time')) ?? '') ?? []
      const values = ['volatility', 'usual', 'threshold', 'turnover-ratio']
      const read = values.map((name) => textOf(page, `#legend-volatility .legend-${name} .legend-value`))
      return { time: `${day} ${month} ${time}`, values: await Promise.all(read) }
    }
    await page.mouse.move(602, 402)
    await expect.poll(async () => (await shown()).values[2]).toMatch(/%/)
    const { time, values } = await shown()
    const moment = new Date(`${time} 2026 UTC`).toISOString().slice(0, 19)
    const end = new Date(Date.parse(`${moment}Z`) + MINUTE).toISOString().slice(0, 19)
    expect(end.slice(0, 10) < records.at(-1)!.timestamp!.slice(0, 10)).toBe(true)
    const record = records.find(({ timestamp }) => timestamp!.startsWith(end))!
    const { volatility, usual, threshold, volume_ratio } = record as unknown as ChartVolatility
    expect(values).toEqual([percent(volatility), percent(usual), percent(threshold), ratio(volume_ratio)])
    expect((await line(page)).pixels).toBeGreaterThan(300)
    expect(errors).toEqual([])
  })
})

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { says, start, workdir } from '../e2e/hkq.ts'
import { hasBrowser, openBrowser, visit } from './support/browser.ts'
import { paintOf } from './support/pixels.ts'

describe.skipIf(!hasBrowser)('the page, served by hkq dashboard', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await openBrowser()
  })
  afterAll(() => browser?.close())

  const FROM = 'sim:?rate=20&speed=5&start=2026-11-20T10:30'

  async function serve(cwd: string, ...more: string[]): Promise<{ child: ChildProcess; url: string }> {
    const child = start(['dashboard', 'HSI', '00700.HK', '09988.HK', '--from', FROM, ...more], { cwd })
    const [, url] = await says(child, /dashboard at (\S+)/)
    return { child, url: url! }
  }

  const newest = (page: Page) => page.locator('#tape-rows .tape-time').first().textContent()
  async function goesOn(page: Page): Promise<void> {
    const before = await newest(page)
    await expect.poll(() => newest(page)).not.toBe(before)
  }

  it('shows a market that lives, keeps nothing to complain of, and goes on after a restart of its server', async () => {
    const cwd = workdir()
    const first = await serve(cwd, '--port', '0')
    const { page, errors } = await visit(browser, first.url)
    await page.locator('.watch-row', { hasText: '00700.HK' }).click()
    await expect.poll(() => page.locator('#ticks-title').textContent()).toMatch(/^00700\.HK /)
    await expect.poll(async () => (await paintOf(page, '#candles', '--up')).pixels).toBeGreaterThan(20)
    expect(await page.locator('#kind').textContent()).toBe('SIMULATED')
    expect(await page.locator('#depth-rows tr').first().locator('.depth-price').allTextContents()).toEqual([
      ...[expect.stringMatching(/^\d+\.\d\d$/), expect.stringMatching(/^\d+\.\d\d$/)],
    ])
    await goesOn(page)
    for (const every of ['1s', '1h', '1d', '5m']) {
      await page.getByRole('button', { name: every, exact: true }).click()
      await page.locator('#desk[data-loading=false]').waitFor()
      await goesOn(page)
    }
    expect(errors).toEqual([])
    first.child.kill('SIGKILL')
    await once(first.child, 'exit')
    await expect.poll(() => page.locator(':root[data-stale=true]').count()).toBe(1)
    await serve(cwd, '--port', new URL(first.url).port)
    await expect.poll(() => page.locator(':root[data-stale=true]').count()).toBe(0)
    await goesOn(page)
    await page.context().close()
  })
})

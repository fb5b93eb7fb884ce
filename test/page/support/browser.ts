import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

/** The browser that tests may use. */
export const CHROMIUM = process.env.HKQ_CHROMIUM ?? '/usr/bin/chromium'

/** Whether it is there; where it must be (HKQ_DEMAND_SERVERS=1) tests run, and fail, all the same. */
export const hasBrowser = process.env.HKQ_DEMAND_SERVERS === '1' || existsSync(CHROMIUM)

const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
]

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
}

/** A page with nothing kept from before, and what went wrong in it. */
export interface Visit {
  readonly page: Page
  /** Errors of its console, uncaught ones, and what it was refused. */
  readonly errors: string[]
}

/** Opens a page for one visitor. */
export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB', ...options })
  const page = await context.newPage()
  const errors: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text())
  })
  page.on('pageerror', (error) => errors.push(error.message))
  await page.goto(url)
  return { page, errors }
}

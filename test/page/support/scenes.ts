import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { openBrowser } from './browser.ts'
import type { Stage } from './stage.ts'

/** One browser for the tests around, and the stages of each, which end with it. */
export function scenes(): { readonly browser: Browser; readonly stages: Stage[] } {
  const stages: Stage[] = []
  let browser: Browser
  beforeAll(async () => {
    browser = await openBrowser()
  })
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close()
    for (const stage of stages.splice(0)) await stage.down()
  })
  afterAll(() => browser?.close())
  return {
    stages,
    get browser() {
      return browser
    },
  }
}

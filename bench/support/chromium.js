import { chromium } from 'playwright-core'

/** The browser of the measurements. */
export const CHROMIUM = process.env.HKQ_CHROMIUM ?? '/usr/bin/chromium'

const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
]

export function openChromium() {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
}

import { HkqError } from '../errors.ts'
import type { Source } from '../pipeline/source.ts'
import { checkCount, LongbridgeFeed, type LongbridgeFeedOptions } from './longbridge/feed.ts'
import { loadSdk, type Sdk } from './longbridge/sdk.ts'
import { scrubber } from './secret.ts'

export interface LongbridgeOptions extends LongbridgeFeedOptions {
  readonly longbridge?: () => { appKey?: string; appSecret?: string; accessToken?: string }
  /** Default: the installed package. */
  readonly load?: () => Promise<Sdk>
}

/**
 * Longbridge's live feed through its official SDK, which is loaded here and nowhere else.
 * @throws HkqError E_TOKEN without credentials, E_USAGE without the package or beyond 500 symbols; while iterated: E_TOKEN
 *   when they are refused, E_NETWORK when the retries are exhausted
 */
export async function openLongbridge(options: LongbridgeOptions): Promise<Source> {
  const { appKey, appSecret, accessToken } = options.longbridge?.() ?? {}
  if (!appKey || !appSecret || !accessToken) {
    throw new HkqError(
      'E_TOKEN',
      'no Longbridge credentials: set LONGBRIDGE_APP_KEY, LONGBRIDGE_APP_SECRET and LONGBRIDGE_ACCESS_TOKEN',
    )
  }
  checkCount(options.symbols)
  const sdk = await (options.load ?? loadSdk)()
  const scrub = scrubber([], { appKey, appSecret, accessToken })
  const config = sdk.Config.fromApikey(appKey, appSecret, accessToken, { enablePrintQuotePackages: false })
  return new LongbridgeFeed(sdk.QuoteContext.new(config), scrub, options)
}

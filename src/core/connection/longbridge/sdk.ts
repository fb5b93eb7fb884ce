import { HkqError } from '../../errors.ts'

/*
 * The part of the npm package `longbridge` (4.x, index.d.ts) that hkq uses, so that it compiles without it. The package's
 * enumerations are numbers.
 */

export const SUB_TYPE = { quote: 0, depth: 1, trade: 3 } as const

/** TradeStatus: whether a security trades. */
export const TRADE_STATUS = {
  normal: 0,
  halted: 1,
  delisted: 2,
  fuse: 3,
  codeMoved: 5,
  splitStockHalts: 7,
  expired: 8,
  suspend: 10,
} as const

export interface Decimal {
  toNumber(): number
}

export interface Trade {
  readonly price: Decimal
  readonly volume: number
  /** Whole seconds. */
  readonly timestamp: Date
  readonly tradeType: string
}

export interface Depth {
  readonly price: Decimal | null
  readonly volume: number
}

export interface PushTradesEvent {
  readonly symbol: string
  readonly data: { readonly trades: readonly Trade[] }
}

export interface PushDepthEvent {
  readonly symbol: string
  readonly data: { readonly asks: readonly Depth[]; readonly bids: readonly Depth[] }
}

export interface PushQuoteEvent {
  readonly symbol: string
  readonly data: { readonly tradeStatus: number }
}

export interface SecurityQuote {
  readonly symbol: string
  readonly prevClose: Decimal
  readonly tradeStatus: number
}

export interface SecurityStaticInfo {
  readonly symbol: string
  readonly nameCn: string
  readonly nameEn: string
  readonly nameHk: string
  readonly currency: string
  readonly lotSize: number
}

type Callback<E> = (error: Error | null, event: E) => void

/** A connection of the SDK: it connects with the first call, and again by itself, without telling. */
export interface QuoteContext {
  setOnQuote(callback: Callback<PushQuoteEvent>): void
  setOnDepth(callback: Callback<PushDepthEvent>): void
  setOnTrades(callback: Callback<PushTradesEvent>): void
  /** Adds to what is subscribed. */
  subscribe(symbols: string[], subTypes: number[]): Promise<void>
  unsubscribe(symbols: string[], subTypes: number[]): Promise<void>
  quote(symbols: string[]): Promise<SecurityQuote[]>
  staticInfo(symbols: string[]): Promise<SecurityStaticInfo[]>
}

type Config = object

export interface Sdk {
  readonly Config: {
    fromApikey(
      appKey: string,
      appSecret: string,
      accessToken: string,
      extra?: { enablePrintQuotePackages?: boolean } | null,
    ): Config
  }
  readonly QuoteContext: { 'new'(config: Config): QuoteContext }
}

/** @throws HkqError E_USAGE when the package is not installed, with the line that adds it, or does not run here */
export async function loadSdk(): Promise<Sdk> {
  try {
    const module = await import('longbridge' as string)
    return module.default ?? module
  } catch (cause) {
    throw new HkqError('E_USAGE', `longbridge: needs the package longbridge, which ${whyNot(cause)}`, { cause })
  }
}

/** Why the package could not be loaded, in words that follow its name. */
export function whyNot(cause: unknown): string {
  if (isMissing(cause)) return 'is not installed: npm install longbridge'
  return `does not run on this system (${rootOf(cause)}): its README names the systems it does`
}

function isMissing(cause: unknown): boolean {
  const { code, message = '' } = cause as { code?: string; message?: string }
  return /MODULE_NOT_FOUND$/.test(code ?? '') && /'longbridge'/.test(message)
}

/** What lies at the bottom of the package's error: that of the native part which came nearest. */
function rootOf(error: unknown): string {
  const told: string[] = []
  for (let at = error; at instanceof Error; at = at.cause) told.push(at.message.split('\n')[0]!)
  return told.find((words) => !/^Cannot find/.test(words)) ?? told.at(-1) ?? 'unknown'
}

import { messageOf } from '../../errors.ts'
import { toShort } from '../../market/symbol.ts'
import { refusalIn } from './refusal.ts'
import { type QuoteContext, type SecurityQuote, SUB_TYPE } from './sdk.ts'

const TYPES = [SUB_TYPE.quote, SUB_TYPE.depth, SUB_TYPE.trade]

/** What is asked of the SDK's connection, and what it has accepted. */
export class LongbridgeRequests {
  readonly #context: QuoteContext
  readonly #scrub: (text: string) => string
  #subscribed: readonly string[] = []

  /** @param scrub takes secrets out of the SDK's words */
  constructor(context: QuoteContext, scrub: (text: string) => string) {
    this.#context = context
    this.#scrub = scrub
  }

  /**
   * Asks for exactly these symbols, whatever was asked for before.
   * @param signal ends the waiting
   * @returns why it failed, null when it did not, or was ended
   * @throws HkqError E_TOKEN, E_USAGE for a refusal that no further attempt can help
   */
  async subscribe(symbols: readonly string[], signal: AbortSignal): Promise<string | null> {
    const codes = symbols.map(toShort)
    const left = this.#subscribed.filter((code) => !codes.includes(code))
    try {
      if (left.length > 0) await until(this.#context.unsubscribe(left, TYPES), signal)
      if (codes.length > 0) await until(this.#context.subscribe(codes, TYPES), signal)
    } catch (error) {
      const words = this.#scrub(messageOf(error))
      const refusal = refusalIn(words)
      if (refusal !== null) throw refusal
      return words
    }
    if (!signal.aborted) this.#subscribed = codes
    return null
  }

  /** How the securities that are subscribed stand now; none where that is not answered. */
  statuses(): Promise<readonly SecurityQuote[]> {
    return this.#context.quote([...this.#subscribed]).catch(() => [])
  }

  /** Lets go of the subscription, and waits for no answer. */
  leave(): void {
    this.#context.unsubscribe([...this.#subscribed], TYPES).catch(() => {})
  }
}

/** Waits for `work`, or until `signal` aborts. */
function until(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => resolve()
    signal.addEventListener('abort', leave, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}

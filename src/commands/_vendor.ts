import { parseAddress } from '../core/address/address.ts'
import { openSource } from '../core/address/open-source.ts'
import { HkqError, messageOf } from '../core/errors.ts'
import type { Inquiry } from '../core/pipeline/inquiry.ts'
import { sourceOptions } from './_feed.ts'
import type { Io } from './_io.ts'
import type { Setup } from './_setup.ts'

/** A vendor that is asked, not listened to. */
export interface Vendor {
  readonly name: string
  readonly inquiry: Inquiry
}

/** Questions in a row without an answer after which the vendor counts as unreachable. */
const ENOUGH = 3

/**
 * Questions of many symbols: one that the vendor refuses, or does not answer, keeps nobody from the next, until it seems
 * that none will be answered.
 */
export class Questions {
  readonly #onRefusal: (line: string) => void
  #isAnswered = false
  #failures: unknown[] = []

  constructor(onRefusal: (line: string) => void) {
    this.#onRefusal = onRefusal
  }

  /** What a question gives; null where it was not answered. @throws the third failure in a row, and any but of the network */
  async ask<T>(symbol: string, question: () => Promise<T>): Promise<T | null> {
    try {
      const answer = await question()
      this.#isAnswered = true
      this.#failures = []
      return answer
    } catch (error) {
      const isOne = error instanceof HkqError && error.code === 'E_NETWORK'
      if (!isOne || this.#failures.push(error) === ENOUGH) throw error
      this.#onRefusal(`hkq: ${symbol}: ${messageOf(error)}`)
      return null
    }
  }

  /** @throws the first failure where no question was answered */
  end(): void {
    if (!this.#isAnswered && this.#failures.length > 0) throw this.#failures[0]
  }
}

/**
 * Who answers questions at an address; nothing is connected to before the first one.
 * @throws HkqError E_USAGE for an address that answers none, E_TOKEN without a token
 */
export async function openVendor(text: string, setup: Setup, io: Io): Promise<Vendor> {
  const address = parseAddress(text, 'source')
  const { name, inquiry } = await openSource(address, {
    ...sourceOptions(setup, io),
    symbols: [],
    signal: io.interrupted,
  })
  if (inquiry === undefined) throw new HkqError('E_USAGE', `"${text}" answers no questions: use alltick:`)
  return { name, inquiry }
}

import type { Clock } from '../clock.ts'
import { HkqError } from '../errors.ts'
import type { Gate } from './gate.ts'
import type { Dropped, Subscription } from './subscription.ts'
import type { Reply, Request, Vendor } from './vendor.ts'

/** After this long without an answer a request counts as accepted, ms: some vendors only stream. */
export const ANSWER_TIMEOUT = 10_000

export interface RequestOptions {
  readonly vendor: Vendor
  readonly clock: Clock
  readonly gate: Gate
  /** Of all connections with the same secret. */
  readonly shared?: Gate | undefined
  readonly subscription: Subscription
  /** Takes what is secret out of a vendor's words. */
  readonly scrub: (text: string) => string
  readonly send: (frame: string) => void
  /** Something was accepted. */
  readonly up: () => void
  readonly dropped: (dropped: Dropped) => void
  readonly warning: (detail: string) => void
  /** Looks after a task: its failure ends the connection. */
  readonly run: (task: Promise<void>) => void
}

/** The requests of one connection and their answers: what the subscription wants, at the vendor's pace. */
export class Requests {
  readonly #options: RequestOptions
  readonly #signal: AbortSignal
  #isPumping = false

  /** @param signal aborts when the connection ends */
  constructor(options: RequestOptions, signal: AbortSignal) {
    this.#options = options
    this.#signal = signal
  }

  /** Sends what the subscription asks for, one frame a turn. */
  async pump(): Promise<void> {
    if (this.#isPumping) return
    this.#isPumping = true
    const { subscription, run } = this.#options
    while (subscription.hasNext && (await this.#turn())) {
      const request = subscription.next()
      if (request !== undefined) run(this.#send(request))
    }
    this.#isPumping = false
  }

  async #turn(): Promise<boolean> {
    const { gate, shared } = this.#options
    if (shared !== undefined && !(await shared.turn(this.#signal))) return false
    return gate.turn(this.#signal)
  }

  /** @throws HkqError when the vendor's answer leaves nothing to go on with */
  async answered(reply: Exclude<Reply, { type: 'heartbeat' }>): Promise<void> {
    if (reply.type === 'refused') this.#refused(reply)
    else {
      this.#options.subscription.accepted(reply.id, reply.kind)
      this.#options.up()
    }
    await this.pump()
  }

  async #send(request: Request): Promise<void> {
    const { clock, send, subscription, up } = this.#options
    send(request.frame)
    await clock.sleep(ANSWER_TIMEOUT, this.#signal)
    if (this.#signal.aborted) return
    subscription.expired(request)
    up()
    await this.pump()
  }

  #refused(reply: Extract<Reply, { type: 'refused' }>): void {
    const { subscription, vendor, gate, scrub, dropped, warning } = this.#options
    const words = `${reply.code} "${scrub(reply.message)}"`
    if (reply.verdict === 'symbols') {
      const lost = subscription.refused({ ...reply, message: scrub(reply.message) })
      if (lost !== undefined) dropped(lost)
    } else if (reply.verdict === 'backoff') {
      gate.slow(vendor.reconnect.capMs)
      subscription.postponed(reply.id, reply.kind)
      warning(`${vendor.name} asks for slower requests: ${words}`)
    } else {
      throw refusal(vendor, reply.verdict, words, subscription.active.length)
    }
  }
}

/** The error of a refusal that no further attempt can help. */
export function refusal(
  vendor: Vendor,
  verdict: 'token' | 'fatal' | 'limit',
  words: string,
  symbols: number,
): HkqError {
  if (verdict === 'token') {
    return new HkqError(
      'E_TOKEN',
      `${vendor.name} refuses the token (${words}): check that it is complete and not expired`,
    )
  }
  if (verdict === 'limit') {
    const remedy = `${symbols} symbols are too many for the plan: ask for fewer, or take a larger plan`
    return new HkqError('E_USAGE', `${vendor.name} refuses the subscription (${words}): ${remedy}`)
  }
  return new HkqError(
    'E_UNEXPECTED',
    `${vendor.name} refuses the request (${words}): nothing to retry, please report it`,
  )
}

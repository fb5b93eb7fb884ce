import type { Clock } from '../clock.ts'
import { type Gap, isLoss, type Status } from '../market/event.ts'
import { openingBefore, type Sessions } from '../market/session.ts'
import type { Client } from './client.ts'
import type { HangUp } from './options.ts'
import type { Topic, Topics } from './topic.ts'

export interface LossesOptions {
  readonly clock: Pick<Clock, 'now'>
  readonly sessions: Sessions
  readonly hangsUpFor: () => HangUp
}

/** RFC 6455's registry: the service begins again, come back. */
const BEGINS_AGAIN = 1012

/**
 * How clients learn of trades that the source lacks. The protocols have no word for them but a lost connection: where a
 * live source lacks some, or is lost itself, those who get them are hung up on, and nothing from before is given again,
 * which would look as if nothing were missing.
 */
export class Losses {
  readonly #options: LossesOptions
  readonly #topics: Topics
  readonly #subscribers: ReadonlySet<Client>
  #isLost = false

  constructor(topics: Topics, subscribers: ReadonlySet<Client>, options: LossesOptions) {
    this.#topics = topics
    this.#subscribers = subscribers
    this.#options = options
  }

  /** Whether the one live feed behind the source has no connection. */
  get isLost(): boolean {
    return this.#isLost
  }

  /** The source, or a connection of several behind it, was lost or is back. @param next ordinal of what comes behind it */
  status(status: Status, next: number): void {
    const { state, symbols } = status
    if (this.#options.hangsUpFor() !== 'losses' || (state !== 'up' && !isLoss(status))) return
    this.#isLost = state !== 'up' && symbols === undefined
    const concerned = symbols ? symbols.map((symbol) => this.#topics.of(symbol)) : this.#topics.all()
    if (state === 'up') {
      this.#back(concerned)
      return
    }
    for (const topic of concerned) topic.lost(next)
    const hearers = concerned.flatMap(({ trades, books }) => [...trades.keys(), ...books.keys()])
    hangUp(symbols ? hearers : this.#subscribers, 'the source is lost')
  }

  /** The source lacks trades. @param next ordinal of what comes behind the hole */
  gap(gap: Gap, next: number): void {
    const hangsUpFor = this.#options.hangsUpFor()
    if (hangsUpFor === 'nothing') return
    const topics = gap.symbol === null ? this.#topics.all() : [this.#topics.of(gap.symbol)]
    const opening = openingBefore(gap.to, this.#options.sessions) ?? Number.NEGATIVE_INFINITY
    const misled = new Set(topics.flatMap((topic) => topic.misledBy(gap, opening)))
    for (const topic of topics) topic.forget(next)
    // losses that nobody tells take more symbols than the one whose gap comes first
    if (hangsUpFor === 'gaps')
      for (const { trades } of misled) for (const symbol of trades) this.#topics.of(symbol).forget(next)
    hangUp(misled, 'the source lacks trades')
  }

  /** Symbols come again. Who has begun to wait for them out of session would take an opening that it missed for a quiet one. */
  #back(topics: readonly Topic[]): void {
    const { sessions, clock } = this.#options
    const isMisled = (since: number): boolean => !sessions.tradesAt(since) && sessions.tradesIn(since, clock.now())
    const waiting = topics.flatMap(({ awaiting }) => awaiting)
    const misled = waiting.filter(([, { since }]) => isMisled(since)).map(([client]) => client)
    hangUp(misled, 'the source lacks trades')
  }
}

function hangUp(clients: Iterable<Client>, reason: string): void {
  for (const client of new Set(clients)) if (client.open) client.close(BEGINS_AGAIN, reason)
}

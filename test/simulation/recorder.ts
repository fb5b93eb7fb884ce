import { openFeed } from '../../src/core/connection/feed.ts'
import { alltick } from '../../src/core/connection/vendors/alltick.ts'
import { HkqError, messageOf } from '../../src/core/errors.ts'
import type { MarketEvent, Tick } from '../../src/core/market/event.ts'
import type { Sessions } from '../../src/core/market/session.ts'
import type { Sink, Written } from '../../src/core/pipeline/source.ts'
import { startRecording, type Tally } from '../../src/core/recorder.ts'
import { createValidator } from '../../src/core/validation/validator.ts'
import { type Disk, MemoryStore } from '../support/memory-store.ts'
import type { Dice } from './dice.ts'
import type { Journal } from './journal.ts'
import type { Network } from './network.ts'
import { type Machine, ProgramClock } from './virtual-time.ts'

/** How the disk is, now. */
export interface DiskState {
  isFailing: boolean
  /** Longest time of a commit, ms. */
  slowness: number
}

/** Where a recorder runs, and what it is asked for. */
export interface Place {
  readonly machine: Machine
  readonly network: Network
  readonly disk: Disk
  readonly diskState: DiskState
  readonly sessions: Sessions
  readonly journal: Journal
  readonly dice: Dice
  readonly symbols: readonly string[]
  readonly capacity: number
}

/** Vendor's floor between two connects, and between two frames of one connection, ms; one less for sums of fractions. */
const CONNECT_FLOOR = 2_999
const FRAME_FLOOR = 999

/** One life of `hkq record`: the product's own feed, validator and writer, on a simulated computer. */
export class Recorder {
  /** Rules that this run has broken. */
  readonly broken: string[] = []
  /** Every trade out of the feed, in order. */
  readonly told: Tick[] = []
  connects = 0
  /** Resolves when it has ended by itself or by SIGTERM: what it failed with, if anything. */
  readonly ended: Promise<unknown>
  readonly #place: Place
  readonly #clock: ProgramClock
  readonly #stop = new AbortController()
  #isDead = false
  #stored = 0
  #commits = 0
  /** Of the commits made. */
  #acknowledgements = 0
  #connectAt = Number.NEGATIVE_INFINITY
  readonly #sentAt = new WeakMap<object, number>()

  constructor(place: Place) {
    const { machine, network, disk, sessions, journal, dice, symbols, capacity } = place
    this.#place = place
    const clock = new ProgramClock(machine)
    this.#clock = clock
    const store = new MemoryStore(disk, () => clock.now())
    const openSocket = network.opener({ connecting: () => this.#connecting(), sending: (line) => this.#sending(line) })
    const source = openFeed(alltick({ token: 'of the simulation', endpoints: ['wss://simulated/quote'] }), {
      ...{ symbols, depth: 0, sessions, clock, openSocket, capacity, signal: this.#stop.signal },
      random: () => dice.uniform(),
      checkpoints: store.reached(),
      inquiry: network.inquiry(clock),
    })
    journal.note('recorder started', store.reached())
    let tally: Tally | undefined
    const recording = startRecording({
      ...{ source, symbols, quotes: false, sessions, clock, durability: null, sink: this.#sink(store) },
      validator: createValidator({ sessions, live: true, now: () => clock.now(), monotonic: () => clock.monotonic() }),
      onArrival: (batch) => this.#arrived(batch),
      onCommit: () => this.#acknowledged(tally!),
    })
    tally = recording.tally
    this.ended = recording.done.then(
      () => journal.note('recorder ended', tally.summary(0)),
      (error: unknown) => {
        journal.note('recorder failed', messageOf(error))
        return error
      },
    )
  }

  get isDead(): boolean {
    return this.#isDead
  }

  /** SIGTERM. */
  stop(): void {
    this.#stop.abort('SIGTERM')
  }

  /** kill -9, or no power any more: nothing of it goes on. */
  kill(hasPower: boolean): void {
    this.#isDead = true
    this.#clock.kill()
    this.#place.network.abandon(hasPower)
  }

  #sink(store: MemoryStore): Sink {
    const { dice, diskState, journal } = this.#place
    return {
      write: async (batch) => {
        if (this.#isDead) return NEVER
        const slowness = diskState.slowness * dice.uniform()
        const before = slowness * dice.uniform()
        if (slowness > 0) await this.#clock.sleep(before)
        if (diskState.isFailing) throw new HkqError('E_STORAGE', 'the disk of the simulation fails')
        const written = store.commit(batch)
        this.#stored += written.stored
        this.#commits++
        journal.note('commit', `${written.stored} ${written.duplicates}`)
        if (slowness > 0) await this.#clock.sleep(slowness - before)
        return written
      },
      close: async () => {},
    }
  }

  #arrived(batch: readonly MarketEvent[]): void {
    if (this.#isDead) return
    this.#place.journal.events(batch)
    for (const event of batch) if (event.type === 'tick') this.told.push(event)
  }

  /** Told of a commit. The tally takes longer than a commit: it is asked for now and then. */
  #acknowledged(tally: Tally): void {
    if (++this.#acknowledgements > this.#commits) this.broken.push('acknowledged a commit before it was made')
    if (this.#acknowledgements % 10 !== 0) return
    if (tally.summary(0).stored > this.#stored) this.broken.push('acknowledged more ticks than were committed')
  }

  #connecting(): void {
    this.connects++
    const at = this.#clock.monotonic()
    if (at - this.#connectAt < CONNECT_FLOOR) this.broken.push(`connected twice within ${at - this.#connectAt} ms`)
    this.#connectAt = at
    this.#place.journal.note('connecting')
  }

  #sending(line: object): void {
    const at = this.#clock.monotonic()
    const before = this.#sentAt.get(line) ?? Number.NEGATIVE_INFINITY
    if (at - before < FRAME_FLOOR) this.broken.push(`sent two frames within ${at - before} ms`)
    this.#sentAt.set(line, at)
  }
}

const NEVER: Promise<Written> = new Promise(() => {})

import { Sessions, type TradingDay } from '../../src/core/market/session.ts'
import { HOUR, MINUTE, parseTime } from '../../src/core/market/time.ts'
import { Disk } from '../support/memory-store.ts'
import { audit } from './audit.ts'
import { Dice } from './dice.ts'
import { type Fault, faultsOf } from './faults.ts'
import { Journal } from './journal.ts'
import { Network } from './network.ts'
import { type DiskState, type Place, Recorder } from './recorder.ts'
import { AllTickModel } from './server.ts'
import { strike } from './strike.ts'
import { SYMBOLS, type Trade, tapeOf } from './tape.ts'
import { Machine, VirtualTime } from './virtual-time.ts'

export interface Plan {
  readonly seed: number
  /** Trading days; default 1. */
  readonly days?: number
  /** Default: those of the seed. */
  readonly faults?: (days: readonly TradingDay[]) => readonly Fault[]
  /** How long after the opening of the first session it ends, ms; default: after the last day's closing auction. */
  readonly length?: number
  /** Lines of the journal to be kept, however many. */
  readonly watched?: RegExp
}

export interface Outcome {
  readonly seed: number
  /** sha256 over every event of every feed and every commit, with their times. */
  readonly hash: string
  /** Rules that were broken; none when all is well. */
  readonly broken: readonly string[]
  readonly faults: readonly Fault[]
  readonly journal: readonly string[]
  readonly trades: number
  readonly stored: number
  readonly quarantined: number
  /** Connections that were tried. */
  readonly connects: number
  readonly gaps: number
  readonly runs: number
}

/** A full day, two, a half day and the day before a long weekend. */
const STARTS = ['2026-11-20', '2026-11-23', '2026-12-24', '2026-09-30'] as const
/** A process that has failed is started again after so long, ms. */
const SUPERVISOR = 5_000
/** What was traded so shortly before a fault or the end, ms, may be under way then. */
const UNDER_WAY = 5_000
/** After a fault all must be well again within this, ms: heartbeat, its answer, handshake, back-off, subscription. */
const RECOVERY = 90_000
/** A feed that was mute gives each reconnect that brought nothing twice the time, up to ten minutes. */
const RECOVERY_OF_MUTE = 12 * MINUTE

/** Trading days of a simulated vendor, way and computer, with the faults of the seed, and what became of them. */
export async function simulate(plan: Plan): Promise<Outcome> {
  const world = new World(plan)
  await world.live()
  return world.outcome()
}

class World {
  readonly #plan: Plan
  readonly #dice: Dice
  readonly #days: readonly TradingDay[]
  readonly #time: VirtualTime
  readonly #machine: Machine
  readonly #server: AllTickModel
  readonly #network: Network
  readonly #disk = new Disk()
  readonly #diskState: DiskState = { isFailing: false, slowness: 0 }
  readonly #journal: Journal
  readonly #faults: readonly Fault[]
  readonly #trades: readonly Trade[]
  readonly #place: Place
  readonly #recorders: Recorder[] = []
  readonly #begins: number
  readonly #end: number
  /** Whether a recorder is wanted now: not between a fault that ended it and the next start. */
  #isWanted = true
  #isEnding = false

  constructor(plan: Plan) {
    const { seed, days = 1 } = plan
    const dice = new Dice(seed, 'world')
    const sessions = new Sessions()
    this.#plan = plan
    this.#dice = dice
    const first = parseTime(dice.chance(0.7) ? STARTS[0] : dice.pick(STARTS))
    this.#days = sessions
      .daysBefore(first + 60 * 24 * HOUR, 60)
      .filter(({ number }) => number >= sessions.day(first)!.number)
      .slice(0, days)
    const opening = this.#days[0]!.phases[0]!.open
    this.#time = new VirtualTime(opening - 30 * MINUTE)
    this.#end = plan.length === undefined ? this.#days.at(-1)!.end + 6 * MINUTE : opening + plan.length
    this.#begins = dice.chance(0.7) ? opening - dice.between(0, 20 * MINUTE) : opening + dice.between(0, 2 * HOUR)
    this.#machine = new Machine(this.#time)
    this.#journal = new Journal(this.#time, plan.watched)
    this.#server = new AllTickModel(this.#time, new Dice(seed, 'server'), {
      replaysLast: dice.chance(0.5),
      oneConnection: dice.chance(0.5),
      acknowledges: dice.chance(0.9),
    })
    this.#network = new Network(this.#time, new Dice(seed, 'network'), this.#server)
    this.#faults = plan.faults?.(this.#days) ?? faultsOf(this.#days, new Dice(seed, 'faults'))
    const tape = tapeOf(this.#days, new Dice(seed, 'tape')).filter(({ at }) => at < this.#end - UNDER_WAY)
    this.#trades = tape.flatMap(({ trades }) => trades)
    for (const push of tape) this.#at(push.at, () => this.#server.publish(push))
    for (const fault of this.#faults) this.#at(fault.at, () => this.#strike(fault))
    const unknown = dice.chance(0.2) ? ['09999.HK'] : []
    this.#place = {
      ...{ machine: this.#machine, network: this.#network, disk: this.#disk, diskState: this.#diskState, sessions },
      ...{ journal: this.#journal, dice: new Dice(seed, 'recorder'), symbols: [...SYMBOLS, ...unknown] },
      capacity: dice.pick([2, 8, 65_536]),
    }
  }

  async live(): Promise<void> {
    this.#at(this.#begins, () => this.#start())
    this.#at(this.#end, () => this.#finish())
    await this.#time.run(this.#end + 2 * MINUTE)
  }

  outcome(): Outcome {
    const { seed } = this.#plan
    const broken = [
      ...(this.#isEnding ? ['the last recorder has not ended in two minutes'] : []),
      ...audit({
        ...{ trades: this.#trades, disk: this.#disk, server: this.#server, recorders: this.#recorders },
        ...{ since: this.#begins, symbols: SYMBOLS, isWell: (time) => this.#isWell(time) },
      }),
    ]
    return {
      ...{ seed, hash: this.#journal.digest(), broken, faults: this.#faults, journal: this.#journal.lines },
      ...{ trades: this.#trades.length, stored: this.#disk.ticks.size, gaps: this.#disk.gaps.size },
      quarantined: this.#disk.rejected.size,
      connects: this.#recorders.reduce((sum, { connects }) => sum + connects, 0),
      runs: this.#recorders.length,
    }
  }

  /** Whether no fault is on, begins within moments, nor ended so short a time ago that recovery may still be under way. */
  #isWell(time: number): boolean {
    if (time < this.#begins + RECOVERY) return false
    return this.#faults.every(({ kind, at, lasts }) => {
      const end = at + lasts
      const well = kind === 'mute' ? this.#audibleFrom(end) + RECOVERY_OF_MUTE : end + RECOVERY
      return time < at - UNDER_WAY || time > well
    })
  }

  /** When silence begins to count: in continuous trading. */
  #audibleFrom(time: number): number {
    const sessions = this.#days.flatMap(({ continuous }) => continuous)
    return Math.max(time, sessions.find(({ close }) => close > time)?.open ?? time)
  }

  #at(time: number, action: () => void): void {
    this.#time.after(time - this.#time.now, action)
  }

  get #recorder(): Recorder | undefined {
    const last = this.#recorders.at(-1)
    return last?.isDead ? undefined : last
  }

  #start(): void {
    const recorder = new Recorder(this.#place)
    this.#recorders.push(recorder)
    this.#isWanted = true
    void recorder.ended.then((error) => {
      if (recorder.isDead) return
      recorder.kill(true)
      if (!this.#isWanted) return
      const wasDisk = error !== undefined && String(error).includes('the disk of the simulation')
      if (!wasDisk) recorder.broken.push(`ended by itself: ${String(error)}`)
      this.#time.after(SUPERVISOR, () => this.#start())
    })
  }

  /** The last SIGTERM. */
  #finish(): void {
    const recorder = this.#isWanted ? this.#recorder : undefined
    this.#isWanted = false
    if (recorder === undefined) return
    this.#isEnding = true
    void recorder.ended.then(() => {
      this.#isEnding = false
    })
    recorder.stop()
  }

  /** Ends the recorder, one way or another, and starts the next one later. */
  #interrupt(end: (recorder: Recorder) => void, down: number): void {
    const recorder = this.#recorder
    if (recorder === undefined || !this.#isWanted) return
    this.#isWanted = false
    end(recorder)
    const restart = (): void => this.#time.after(Math.max(down, 3_000), () => this.#start())
    if (recorder.isDead) restart()
    else void recorder.ended.then(restart)
  }

  #strike(fault: Fault): void {
    this.#journal.note('fault', fault)
    strike(
      {
        ...{ machine: this.#machine, server: this.#server, network: this.#network, diskState: this.#diskState },
        dice: this.#dice,
        interrupt: (end, down) => this.#interrupt(end, down),
      },
      fault,
    )
  }
}

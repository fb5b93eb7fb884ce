import type { Clock } from '../../src/core/clock.ts'

interface Task {
  readonly at: number
  readonly order: number
  readonly action: () => void
}

const REAL = { setImmediate: globalThis.setImmediate, clearImmediate: globalThis.clearImmediate }

/**
 * Time that jumps from event to event. Between two events everything that was set going comes to rest: promises settle in
 * their order, then one waiting immediate runs, and so on until none is left. No real timer is involved, so that the same
 * events follow from the same seed.
 */
export class VirtualTime {
  /** Epoch ms. */
  now: number
  #order = 0
  readonly #tasks: Task[] = []
  #immediates: { readonly action: () => void }[] = []

  constructor(now: number) {
    this.now = now
  }

  /** Does `action` in `ms` from now, behind what is due then already. */
  after(ms: number, action: () => void): void {
    this.#tasks.push({ at: this.now + Math.max(0, ms), order: this.#order++, action })
    for (let child = this.#tasks.length - 1; child > 0; ) {
      const parent = (child - 1) >> 1
      if (isBefore(this.#tasks[parent]!, this.#tasks[child]!)) break
      this.#swap(parent, child)
      child = parent
    }
  }

  /** Lets time pass up to `end`, with the immediates of the program under its rule. */
  async run(end: number): Promise<void> {
    this.#takeOver()
    try {
      await this.#rest()
      while (this.#tasks.length > 0 && this.#tasks[0]!.at <= end) {
        const { at, action } = this.#take()
        this.now = at
        action()
        await this.#rest()
      }
      this.now = end
    } finally {
      Object.assign(globalThis, REAL)
    }
  }

  async #rest(): Promise<void> {
    do {
      this.#immediates.shift()?.action()
      await new Promise<void>((resolve) => REAL.setImmediate(resolve))
    } while (this.#immediates.length > 0)
  }

  #takeOver(): void {
    Object.assign(globalThis, {
      setImmediate: (action: (...args: unknown[]) => void, ...args: unknown[]) => {
        const immediate = { action: () => action(...args) }
        this.#immediates.push(immediate)
        return immediate
      },
      clearImmediate: (immediate: unknown) => {
        this.#immediates = this.#immediates.filter((other) => other !== immediate)
      },
    })
  }

  #take(): Task {
    const first = this.#tasks[0]!
    const last = this.#tasks.pop()!
    if (last !== first) {
      this.#tasks[0] = last
      this.#sink()
    }
    return first
  }

  #sink(): void {
    for (let parent = 0; ; ) {
      let least = parent
      for (const child of [2 * parent + 1, 2 * parent + 2]) {
        const task = this.#tasks[child]
        if (task !== undefined && isBefore(task, this.#tasks[least]!)) least = child
      }
      if (least === parent) return
      this.#swap(parent, least)
      parent = least
    }
  }

  #swap(a: number, b: number): void {
    const kept = this.#tasks[a]!
    this.#tasks[a] = this.#tasks[b]!
    this.#tasks[b] = kept
  }
}

function isBefore(a: Task, b: Task): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

/** The computer that records: its wall clock may be off, and be set; it may sleep, and its monotonic clock with it. */
export class Machine {
  readonly time: VirtualTime
  /** How far its wall clock is ahead of the exchange's, ms. */
  ahead = 0
  #sleptUntil = Number.NEGATIVE_INFINITY
  #slept = 0

  constructor(time: VirtualTime) {
    this.time = time
  }

  /** Falls asleep for so long, ms; asleep already, it sleeps on. */
  sleep(ms: number): void {
    const from = Math.max(this.time.now, this.#sleptUntil)
    const until = Math.max(from, this.time.now + ms)
    this.#slept += until - from
    this.#sleptUntil = until
  }

  /** Milliseconds that it was awake. */
  awake(): number {
    return this.time.now - this.#slept + Math.max(0, this.#sleptUntil - this.time.now)
  }

  /** Does `action` after `ms` of being awake. */
  after(ms: number, action: () => void): void {
    const due = this.awake() + ms
    const wait = (): void => {
      const asleep = Math.max(0, this.#sleptUntil - this.time.now)
      this.time.after(due - this.awake() + asleep, () => (this.awake() < due - 1e-6 ? wait() : action()))
    }
    wait()
  }
}

/** The clock as one program has it: dead with the program, whose sleepers then never wake. */
export class ProgramClock implements Clock {
  readonly #machine: Machine
  readonly #began: number
  #isDead = false

  constructor(machine: Machine) {
    this.#machine = machine
    this.#began = machine.awake()
  }

  kill(): void {
    this.#isDead = true
  }

  now(): number {
    return Math.floor(this.#machine.time.now + this.#machine.ahead)
  }

  monotonic(): number {
    return this.#machine.awake() - this.#began
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = (): void => {
        signal?.removeEventListener('abort', wake)
        if (!this.#isDead) resolve()
      }
      this.#machine.after(ms, wake)
      signal?.addEventListener('abort', wake)
    })
  }
}

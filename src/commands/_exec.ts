import { spawn } from 'node:child_process'
import { toJson } from '../core/market/json.ts'
import type { VolatilityRecord } from '../core/statistics/volatility/record.ts'
import { type Io, say } from './_io.ts'

/** Runs a command for each alert, without keeping anybody waiting. */
export interface Alarm {
  raise(record: VolatilityRecord): void
  /** Resolves when every command that was raised has ended. */
  settled(): Promise<void>
}

/** Commands that run at once; the others wait their turn. */
const AT_ONCE = 4
/** Alerts that may wait; a further one is told and not run. */
const WAITING = 200
const TIMEOUT = 30_000

const SILENT: Alarm = { raise: () => {}, settled: async () => {} }

/**
 * `--exec`: a shell command for each alert, the record as JSON on its standard input. Four run at once, each for at most
 * 30 s; one that is not run, or fails, is told.
 */
export function openAlarm(command: string | undefined, io: Io): Alarm {
  return command === undefined ? SILENT : new ShellAlarm(command, io)
}

class ShellAlarm implements Alarm {
  readonly #command: string
  readonly #io: Io
  readonly #waiting: VolatilityRecord[] = []
  readonly #running = new Set<Promise<void>>()

  constructor(command: string, io: Io) {
    this.#command = command
    this.#io = io
  }

  raise(record: VolatilityRecord): void {
    if (this.#running.size < AT_ONCE) this.#start(record)
    else if (this.#waiting.length < WAITING) this.#waiting.push(record)
    else say(this.#io, `hkq: --exec not run for ${record.symbol}: ${AT_ONCE} are running and ${WAITING} wait`)
  }

  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.race(this.#running)
  }

  #start(record: VolatilityRecord): void {
    const run = this.#run(record).then((failure) => {
      if (failure !== null) say(this.#io, `hkq: --exec ${failure} for ${record.symbol}`)
      this.#running.delete(run)
      const next = this.#waiting.shift()
      if (next) this.#start(next)
    })
    this.#running.add(run)
  }

  /** @returns how it failed, null when it did not */
  #run(record: VolatilityRecord): Promise<string | null> {
    const child = spawn(this.#command, {
      shell: true,
      stdio: ['pipe', 'ignore', 'inherit'],
      timeout: TIMEOUT,
      killSignal: 'SIGKILL',
      cwd: this.#io.cwd,
      env: withoutSecrets(this.#io.env),
    })
    // A command that cannot be started at all has no standard input.
    child.stdin?.on('error', () => {}).end(`${toJson(record)}\n`)
    return new Promise((ended) => {
      child.once('error', (error) => ended(`failed (${error.message})`))
      child.once('exit', (code, signal) => ended(code === 0 ? null : `ended with ${signal ?? code}`))
    })
  }
}

function withoutSecrets(env: Io['env']): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/TOKEN/.test(name)))
}

import { type ChildProcess, spawn } from 'node:child_process'
import { toJson } from '../core/market/json.ts'
import type { VolatilityRecord } from '../core/statistics/volatility/record.ts'
import { type Io, say } from './_io.ts'

/** Runs a command for each alert, without keeping anybody waiting. */
export interface Alarm {
  raise(record: VolatilityRecord): void
  /** Resolves when every command that runs or waits has ended; once `signal` has aborted, those that wait are told and dropped. */
  settled(signal: AbortSignal): Promise<void>
}

/** Commands that run at once; the others wait their turn. */
const AT_ONCE = 4
/** Alerts that may wait; a further one is told and not run. */
const WAITING = 200
const TIMEOUT = 30_000

const SILENT: Alarm = { raise: () => {}, settled: async () => {} }

/**
 * `--exec`: a shell command for each alert, the record as JSON on its standard input. Four run at once, each for at most
 * `timeout` ms; one that is not run, or fails, is told.
 */
export function openAlarm(command: string | undefined, io: Io, timeout = TIMEOUT): Alarm {
  return command === undefined ? SILENT : new ShellAlarm(command, io, timeout)
}

class ShellAlarm implements Alarm {
  readonly #command: string
  readonly #io: Io
  readonly #timeout: number
  #waiting: VolatilityRecord[] = []
  readonly #running = new Set<Promise<void>>()

  constructor(command: string, io: Io, timeout: number) {
    this.#command = command
    this.#io = io
    this.#timeout = timeout
  }

  raise(record: VolatilityRecord): void {
    if (this.#running.size < AT_ONCE) this.#start(record)
    else if (this.#waiting.length < WAITING) this.#waiting.push(record)
    else say(this.#io, `hkq: --exec not run for ${record.symbol}: ${AT_ONCE} are running and ${WAITING} wait`)
  }

  async settled(signal: AbortSignal): Promise<void> {
    const drop = (): void => {
      for (const { symbol } of this.#waiting) say(this.#io, `hkq: --exec not run for ${symbol}: ended before its turn`)
      this.#waiting = []
    }
    if (signal.aborted) drop()
    signal.addEventListener('abort', drop)
    while (this.#running.size > 0) await Promise.race(this.#running)
    signal.removeEventListener('abort', drop)
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
      // a process group of its own, that ends with all that the shell has started
      detached: process.platform !== 'win32',
      cwd: this.#io.cwd,
      env: withoutSecrets(this.#io.env),
    })
    // A command that cannot be started at all has no standard input.
    child.stdin?.on('error', () => {}).end(`${toJson(record)}\n`)
    const timer = setTimeout(() => killAll(child), this.#timeout)
    return new Promise<string | null>((ended) => {
      child.once('error', (error) => ended(`failed (${error.message})`))
      child.once('exit', (code, signal) => ended(code === 0 ? null : `ended with ${signal ?? code}`))
    }).finally(() => clearTimeout(timer))
  }
}

function killAll({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch {
    // it has just ended
  }
}

function withoutSecrets(env: Io['env']): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/TOKEN/.test(name)))
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'

const BIN = resolve(import.meta.dirname, '../../bin/hkq.js')
const PRELOAD = resolve(import.meta.dirname, 'preload')

export interface RecorderOptions {
  /** None: all that the source has. */
  readonly symbols: readonly string[]
  /** Address of the source. */
  readonly from: string
  /** The SQLite file; its folder is the recorder's own. */
  readonly path: string
  /** Another sink than that file; what is stored there `until` cannot see. */
  readonly to?: string
  /** How far its wall clock is set ahead of the machine's, ms. */
  readonly offset: number
  /** What is loaded before the command, from preload/. */
  readonly preload?: readonly string[]
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** The newest trade of a symbol that another process sees in the store. */
export interface Newest {
  readonly number: number
  readonly time: number
}

/** The built command `hkq record` in a process of its own, with a wall clock of its own and a channel for messages. */
export class RecorderProcess {
  readonly child: ChildProcess
  /** Resolves when it has said something. */
  readonly spoke: Promise<unknown>
  /** How it ended. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  readonly #options: RecorderOptions
  #said = ''

  constructor(options: RecorderOptions) {
    this.#options = options
    const { symbols, from, path, to = `sqlite:${path}`, offset, preload = [], flags = [], env = {} } = options
    const loaded = ['shifted-clock.cjs', ...preload].flatMap((file) => ['--require', resolve(PRELOAD, file)])
    const args = ['record', ...symbols, '--from', from, '--to', to, '--relay', 'off']
    const home = dirname(path)
    this.child = spawn(process.execPath, [...flags, ...loaded, BIN, ...args], {
      cwd: home,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: {
        ...{ PATH: process.env.PATH ?? '', HOME: home, XDG_RUNTIME_DIR: home, HKQ_ALLTICK_TOKEN: 'secret-token' },
        ...{ CLOCK_OFFSET: String(offset), ...env },
      },
    })
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-4_000)
    })
    this.spoke = once(this.child.stderr!, 'data')
    this.ended = once(this.child, 'exit').then(([code, signal]) => ({ code, signal }))
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** The last of what it said. */
  get said(): string {
    return this.#said
  }

  /** Resolves once the newest stored trade of every symbol fulfils `condition`. */
  async until(condition: (newest: Newest, symbol: string) => boolean): Promise<void> {
    const { path, symbols } = this.#options
    while (!symbols.every((symbol) => condition(newestIn(path, symbol), symbol))) {
      if (!this.isRunning) throw new Error(`the recorder ended by itself: ${this.#said}`)
      await delay(10)
    }
  }

  /** Stops it as Ctrl-C does, and returns its exit code. */
  async stop(): Promise<number | null> {
    this.child.kill('SIGINT')
    return (await this.ended).code
  }
}

const NONE: Newest = { number: 0, time: 0 }

/** What another process sees in the SQLite file. */
export function newestIn(path: string, symbol: string): Newest {
  if (!existsSync(path)) return NONE
  const db = new Sqlite(path, { readonly: true })
  try {
    if (db.pragma('user_version', { simple: true }) === 0) return NONE
    const newest = db.prepare<[string], Newest>(
      'SELECT seq AS number, time FROM tick JOIN symbol ON id = symbol WHERE name = ? ORDER BY time DESC, seq DESC LIMIT 1',
    )
    return newest.get(symbol) ?? NONE
  } finally {
    db.close()
  }
}

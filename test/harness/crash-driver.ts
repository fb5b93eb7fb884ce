import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { MINUTE } from '../../src/core/market/time.ts'
import { marksOf } from '../../src/core/storage/sqlite/marks.ts'
import { migrate } from '../../src/core/storage/sqlite/migrate.ts'
import { STEPS } from '../../src/core/storage/sqlite/schema.ts'
import { type NumberedServer, openNumberedServer } from '../support/numbered-server.ts'
import { ShiftedClock } from '../support/shifted-clock.ts'
import { isTrade, priceOf, Tape, volumeOf } from '../support/tape.ts'

/** `some time` is from outside, the rest from within, by preload/crash.cjs. */
export type Moment =
  | 'some time'
  | 'after insert'
  | 'between statements'
  | 'before commit'
  | 'after commit'
  | 'checkpoint'
  | 'migration'

/** When a recorder is killed: at the `count`-th such moment of its life, or so many ms after its first commit. */
export interface CrashPlan {
  readonly moment: Moment
  readonly count: number
}

/** What a killed recorder left. */
export interface Crash {
  /** Commits that were acknowledged before it died. */
  readonly commits: number
  /** Whether SQLite was copying its log into the database, by its own account. */
  readonly inCheckpoint: boolean
  /** The store's tables and views. */
  readonly schema: string
}

export const SYMBOLS = ['00005.HK', '00700.HK', '09988.HK']
const BIN = resolve(import.meta.dirname, '../../bin/hkq.js')
const PRELOAD = resolve(import.meta.dirname, 'preload')

/**
 * Runs the built recorder on a live tape, kills it, and looks at what it left. The wall clock of recorder and server is
 * set, so that it is a trading day for them whenever the tests run.
 */
export class CrashDriver {
  readonly clock: ShiftedClock
  readonly tape: Tape
  readonly path: string
  readonly #folder: string
  readonly #server: NumberedServer
  readonly #children = new Set<ChildProcess>()
  #trading = { stop: new AbortController(), ended: Promise.resolve() }
  #runs = 0

  private constructor(clock: ShiftedClock, tape: Tape, server: NumberedServer) {
    this.clock = clock
    this.tape = tape
    this.#server = server
    this.#folder = mkdtempSync(join(tmpdir(), 'hkq-crash-'))
    this.path = join(this.#folder, 'hk_market.db')
  }

  /** @param now what the wall clock shows at first, epoch ms */
  static async open(now: number): Promise<CrashDriver> {
    const clock = new ShiftedClock(now)
    const tape = new Tape(SYMBOLS)
    return new CrashDriver(clock, tape, await openNumberedServer(tape, clock))
  }

  /** The market opens: the tape runs on whether anybody records or not. */
  trade(perSecond: number): void {
    const stop = new AbortController()
    this.#trading = { stop, ended: this.tape.run(this.clock, perSecond, stop.signal) }
  }

  /** The market stands still, after a last trade of each symbol. */
  async halt(): Promise<void> {
    this.#trading.stop.abort()
    await this.#trading.ended
    do this.tape.publish(Math.floor(this.clock.now()))
    while (!SYMBOLS.every((symbol) => isTrade(this.tape.times(symbol).length)))
  }

  /** Makes the store as an hkq of schema version 1 would have: with some trades of each symbol in the minute before. */
  makeOldStore(): string {
    const db = new Sqlite(this.path)
    db.pragma('journal_mode = WAL')
    migrate(db, this.path, STEPS.slice(0, 1))
    db.exec("INSERT INTO source VALUES (1, 'alltick')")
    const symbol = db.prepare('INSERT INTO symbol VALUES (?, ?)')
    const tick = db.prepare(
      'INSERT INTO tick (symbol, time, seq, source, price, volume, marks) VALUES (?, ?, ?, 1, ?, ?, ?)',
    )
    const minute = db.prepare(
      `INSERT INTO minute VALUES (?, ?, 600, 600, 600, 600, ?, 1, ?, ?, 0, 0, 0, 0, ?, 0, 'ticks')`,
    )
    const checkpoint = db.prepare('INSERT INTO checkpoint VALUES (1, ?, ?, ?, ?)')
    const start = (Math.floor(this.clock.now() / MINUTE) - 1) * MINUTE
    const marks = marksOf({ phase: 'morning', side: null, flags: [] })
    for (let number = 1; number <= OLD_TRADES; number++) this.tape.publish(start + number)
    for (const [i, name] of SYMBOLS.entries()) {
      const times = this.tape.times(name)
      const last = times.at(-1)!
      symbol.run(i + 1, name)
      for (const [at, time] of times.entries())
        tick.run(i + 1, time, at + 1, Math.round(priceOf(at + 1) * 1_000), volumeOf(at + 1), marks)
      minute.run(i + 1, start, times[0], last, times.length, times.length)
      checkpoint.run(i + 1, last, times.length, last)
    }
    const schema = schemaOf(db)
    db.close()
    return schema
  }

  /**
   * A recorder that is killed as planned, and what it left: every acknowledged number is there, the database is sound, and
   * ticks, minutes and checkpoints are of one commit.
   */
  async crash(plan: CrashPlan): Promise<Crash> {
    const { child, acknowledged } = this.#start(plan)
    const died = once(child, 'exit')
    if (plan.moment === 'some time') {
      while (!existsSync(acknowledged) && child.exitCode === null) await delay(2)
      await delay(plan.count)
      child.kill('SIGKILL')
    }
    const [code, signal] = await died
    if (signal !== 'SIGKILL') throw new Error(`the recorder ended by itself with ${code}: ${await errorOf(child)}`)
    const inCheckpoint = isInCheckpoint(this.path)
    const lines = existsSync(acknowledged) ? readFileSync(acknowledged, 'utf8').trim().split('\n') : []
    const db = new Sqlite(this.path)
    try {
      assert.equal(db.pragma('integrity_check', { simple: true }), 'ok')
      if (db.pragma('user_version', { simple: true }) !== 0) this.#inspect(db, lines)
      return { commits: lines.length, inCheckpoint, schema: schemaOf(db) }
    } finally {
      db.close()
    }
  }

  #inspect(db: Sqlite.Database, acknowledged: readonly string[]): void {
    const has = db
      .prepare<unknown[], number>(
        'SELECT 1 FROM tick JOIN symbol ON id = symbol WHERE name = ? AND time = ? AND seq = ?',
      )
      .pluck()
    for (const line of acknowledged) {
      for (const [symbol, number] of JSON.parse(line) as [string, number | null][]) {
        if (number === null) continue
        const time = this.tape.times(symbol)[number - 1]
        assert.equal(has.get(symbol, time, number), 1, `${symbol} ${number} was acknowledged and is gone`)
      }
    }
    const ticks = db.prepare<[], number>('SELECT count(*) FROM tick').pluck().get()
    const summed = db.prepare<[], number>('SELECT ifnull(sum(trades + left_out), 0) FROM minute').pluck().get()
    assert.equal(summed, ticks, 'minutes and ticks are of one commit')
    const behind = db
      .prepare<[], number>(
        `SELECT count(*) FROM checkpoint c
        WHERE (time, seq) != (SELECT time, seq FROM tick t WHERE t.symbol = c.symbol ORDER BY time DESC, seq DESC LIMIT 1)`,
      )
      .pluck()
    assert.equal(behind.get(), 0, 'checkpoints and ticks are of one commit')
  }

  /**
   * A recorder that is left alone until it has caught up and the market has halted, then stopped.
   * @returns its exit code
   */
  async finish(): Promise<number | null> {
    const { child } = this.#start()
    const ended = once(child, 'exit')
    const begun = this.clock.now()
    await this.#until(child, ({ time }) => time > begun)
    await this.halt()
    await this.#until(child, ({ number }, symbol) => number === this.tape.times(symbol).length)
    child.kill('SIGINT')
    const [code] = await ended
    return code
  }

  /** Ends the market and whatever still runs. */
  async close(): Promise<void> {
    this.#trading.stop.abort()
    for (const child of this.#children) child.kill('SIGKILL')
    await this.#server.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** The built command; `acknowledged` is the file that tells what it has committed. */
  #start(plan?: CrashPlan): { child: ChildProcess; acknowledged: string } {
    const acknowledged = join(this.#folder, `acknowledged-${++this.#runs}`)
    const preload = ['shifted-clock.cjs', 'crash.cjs'].flatMap((file) => ['--require', join(PRELOAD, file)])
    const from = `alltick:?endpoint=ws://127.0.0.1:${this.#server.port}${this.#server.path}`
    const args = ['record', ...SYMBOLS, '--from', from, '--to', `sqlite:${this.path}`, '--relay', 'off', '--quiet']
    const child = spawn(process.execPath, [...preload, BIN, ...args], {
      cwd: this.#folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        PATH: process.env.PATH ?? '',
        HOME: this.#folder,
        XDG_RUNTIME_DIR: this.#folder,
        HKQ_ALLTICK_TOKEN: 'secret-token',
        CLOCK_OFFSET: String(this.clock.offset),
        CRASH: JSON.stringify({ ...plan, acknowledged, store: this.path }),
      },
    })
    this.#children.add(child)
    child.once('exit', () => this.#children.delete(child))
    return { child, acknowledged }
  }

  /** Resolves once the newest stored trade of every symbol fulfils `condition`. */
  async #until(child: ChildProcess, condition: (newest: Newest, symbol: string) => boolean): Promise<void> {
    const isMet = () => SYMBOLS.every((symbol) => condition(newestIn(this.path, symbol), symbol))
    while (!isMet()) {
      if (child.exitCode !== null) throw new Error(`the recorder ended by itself: ${await errorOf(child)}`)
      await delay(10)
    }
  }
}

/** Trades of each symbol in an old store: all of them such as can be. */
const OLD_TRADES = 90

interface Newest {
  readonly number: number
  readonly time: number
}

/** The newest trade that another process sees in the store. */
function newestIn(path: string, symbol: string): Newest {
  const none = { number: 0, time: 0 }
  if (!existsSync(path)) return none
  const db = new Sqlite(path, { readonly: true })
  try {
    if (db.pragma('user_version', { simple: true }) === 0) return none
    const newest = db.prepare<[string], Newest>(
      'SELECT seq AS number, time FROM tick JOIN symbol ON id = symbol WHERE name = ? ORDER BY time DESC, seq DESC LIMIT 1',
    )
    return newest.get(symbol) ?? none
  } finally {
    db.close()
  }
}

/**
 * Whether the log was being copied into the database when its writer died, by the index beside it (WalCkptInfo): bytes 128
 * to 131 count the frames that the copying set out for, 96 to 99 those that it has done.
 */
function isInCheckpoint(path: string): boolean {
  const index = `${path}-shm`
  if (!existsSync(index)) return false
  const bytes = readFileSync(index)
  return bytes.length >= 132 && bytes.readUInt32LE(128) > bytes.readUInt32LE(96)
}

function schemaOf(db: Sqlite.Database): string {
  const version = db.pragma('user_version', { simple: true })
  const made = db.prepare<[], string>('SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name').pluck().all()
  return [version, ...made].join('\n')
}

async function errorOf({ stderr }: ChildProcess): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stderr!) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

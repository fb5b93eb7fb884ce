import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { MINUTE } from '../../src/core/market/time.ts'
import { marksOf } from '../../src/core/storage/marks.ts'
import { migrate } from '../../src/core/storage/sqlite/migrate.ts'
import { STEPS } from '../../src/core/storage/sqlite/schema.ts'
import { type Audit, audit, recordedIn } from '../support/coverage-equation.ts'
import { type NumberedServer, openNumberedServer } from '../support/numbered-server.ts'
import { ShiftedClock } from '../support/shifted-clock.ts'
import { priceOf, Tape, volumeOf } from '../support/tape.ts'
import { RecorderProcess } from './recorder-process.ts'

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
  readonly #recorders = new Set<RecorderProcess>()
  #trading = { stop: new AbortController(), ended: Promise.resolve() }
  #runs = 0

  private constructor(clock: ShiftedClock, tape: Tape, server: NumberedServer) {
    this.clock = clock
    this.tape = tape
    this.#server = server
    this.#folder = mkdtempSync(join(tmpdir(), 'hkq-crash-'))
    this.path = join(this.#folder, 'hk_market.db')
  }

  /**
   * @param now what the wall clock shows at first, epoch ms
   * @param past how many of each symbol's last trades the server gives again to whoever subscribes
   */
  static async open(now: number, past = 0): Promise<CrashDriver> {
    const clock = new ShiftedClock(now)
    const tape = new Tape(SYMBOLS)
    return new CrashDriver(clock, tape, await openNumberedServer(tape, clock, { past }))
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
    this.tape.end(Math.floor(this.clock.now()))
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
    const { recorder, acknowledged } = this.#start(plan)
    if (plan.moment === 'some time') {
      while (!existsSync(acknowledged) && recorder.isRunning) await delay(2)
      await delay(plan.count)
      recorder.child.kill('SIGKILL')
    }
    const { code, signal } = await recorder.ended
    if (signal !== 'SIGKILL') throw new Error(`the recorder ended by itself with ${code}: ${recorder.said}`)
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
    const { recorder } = this.#start()
    const begun = this.clock.now()
    await recorder.until(({ time }) => time > begun)
    await this.halt()
    await recorder.until(({ number }, symbol) => number === this.tape.times(symbol).length)
    return recorder.stop()
  }

  audit(): Audit {
    return audit(this.tape, recordedIn(this.path), this.#server.handedTo)
  }

  /** Ends the market and whatever still runs. */
  async close(): Promise<void> {
    this.#trading.stop.abort()
    for (const { child } of this.#recorders) child.kill('SIGKILL')
    await this.#server.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #start(plan?: CrashPlan): { recorder: RecorderProcess; acknowledged: string } {
    const acknowledged = join(this.#folder, `acknowledged-${++this.#runs}`)
    const recorder = new RecorderProcess({
      symbols: SYMBOLS,
      from: `alltick:?endpoint=ws://127.0.0.1:${this.#server.port}${this.#server.path}`,
      path: this.path,
      offset: this.clock.offset,
      preload: ['crash.cjs'],
      env: { CRASH: JSON.stringify({ ...plan, acknowledged, store: this.path }) },
    })
    this.#recorders.add(recorder)
    void recorder.ended.then(() => this.#recorders.delete(recorder))
    return { recorder, acknowledged }
  }
}

/** Trades of each symbol in an old store: fewer than 97, so that none is to be quarantined. */
const OLD_TRADES = 90

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

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseTime } from '../../src/core/market/time.ts'
import {
  type Audit,
  audit,
  numberIn,
  type Recorded,
  type StoredGap,
  type StoredTick,
} from '../support/coverage-equation.ts'
import { openNumberedServer } from '../support/numbered-server.ts'
import { sql } from '../support/postgres.ts'
import { PostgresServer } from '../support/postgres-server.ts'
import { ShiftedClock } from '../support/shifted-clock.ts'
import { Tape } from '../support/tape.ts'
import { RecorderProcess } from './recorder-process.ts'

export interface OutageOptions {
  /** Ticks a second. */
  readonly rate: number
  /** How long the server is away, s: from the recorder's start, and once more in between. */
  readonly away: number
  /** How often it is then stopped and started again, in turn in order and as by a crash. */
  readonly flaps: number
}

export interface Survived {
  readonly code: number | null
  readonly audit: Audit
  /** Why trades are listed as missing. */
  readonly causes: ReadonlySet<string>
  readonly said: string
}

const SYMBOLS = ['00005.HK', '00388.HK', '00700.HK', '01810.HK', '09988.HK']
const MORNING = parseTime('2026-11-23T09:45')

/** Runs the built recorder on a live tape into a PostgreSQL server of its own, which goes away again and again. */
export async function outage({ rate, away, flaps }: OutageOptions): Promise<Survived> {
  const database = await PostgresServer.open()
  await database.stop('fast')
  const clock = new ShiftedClock(MORNING)
  const tape = new Tape(SYMBOLS)
  const vendor = await openNumberedServer(tape, clock)
  const folder = mkdtempSync(join(tmpdir(), 'hkq-outage-'))
  const recorder = new RecorderProcess({
    ...{ symbols: SYMBOLS, url: `ws://127.0.0.1:${vendor.port}${vendor.path}`, offset: clock.offset },
    path: join(folder, 'none.db'),
    to: database.url,
  })
  const trading = new AbortController()
  try {
    const ended = tape.run(clock, rate, trading.signal)
    await delay(away * 1_000)
    await database.start()
    await untilStored(recorder, database, tape)
    await database.stop('immediate')
    await delay(away * 1_000)
    await database.start()
    for (let flap = 0; flap < flaps; flap++) {
      await delay(500 + (flap % 5) * 400)
      await database.stop(flap % 2 === 0 ? 'immediate' : 'fast')
      await delay((flap % 3) * 300)
      await database.start()
    }
    await delay(1_000)
    trading.abort()
    await ended
    tape.end(Math.floor(clock.now()))
    await untilStored(recorder, database, tape)
    const code = await recorder.stop()
    const recorded = await recordedAt(database.url)
    return {
      ...{ code, audit: audit(tape, recorded, vendor.handedTo), said: recorder.said },
      causes: new Set(recorded.gaps.map(({ cause }) => cause)),
    }
  } finally {
    trading.abort()
    recorder.child.kill('SIGKILL')
    await vendor.close()
    await database.remove()
    rmSync(folder, { recursive: true })
  }
}

/** Until the store has of every symbol what the tape has now. */
async function untilStored(recorder: RecorderProcess, { url }: PostgresServer, tape: Tape): Promise<void> {
  const wanted = SYMBOLS.map((symbol) => tape.times(symbol).length)
  while (true) {
    if (!recorder.isRunning) throw new Error(`the recorder ended by itself: ${recorder.said}`)
    const rows = await sql<{ symbol: string; newest: string }>(
      `SELECT symbol, max(seq) AS newest FROM hkq.ticks GROUP BY symbol`,
      url,
    ).catch(() => [])
    const newest = new Map(rows.map((row) => [row.symbol, Number(row.newest)]))
    // the last number may be one that costs nothing
    if (SYMBOLS.every((symbol, i) => (newest.get(symbol) ?? 0) >= wanted[i]! - 1)) return
    await delay(50)
  }
}

/** What the store holds, by the views that anybody may ask. */
async function recordedAt(url: string): Promise<Recorded> {
  const time = (column: string): string => `(extract(epoch FROM ${column} - interval '8 hours') * 1000)::float8`
  const ticks = await sql<StoredTick>(
    `SELECT symbol, seq::float8 AS number, ${time('timestamp')} AS time, last_price AS price, volume::float8 FROM hkq.ticks`,
    url,
  )
  const raw = await sql<{ symbol: string; raw: string }>('SELECT symbol, raw FROM hkq.rejected_ticks', url)
  const gaps = await sql<StoredGap>(
    `SELECT symbol, ${time('gap_start')} AS "from", ${time('gap_end')} AS "to", cause FROM hkq.gaps`,
    url,
  )
  return { ticks, quarantined: raw.map((row) => ({ symbol: row.symbol, number: numberIn(row.raw) })), gaps }
}

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseTime } from '../../../src/core/market/time.ts'
import { type Audit, audit } from '../../support/coverage-equation.ts'
import { openNumberedServer } from '../../support/numbered-server.ts'
import { NATS, REDIS } from '../../support/queues.ts'
import { ShiftedClock } from '../../support/shifted-clock.ts'
import { Tape } from '../../support/tape.ts'
import { RecorderProcess } from '../recorder-process.ts'
import { influxdbOutage } from './influxdb.ts'
import { postgresOutage } from './postgres.ts'
import { queueOutage } from './queue.ts'
import type { OutageServer, OutageWorld } from './server.ts'

export interface OutageOptions {
  /** Ticks a second. */
  readonly rate: number
  /** How long the server is away, s: from the recorder's start, and once more in between. */
  readonly away: number
  /** How often it is then stopped and started again, in turn in order and as by a crash. */
  readonly flaps: number
}

export interface Survived {
  /** Of the recorder, and of the one behind a queue. */
  readonly codes: readonly (number | null)[]
  readonly audit: Audit
  /** Why trades are listed as missing. */
  readonly causes: ReadonlySet<string>
  readonly said: string
}

const SYMBOLS = ['00005.HK', '00388.HK', '00700.HK', '01810.HK', '09988.HK']
const MORNING = parseTime('2026-11-23T09:45')

/** How each kind of server is had. */
export const SERVERS = {
  postgres: postgresOutage,
  influxdb: influxdbOutage,
  redis: queueOutage(REDIS),
  nats: queueOutage(NATS),
} as const satisfies Record<string, (world: OutageWorld) => Promise<OutageServer>>

/**
 * Runs the built recorder on a live tape into a server of its own, which goes away again and again; behind a queue a second
 * recorder takes everything out.
 */
export async function outage(kind: keyof typeof SERVERS, { rate, away, flaps }: OutageOptions): Promise<Survived> {
  const folder = mkdtempSync(join(tmpdir(), 'hkq-outage-'))
  const clock = new ShiftedClock(MORNING)
  const server = await SERVERS[kind]({ symbols: SYMBOLS, folder, offset: clock.offset })
  const tape = new Tape(SYMBOLS)
  const vendor = await openNumberedServer(tape, clock)
  // a consumer connects before its queue goes away: at its start a source must answer
  await server.consumer?.spoke
  await server.stop('fast')
  const recorder = new RecorderProcess({
    ...{ symbols: SYMBOLS, from: `alltick:?endpoint=ws://127.0.0.1:${vendor.port}${vendor.path}` },
    ...{ offset: clock.offset, path: join(folder, 'none.db'), to: server.address },
  })
  const recorders = [recorder, ...(server.consumer ? [server.consumer] : [])]
  const trading = new AbortController()
  try {
    const ended = tape.run(clock, rate, trading.signal)
    await delay(away * 1_000)
    await server.start()
    await untilArrived(server, recorders, tape)
    await server.stop('immediate')
    await delay(away * 1_000)
    await server.start()
    for (let flap = 0; flap < flaps; flap++) {
      await delay(500 + (flap % 5) * 400)
      await server.stop(flap % 2 === 0 ? 'immediate' : 'fast')
      await delay((flap % 3) * 300)
      await server.start()
    }
    await delay(1_000)
    trading.abort()
    await ended
    tape.end(Math.floor(clock.now()))
    await untilArrived(server, recorders, tape)
    const codes = [await recorder.stop(), ...(server.consumer ? [await server.consumer.stop()] : [])]
    const recorded = await server.recorded()
    return {
      ...{ codes, audit: audit(tape, recorded, vendor.handedTo), said: recorder.said },
      causes: new Set(recorded.gaps.map(({ cause }) => cause)),
    }
  } finally {
    trading.abort()
    for (const { child } of recorders) child.kill('SIGKILL')
    await vendor.close()
    await server.remove()
    rmSync(folder, { recursive: true })
  }
}

/** Until of every symbol has arrived what the tape has now. */
async function untilArrived(server: OutageServer, recorders: readonly RecorderProcess[], tape: Tape): Promise<void> {
  const wanted = SYMBOLS.map((symbol) => tape.times(symbol).length)
  while (true) {
    const ended = recorders.find(({ isRunning }) => !isRunning)
    if (ended) throw new Error(`a recorder ended by itself: ${ended.said}`)
    const newest = await server.newest().catch(() => new Map<string, number>())
    // the last number may be one that costs nothing
    if (SYMBOLS.every((symbol, i) => (newest.get(symbol) ?? 0) >= wanted[i]! - 1)) return
    await delay(50)
  }
}

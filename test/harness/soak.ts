import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseTime } from '../../src/core/market/time.ts'
import { type Audit, audit, recordedIn } from '../support/coverage-equation.ts'
import { type Fault, FaultProxy } from '../support/fault-proxy.ts'
import { type NumberedServer, openNumberedServer } from '../support/numbered-server.ts'
import { ShiftedClock } from '../support/shifted-clock.ts'
import { Tape } from '../support/tape.ts'
import { RecorderProcess } from './recorder-process.ts'
import { type Trend, trendOf } from './slope.ts'

export interface SoakOptions {
  readonly minutes: number
  /** Ticks a second. */
  readonly rate: number
  readonly reconnects: number
}

/** What the recorder held at one time, after a full collection of its heap: bytes and counts. */
export interface Sample {
  readonly heap: number
  readonly rss: number
  readonly external: number
  readonly descriptors: number
  /** Timers, sockets, pipes, ... that keep it running, by name. */
  readonly resources: Readonly<Record<string, number>>
}

export interface Soaked {
  readonly code: number | null
  readonly audit: Audit
  readonly connections: number
  /** One before each trouble and one at the end, always of a connection that streams. */
  readonly samples: readonly Sample[]
}

/** Early enough on a Monday for two hours of trading before lunch. */
const MORNING = parseTime('2026-11-23T09:45')

/** How long a trouble lasts: shorter than the wait after a loss, so that each costs one reconnect. */
const TROUBLE = 1_000

const SYMBOLS = ['00005.HK', '00388.HK', '00700.HK', '01810.HK', '09988.HK']
const TROUBLES: readonly Fault[] = [
  { kind: 'reset' },
  { kind: 'latency', ms: 300, jitterMs: 200 },
  { kind: 'down' },
  { kind: 'bandwidth', bytesPerSecond: 20_000 },
  { kind: 'slow-close', ms: 500 },
  { kind: 'black-hole' },
  { kind: 'slicer', bytes: 40, variation: 39, pauseMs: 1 },
  { kind: 'data-limit', bytes: 10_000 },
]

/** Runs the built recorder on a live tape behind a proxy that troubles it again and again, and measures what it holds. */
export async function soak(options: SoakOptions, onSample: (sample: Sample, done: number) => void): Promise<Soaked> {
  const clock = new ShiftedClock(MORNING)
  const tape = new Tape(SYMBOLS)
  const server = await openNumberedServer(tape, clock)
  const proxy = await FaultProxy.open({ target: server.port, clock, random: Math.random })
  const folder = mkdtempSync(join(tmpdir(), 'hkq-soak-'))
  const path = join(folder, 'soak.db')
  const from = `alltick:?endpoint=ws://127.0.0.1:${proxy.port}${server.path}`
  const offset = clock.offset
  const recorder = new RecorderProcess({
    ...{ symbols: SYMBOLS, from, path, offset, preload: ['soak.cjs'], flags: ['--expose-gc'] },
  })
  const trading = new AbortController()
  try {
    const ended = tape.run(clock, options.rate, trading.signal)
    const samples = await trouble(options, { recorder, server, proxy }, onSample)
    const soFar = new Map(SYMBOLS.map((symbol) => [symbol, tape.times(symbol).length]))
    await recorder.until(({ number }, symbol) => number >= soFar.get(symbol)!)
    trading.abort()
    await ended
    tape.end(Math.floor(clock.now()))
    await recorder.until(({ number }, symbol) => number === tape.times(symbol).length)
    const code = await recorder.stop()
    return {
      code,
      samples,
      connections: server.connections.length,
      audit: audit(tape, recordedIn(path), server.handedTo),
    }
  } finally {
    trading.abort()
    recorder.child.kill('SIGKILL')
    await proxy.close()
    await server.close()
    rmSync(folder, { recursive: true })
  }
}

interface World {
  readonly recorder: RecorderProcess
  readonly server: NumberedServer
  readonly proxy: FaultProxy
}

async function trouble(
  { minutes, reconnects }: SoakOptions,
  { recorder, server, proxy }: World,
  onSample: (sample: Sample, done: number) => void,
): Promise<Sample[]> {
  const interval = (minutes * 60_000) / (reconnects + 1)
  const begun = performance.now()
  const samples: Sample[] = []
  for (let done = 0; ; done++) {
    await delay(begun + (done + 1) * interval - performance.now())
    const sample = await sampleOf(recorder)
    samples.push(sample)
    onSample(sample, done)
    if (done === reconnects) return samples
    const lift = proxy.inject(TROUBLES[done % TROUBLES.length]!)
    await delay(TROUBLE)
    server.dismiss(1012)
    await lift()
  }
}

async function sampleOf(recorder: RecorderProcess): Promise<Sample> {
  const answered = once(recorder.child, 'message')
  recorder.child.send({ sample: true })
  const died = recorder.ended.then(({ code }) => {
    throw new Error(`the recorder ended by itself with ${code}: ${recorder.said}`)
  })
  const [sample] = await Promise.race([answered, died])
  return sample as Sample
}

/** What a recorder that neither grows nor leaks may do over a run, however long. */
const BOUNDS = {
  /** Bytes: what compiled code and its statistics still add after the first part of a run. */
  heap: 1_000_000,
  /** A count that grows by one every few reconnects grows by more than that. */
  count: 1,
}

export interface Verdict {
  readonly heap: Trend
  readonly descriptors: Trend
  readonly timers: Trend
  readonly handles: Trend
  readonly growing: readonly string[]
}

/** Judges the samples of a run but its first fifth, in which a program warms up. */
export function verdictOf(samples: readonly Sample[]): Verdict {
  const warm = samples.slice(Math.floor(samples.length / 5))
  const of = (measure: (sample: Sample) => number) => trendOf(warm.map(measure))
  const timersOf = ({ resources }: Sample) => resources.Timeout ?? 0
  const trends = {
    heap: of(({ heap }) => heap),
    descriptors: of(({ descriptors }) => descriptors),
    timers: of(timersOf),
    handles: of((sample) => Object.values(sample.resources).reduce((sum, n) => sum + n, 0) - timersOf(sample)),
  }
  const growing = Object.entries(trends)
    .filter(([name, { growth }]) => growth > (name === 'heap' ? BOUNDS.heap : BOUNDS.count))
    .map(([name, { growth }]) => `${name} grew by ${growth.toFixed(1)}`)
  return { ...trends, growing }
}

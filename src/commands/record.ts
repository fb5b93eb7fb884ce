import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { type Address, FRAMED, LIVE, parseAddress } from '../core/address/address.ts'
import { isStore, openSink, queueReached, together } from '../core/address/open-sink.ts'
import { openSource } from '../core/address/open-source.ts'
import { namesQueue } from '../core/address/open-store.ts'
import { HkqError, messageOf } from '../core/errors.ts'
import { levelled } from '../core/holes/behind.ts'
import type { Instrument } from '../core/market/instrument.ts'
import type { Place } from '../core/monitor/health-server.ts'
import type { Durability, Sink } from '../core/pipeline/source.ts'
import { type RecordingSummary, rejectedShare, startRecording } from '../core/recorder.ts'
import type { Store } from '../core/storage/store.ts'
import { renderSummary } from '../core/terminal/summary.ts'
import { reason } from './_config.ts'
import { stopAfter, teller, validatorFor } from './_events.ts'
import { liveAddresses, sourceOptions } from './_feed.ts'
import { tellFeeds } from './_feeds.ts'
import type { Health } from './_health.ts'
import { type Io, say, stateFolder } from './_io.ts'
import { defineCommand, type FeedOptions, type LiveOptions, withCommon, withFeeds, withLive } from './_options.ts'
import { formatOf, paletteOf, tell } from './_print.ts'
import { startRefill } from './_refill.ts'
import { refuseSameFile } from './_same-file.ts'
import { isNeedless, type Schedule, untilEnd, waitForOpening } from './_schedule.ts'
import { demandSymbols, printedSchema, type Setup, setUp } from './_setup.ts'
import { influxTokenOf } from './_token.ts'
import { choice, duration, integer, listenPlace, portOrOff, repeated, until } from './_values.ts'

interface Options extends Schedule, FeedOptions, LiveOptions {
  to?: string[]
  symbolsFile?: string
  waitOpen?: boolean
  durability: Durability
  patience: number
  depth?: number
  raw?: string
  relay: number | false
  metrics?: Place
}

const HOLES = 3

export function define(io: Io): Command {
  const command = defineCommand('record', io)
    .description('Records ticks from a source into stores, for hours, unattended. Ends with a summary.')
    .argument('[symbols...]', 'e.g. HSI 00700.HK 9988')
    .option('--symbols-file <file>', 'more symbols, separated by white space or commas')
    .option('--to <address>', 'where the events go, repeatable (default: sqlite:hk_market.db)', repeated(String))
    .option('--until <time>', 'end after the closing auction (close) or at a time', (text) => {
      until(text, io.clock.now())
      return text
    })
    .option('--wait-open', 'sleep until the market opens')
    .option(
      '--durability <level>',
      'what a commit survives: process or power',
      choice('durability', ['process', 'power']),
      'process',
    )
    .option('--patience <time>', 'how long a full or failing disk, or a lock, is waited for', duration, 60_000)
    .option('--depth <n>', 'store quotes with this many levels of the book, 1 to 10', integer(1, 10))
    .option('--raw <dir>', 'keep every frame as it came, for --from raw:DIR')
    .option('--relay <port>', 'relay the feed on this loopback port, or off', portOrOff, 0)
    .option('--metrics <port>', 'serve Prometheus metrics and /healthz on this port, or HOST:PORT', listenPlace)
  command.options.find(({ long }) => long === '--relay')!.defaultValueDescription = 'a usual or a free one'
  command.options.find(({ long }) => long === '--patience')!.defaultValueDescription = '60s'
  withFeeds(command, 'a running recorder, else alltick:')
  withLive(command)
  return withCommon(command).action(async (args: string[], options: Options) => {
    const named = [...args, ...symbolsIn(options.symbolsFile)]
    const setup = setUp(command, io, named)
    if (printedSchema(command, io, ['tick', 'quote', 'gap', 'summary'])) return
    const isQueue = options.from?.some((text) => namesQueue(parseAddress(text, 'source'))) ?? false
    // what is taken from a queue is gone from it: only symbols named for this run may leave others out
    const ofQueue = named.length > 0 ? setup.symbols : []
    const symbols = isQueue ? ofQueue : demandSymbols(setup.symbols)
    const sinks = (options.to ?? ['sqlite:hk_market.db']).map((text) => parseAddress(text, 'sink'))
    Object.assign(io, { meantToBeStopped: true, ignoresHangup: true })
    let addresses = await liveAddresses(options.from, setup, io)
    refuseSameFile(addresses, sinks, io)
    if (options.raw !== undefined) refuseUnframed(addresses, options.raw)
    const { openHealth } = await import('./_health.ts')
    const health = await openHealth(options.metrics, sinks, io)
    if (options.metrics) tell(`metrics at ${health.url}/metrics`, options, io)
    try {
      if (options.waitOpen && (await waitForOpening(setup, options, health.idle, io)))
        addresses = await liveAddresses(options.from, setup, io)
      if (io.interrupted.aborted) return
      if (LIVE.has(addresses[0].scheme) && isNeedless(options, setup, io.clock.now(), io)) return
      await run({ addresses, sinks, symbols, setup, options, health }, io)
    } finally {
      await health.close()
    }
  })
}

/** @throws HkqError E_USAGE where a source brings no frames that could be kept */
function refuseUnframed(addresses: readonly Address[], raw: string): void {
  const unframed = addresses.find(({ scheme }) => !FRAMED.has(scheme))
  if (unframed === undefined) return
  const vendors = [...FRAMED].map((scheme) => `${scheme}:`).join(', ')
  throw new HkqError(
    'E_USAGE',
    `--raw "${raw}": "${unframed.text}" brings no frames to keep: leave it out, or record from one of ${vendors}`,
  )
}

interface Plan {
  addresses: readonly [Address, ...Address[]]
  sinks: readonly Address[]
  symbols: readonly string[]
  setup: Setup
  options: Options
  health: Health
}

/** Opens sinks before the source, so that a store that cannot be written costs no connection; a new one is made by its first tick. */
async function run(plan: Plan, io: Io): Promise<void> {
  const { addresses, symbols, setup, options, health } = plan
  const [address] = addresses
  const began = io.clock.now()
  const ended = new AbortController()
  const signal = stopAfter(options.duration, io, ended.signal)
  const sinks = await openAll(plan, io, () => {
    if (plan.sinks.length === 1) ended.abort('the reader has gone')
  })
  let bytes = 0
  try {
    const stores = sinks.filter(isStore)
    const [store] = stores
    const { reached, holes } = await levelled(stores, symbols, setup.sessions, began)
    const checkpoints = store === undefined ? await queueReached(sinks) : reached
    const behind = LIVE.has(address.scheme) ? holes : undefined
    if (behind !== undefined && behind.size > 0) tell(BEHIND, options, io)
    const opened = await openSource(addresses, {
      ...{ ...sourceOptions(setup, io), symbols, signal, depth: options.depth ?? 0 },
      ...(options.maxRetries !== undefined && { maxRetries: options.maxRetries }),
      ...(checkpoints && { checkpoints }),
      isKept: true,
      ...(options.raw && {
        capture: { dir: options.raw, id: process.pid, onFailure: (error) => say(io, `hkq: ${error.message}`) },
      }),
      onBytes: (count) => {
        bytes += count
      },
    })
    if (!LIVE.has(address.scheme) && isNeedless(options, setup, opened.clock.now(), io)) return
    const source = untilEnd(opened, options, setup, ended)
    const { openRelay } = await import('./_relay-server.ts')
    const durability = store ? options.durability : null
    const relay = await openRelay(
      source,
      address,
      { ...plan, durability, port: namesQueue(address) ? false : options.relay },
      io,
    )
    const told = teller(options, io)
    const validator = validatorFor(address, source, setup, options, io, (rows) => {
      relay?.learn(rows)
      if (!ended.signal.aborted && store) void keepFacts(store, rows, options, io)
    })
    const refill = await startRefill(
      { source: opened, store, validator, filled: (gap) => recording.filled(gap) },
      signal,
      plan,
      io,
    )
    const gapsBefore = await health.gapsToday(store, symbols)
    void tellFeeds(source, options, signal, io)
    const recording = startRecording({
      ...{ source, symbols, sessions: setup.sessions, clock: io.clock, quotes: options.depth !== undefined },
      validator,
      sink: together(sinks, behind),
      durability,
      onArrival: (batch) => {
        relay?.publish(batch)
        told(batch)
      },
      onCommit: (events) => refill.add(events),
    })
    const done = recording.done.then(
      () => undefined,
      (error: unknown) => ({ error }),
    )
    const { tally } = recording
    const watched = { source, validator, tally, sinks, symbols, sessions: setup.sessions, gapsBefore }
    health.watch({ ...watched, bytes: () => bytes })
    const failure = await done
    ended.abort('over')
    await Promise.all([refill.ended, health.end()])
    await relay?.close()
    const summary = tally.summary(bytes)
    const isUnheard =
      !failure && !tally.wasUp && LIVE.has(address.scheme) && setup.sessions.tradesIn(began, io.clock.now())
    if (isUnheard) say(io, UNHEARD)
    if (!failure || summary.received > 0) conclude(summary, tally.holes > 0 || isUnheard, options, plan, io)
    if (failure) throw failure.error
  } finally {
    ended.abort()
    await closeAll(sinks)
  }
}

async function openAll(
  { addresses, sinks, options, setup, symbols }: Plan,
  io: Io,
  onGone: () => void,
): Promise<Sink[]> {
  const open: Sink[] = []
  try {
    for (const address of sinks) {
      const { publishing } = await import('./_publish.ts')
      const publish = (to: Address): Promise<Sink> => publishing(to, { sessions: setup.sessions, symbols }, io)
      open.push(
        await openSink(address, {
          durability: options.durability,
          now: () => io.clock.now(),
          influxToken: influxTokenOf(setup.config, io),
          patienceMs: options.patience,
          journals: join(stateFolder(io), 'journal'),
          ...(namesQueue(addresses[0]) && { keptUntil: io.interrupted }),
          clock: io.clock,
          tell: (line) => say(io, `hkq: ${line}`),
          stdout: io.stdout,
          onGone,
          publish,
        }),
      )
    }
  } catch (error) {
    await closeAll(open)
    throw error
  }
  return open
}

async function closeAll(sinks: readonly Sink[]): Promise<void> {
  await together(sinks).close()
}

/** Static facts are no reason to stop recording. */
async function keepFacts(
  store: Pick<Store, 'putInstruments'>,
  rows: readonly Instrument[],
  options: Options,
  io: Io,
): Promise<void> {
  try {
    await store.putInstruments(rows)
  } catch (error) {
    tell(`hkq: names and board lots were not stored: ${messageOf(error)}`, options, io)
  }
}

function symbolsIn(file: string | undefined): string[] {
  if (file === undefined) return []
  try {
    return readFileSync(file, 'utf8')
      .replace(/#.*$/gm, '')
      .split(/[\s,]+/)
      .filter(Boolean)
  } catch (cause) {
    throw new HkqError('E_USAGE', `cannot read the symbols file "${file}": ${reason(cause)}`, { cause })
  }
}

const BEHIND = 'hkq: one of the stores ends before another does: what it alone lacks is written down there as holes'
const UNHEARD =
  'hkq: no connection came about, and the market traded: the next run into the same store writes the hole down; see hkq probe-endpoints'

function conclude(summary: RecordingSummary, hasHoles: boolean, options: Options, { sinks }: Plan, io: Io): void {
  if (hasHoles || rejectedShare(summary) > 0.001) io.exitCode = HOLES
  const toStdout = formatOf(options, io) !== 'table' && (options.json || options.format !== undefined)
  if (toStdout && !sinks.some(({ scheme }) => scheme === '-')) io.stdout.write(`${JSON.stringify(summary)}\n`)
  else for (const line of renderSummary(summary, paletteOf(io.stderr, options, io)).split('\n')) tell(line, options, io)
}

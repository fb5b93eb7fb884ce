import type { Command } from 'commander'
import { parseAddress } from '../core/address/address.ts'
import { openSource } from '../core/address/open-source.ts'
import { messageOf } from '../core/errors.ts'
import type { Instrument } from '../core/market/instrument.ts'
import { DIALECTS, type Dialect } from '../core/server/dialect.ts'
import { type Fault, parseFault } from '../core/server/faults.ts'
import { stopAfter, teller } from './_events.ts'
import { liveAddresses, sourceOptions } from './_feed.ts'
import { hangUpOf } from './_hang-up.ts'
import { type Io, say } from './_io.ts'
import {
  type CommonOptions,
  defineCommand,
  type FeedOptions,
  type LiveOptions,
  withCommon,
  withFeeds,
  withLive,
} from './_options.ts'
import { tell } from './_print.ts'
import { listenAt } from './_publish.ts'
import { printedSchema, type Setup, setUp } from './_setup.ts'
import { ALLTICK, INFOWAY, resolveToken, tokenMissing, type VendorNames } from './_token.ts'
import { choice, duration, integer, repeated } from './_values.ts'

interface Options extends CommonOptions, FeedOptions, LiveOptions {
  to: string
  dialect?: Dialect
  strict?: boolean
  requireToken?: boolean
  depth: number
  history: number
  fault?: Fault[]
}

export function define(io: Io): Command {
  const command = defineCommand('serve', io)
    .description('An AllTick-compatible server over any source: simulator, recorded data, or a relay of a live feed.')
    .argument('[symbols...]', 'what to take from the source (default: what clients ask for)')
    .option('--to <address>', 'where to listen', 'ws://127.0.0.1:8765')
    .option(
      '--dialect <name>',
      `one dialect on all paths (${DIALECTS.join('|')}; default: all, by path)`,
      choice('dialect', DIALECTS),
    )
    .option('--strict', 'pacing, plan limits and error codes as the real service')
    .option('--require-token', 'let in clients with your AllTick token only (--dialect infoway: your Infoway key)')
    .option('--depth <n>', 'most levels of the book a client gets, 1 to 10', integer(1, 10), 10)
    .option('--history <time>', 'what a late client gets first', duration, 300_000)
    .option(
      '--fault <fault>',
      'a fault on the wire, repeatable, e.g. drop=0.01, delay=100ms, mute-symbol=700@30s',
      repeated(parseFault),
    )
  command.options.find(({ long }) => long === '--history')!.defaultValueDescription = '5m'
  withFeeds(command, 'a running recorder, else alltick:')
  withLive(command)
  return withCommon(command).action(async (args: string[], options: Options) => {
    const setup = setUp(command, io, args)
    if (printedSchema(command, io, ['tick', 'quote'])) return
    const at = listenAt(parseAddress(options.to, 'sink'))
    const addresses = await liveAddresses(options.from, setup, io)
    io.meantToBeStopped = true
    const signal = stopAfter(options.duration, io)
    const source = await openSource(addresses, {
      ...{ ...sourceOptions(setup, io), symbols: setup.symbols, signal, depth: options.depth },
      ...(options.maxRetries !== undefined && { maxRetries: options.maxRetries }),
    })
    let instruments: readonly Instrument[] = []
    const follow = {
      onWanted: (wanted: ReadonlySet<string>) => source.subscribe!([...wanted]),
      onRefused: (error: unknown) => say(io, `hkq: not every symbol asked for can be served: ${messageOf(error)}`),
    }
    const follows = setup.symbols.length === 0 && source.subscribe !== undefined
    const { openServer } = await import('../core/server/server.ts')
    const server = await openServer({
      ...at,
      ...{
        sessions: setup.sessions,
        clock: io.clock,
        depth: options.depth,
        historyMs: options.history,
        paced: isFast(addresses[0].params.get('speed'), source.kind),
      },
      ...{
        strict: options.strict ?? false,
        instruments: () => instruments,
        faults: options.fault ?? [],
        hangsUpFor: () => hangUpOf(source, addresses),
        random: io.random,
      },
      ...(options.dialect && { dialect: options.dialect }),
      ...(options.requireToken && { tokens: [tokenOf(options.dialect === 'infoway' ? INFOWAY : ALLTICK, setup, io)] }),
      ...(follows && follow),
    })
    const learn = (rows: readonly Instrument[]): void => {
      instruments = rows
    }
    void source.instruments?.().then(learn, () => {})
    say(io, `serving on ${server.url}`)
    signal.addEventListener('abort', () => void server.close(1001), { once: true })
    const told = teller(options, io)
    try {
      for await (const batch of source) {
        told(batch)
        await server.publish(batch)
        if (signal.aborted) break
      }
      if (!signal.aborted) tell('the source has ended', options, io)
    } finally {
      await server.close(signal.aborted ? 1001 : 1000)
    }
  })
}

/** Whether the source delivers faster than its own time passes, so that clients set the pace. */
function isFast(speed: readonly string[] | undefined, kind: 'live' | 'simulated' | 'recorded'): boolean {
  if (kind === 'live') return false
  return kind === 'recorded' ? speed === undefined : speed?.at(-1) === 'max'
}

function tokenOf(vendor: VendorNames, setup: Setup, io: Io): string {
  const { token } = resolveToken(setup.config, io.env, io, vendor)
  if (token === undefined) throw tokenMissing(vendor)
  return token
}

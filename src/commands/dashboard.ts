import { join } from 'node:path'
import type { Command } from 'commander'
import packageJson from '../../package.json' with { type: 'json' }
import { readAssets } from '../core/dashboard/assets.ts'
import { type Hello, PROTOCOL } from '../core/dashboard/protocol.ts'
import { openDashboard } from '../core/dashboard/server.ts'
import { HkqError, messageOf } from '../core/errors.ts'
import { settingsOf, type VolatilityOptions } from '../core/statistics/volatility/options.ts'
import { type AccessOptions, accessOf, allowedHost } from './_dashboard-access.ts'
import { openMachine } from './_dashboard-machine.ts'
import { openShow, type Shown, type ShownOptions } from './_dashboard-show.ts'
import { stopAfter } from './_events.ts'
import { type Io, say } from './_io.ts'
import { defineCommand, withCommon, withFeeds, withLive } from './_options.ts'
import { tell } from './_print.ts'
import { printedSchema, setUp } from './_setup.ts'
import { withStrategy } from './_strategy-options.ts'
import { port, repeated } from './_values.ts'

interface Options extends ShownOptions, AccessOptions, Omit<VolatilityOptions, 'sessions' | 'auctions'> {
  port: number
}

/** Exit code of what was asked for wrongly. */
const USAGE = 2

export function define(io: Io): Command {
  const command = defineCommand('dashboard', io)
    .description(
      'A live page in the browser: candles, ticks, depth, volatility and alerts, a watch list, the state of the feed.',
    )
    .argument('[symbols...]', 'e.g. HSI 00700.HK (default: all of the store, or of the recorder)')
    .option('--port <port>', 'where to listen, 0 for a free one', port, 8050)
    .option('--history <store>', 'what came before a live feed or a queue')
    .option('--host <address>', 'listen here in place of loopback; asks for a token', '127.0.0.1')
    .option('--allow-host <name>', 'a host that a proxy passes on, repeatable; asks for a token', repeated(allowedHost))
    .option('--token-file <file>', 'the token that opens the page, in place of HKQ_DASHBOARD_TOKEN')
  withStrategy(command)
  withFeeds(command, 'a running recorder and its store, else sqlite:hk_market.db')
  withLive(command)
  return withCommon(command).action(async (args: string[], options: Options) => {
    const setup = setUp(command, io, args)
    if (printedSchema(command, io, [])) return
    const access = accessOf(options, io)
    const settings: VolatilityOptions = { ...options, sessions: setup.sessions }
    const assets = readAssets(join(io.built, 'dashboard'))
    const strategy = strategyOf(settings)
    io.meantToBeStopped = true
    const machine = openMachine(io)
    const onFailure = (error: unknown): void =>
      say(io, `hkq: a page was disconnected (unexpected): ${messageOf(error)}`)
    const server = await openDashboard({
      ...{ ...access, port: options.port, assets, clock: io.clock, machine: machine.measure, onFailure },
    })
    const ended = new AbortController()
    const signal = stopAfter(options.duration, io, ended.signal)
    try {
      const shown = await openShow(options, settings, setup, signal, io)
      const hello: Hello = {
        ...{ type: 'hello', protocol: PROTOCOL, build: assets.build, version: packageJson.version },
        ...{ source: shown.name, kind: shown.kind, strategy },
      }
      server.show({ ...shown.show, hello, clock: io.clock })
      say(io, `dashboard at ${server.url}`)
      try {
        await shownToTheEnd(shown, signal, options, io)
      } finally {
        ended.abort()
        await server.close()
        await shown.show.close()
      }
    } finally {
      machine.close()
      await server.close()
    }
  })
}

/**
 * The page stays up when its source has ended, or failed: until it is stopped.
 * @throws HkqError where the source is none that could be shown
 */
async function shownToTheEnd({ show, name }: Shown, signal: AbortSignal, options: Options, io: Io): Promise<void> {
  const { desk, now, done } = show
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
  try {
    await Promise.race([done, stopped])
    if (signal.aborted) return
    desk.end(name, '', now())
    tell('the source has ended; the page stays up until Ctrl-C', options, io)
  } catch (error) {
    const isEmpty = [...desk.sheets.values()].every(({ tape }) => tape.count === 0)
    if (error instanceof HkqError && error.exitCode === USAGE && isEmpty) throw error
    io.exitCode = error instanceof HkqError ? error.exitCode : 1
    desk.end(name, messageOf(error), now())
    say(io, `hkq: ${messageOf(error)}; the page stays up until Ctrl-C`)
  }
  await stopped
}

/** @throws HkqError E_USAGE for settings that cannot be */
function strategyOf(options: VolatilityOptions): Hello['strategy'] {
  const { windowText, quantile, estimator } = settingsOf(options)
  return { window: windowText, quantile, estimator: estimator.name }
}

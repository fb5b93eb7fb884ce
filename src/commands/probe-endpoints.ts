import type { Command } from 'commander'
import type { EndpointProbe } from '../core/connection/probe.ts'
import type { SessionProbe } from '../core/connection/probe-session.ts'
import { HkqError } from '../core/errors.ts'
import { renderProbe } from '../core/terminal/probe.ts'
import { startSpinner } from '../core/terminal/progress.ts'
import { proxyFrom } from './_feed.ts'
import type { Io } from './_io.ts'
import { type CommonOptions, defineCommand, withCommon } from './_options.ts'
import { formatOf, paletteOf, printer } from './_print.ts'
import { findRelay } from './_relay.ts'
import { printedSchema, type Setup, setUp } from './_setup.ts'
import { QUOTE_VENDORS, resolveToken, secretVariable, tokenMissing, vendorSettings } from './_token.ts'
import { choice, duration, integer } from './_values.ts'

interface Options extends CommonOptions {
  samples: number
  timeout: number
  best?: boolean
  auth?: boolean
  vendor: 'alltick' | 'infoway'
}

/** One endpoint as printed; `heartbeat` and `first_tick` with `--auth` alone. Times in ms. */
type ProbeRecord = { type: 'probe' } & EndpointProbe & Partial<Pick<SessionProbe, 'heartbeat' | 'first_tick'>>

/** What a session with an endpoint waits for: a symbol that every plan has. */
const AUTH_SYMBOL = '00700.HK'
const SESSION_TIMEOUT = 5_000

export function define(io: Io): Command {
  const command = defineCommand('probe-endpoints', io)
    .description(
      'Measures endpoints in parallel: name, TCP, TLS, WebSocket upgrade; says what stands in the way and what to do.',
    )
    .argument('[urls...]', "WebSocket addresses (default: the configured ones, else the vendor's)")
    .option(
      '--vendor <name>',
      'whose endpoints they are (alltick|infoway)',
      choice('vendor', ['alltick', 'infoway']),
      'alltick',
    )
    .option('--samples <n>', 'connections to each endpoint', integer(1, 100), 5)
    .option('--timeout <time>', 'for each phase', duration, 2_000)
    .option('--best', 'print the best address only, as soon as it is known')
    .option('--auth', 'also heartbeats and the first tick, one endpoint at a time, with your token or key')
  command.options.find(({ long }) => long === '--timeout')!.defaultValueDescription = '2s'
  return withCommon(command).action(async (args: string[], options: Options) => {
    const setup = setUp(command, io)
    if (printedSchema(command, io, ['probe'])) return
    const [{ bestEndpoint, probeEndpoints }, { VENDORS }] = await Promise.all([
      import('../core/connection/probe.ts'),
      import('../core/connection/vendors/index.ts'),
    ])
    const names = QUOTE_VENDORS[options.vendor]
    const configured = args.length > 0 ? args : vendorSettings(setup.config, io.env, names).endpoints
    const urls = configured ?? VENDORS[options.vendor]({}).endpoints
    const token = options.auth ? await tokenToUse(setup, options.vendor, io) : undefined
    const how = {
      samples: options.samples,
      timeoutMs: options.timeout,
      clock: io.clock,
      signal: io.interrupted,
      proxyFor: proxyFrom(io.env),
      secretName: secretVariable(names),
    }
    if (options.best) return printBest(await bestEndpoint(urls, how), urls, io)
    const spinner = await startSpinner(
      `probing ${urls.length} endpoint${urls.length > 1 ? 's' : ''}`,
      io.stderr,
      Boolean(io.stderr.isTTY) && !options.quiet,
    )
    const probes = await probeEndpoints(urls, how).finally(() => spinner.stop())
    const sessions = token === undefined ? new Map() : await sessionsWith(probes, token, setup, options, io)
    const records = probes.map((probe): ProbeRecord => ({ type: 'probe', ...probe, ...sessions.get(probe.url) }))
    await print(records, options, io)
    if (!probes.some(({ reached }) => reached)) io.exitCode = 5
  })
}

async function print(records: readonly ProbeRecord[], options: Options, io: Io): Promise<void> {
  if (formatOf(options, io) === 'table') {
    const width = io.stdout.isTTY ? (io.stdout.columns ?? 80) : Number.POSITIVE_INFINITY
    io.stdout.write(`${renderProbe(records, width, paletteOf(io.stdout, options, io))}\n`)
    return
  }
  const output = printer<ProbeRecord>(options, io, { columns: [] })
  await output.write(records)
  await output.end()
}

function printBest(best: EndpointProbe | null, urls: readonly string[], io: Io): void {
  if (best === null)
    throw new HkqError('E_NETWORK', `no endpoint answers (${urls.length} tried): run hkq probe-endpoints to see why`)
  io.stdout.write(`${best.url}\n`)
}

/** The token, unless a recorder holds its connection: a second one could throw the recorder out. */
async function tokenToUse(setup: Setup, vendor: Options['vendor'], io: Io): Promise<string> {
  const relay = await findRelay(io, vendor)
  if (relay) {
    throw new HkqError(
      'E_USAGE',
      `--auth would take the connection of the recorder "${relay.pid}" that records into ${relay.store}: stop it first`,
    )
  }
  const { token } = resolveToken(setup.config, io.env, io, QUOTE_VENDORS[vendor])
  if (token === undefined) throw tokenMissing(QUOTE_VENDORS[vendor])
  return token
}

/** One session with each endpoint that was reached, at the vendor's pace. */
async function sessionsWith(
  probes: readonly EndpointProbe[],
  token: string,
  { sessions, config }: Setup,
  { timeout, vendor: name }: Options,
  io: Io,
): Promise<Map<string, Partial<ProbeRecord>>> {
  const [{ probeSessions }, { VENDORS }] = await Promise.all([
    import('../core/connection/probe-session.ts'),
    import('../core/connection/vendors/index.ts'),
  ])
  const endpoints = probes.filter(({ reached }) => reached).map(({ url }) => url)
  const { plan } = vendorSettings(config, io.env, QUOTE_VENDORS[name])
  const vendor = VENDORS[name]({ token, key: token, endpoints, ...(plan && { plan }) })
  const found = new Map<string, Partial<ProbeRecord>>()
  const how = { symbols: [AUTH_SYMBOL], sessions, clock: io.clock, timeoutMs: Math.max(timeout, SESSION_TIMEOUT) }
  for await (const session of probeSessions(vendor, { ...how, signal: io.interrupted, proxyFor: proxyFrom(io.env) })) {
    const { heartbeat, first_tick, failed } = session
    found.set(endpoints[found.size]!, {
      heartbeat: rounded(heartbeat),
      first_tick: rounded(first_tick),
      ...(failed && { remedy: failed }),
    })
  }
  return found
}

/** To the microsecond. */
function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 1_000) / 1_000
}

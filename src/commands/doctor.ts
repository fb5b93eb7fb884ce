import type { Command } from 'commander'
import { type Address, parseAddress } from '../core/address/address.ts'
import { namesQueue } from '../core/address/open-store.ts'
import { type Check, failed } from '../core/check.ts'
import { ERROR_CODES } from '../core/errors.ts'
import { Sessions } from '../core/market/session.ts'
import { renderChecks } from '../core/terminal/checks.ts'
import { type Config, section } from './_config.ts'
import type { Io } from './_io.ts'
import { type CommonOptions, defineCommand, withCommon } from './_options.ts'
import { formatOf, paletteOf, printer, tell } from './_print.ts'
import { DEFAULT_STORE } from './_recorded.ts'
import { printedSchema, type Setup, setUp } from './_setup.ts'
import { influxTokenOf } from './_token.ts'
import { duration, repeated } from './_values.ts'

interface Options extends CommonOptions {
  to?: readonly string[]
  offline?: boolean
  timeout: number
  bundle?: string
}

export function define(io: Io): Command {
  const command = defineCommand('doctor', io)
    .description(
      'Checks everything that recording depends on: versions, configuration, token, store, disk, the servers of stores and queues, endpoints. Changes nothing.\n' +
        'Ends with the highest exit code of what failed, 0 where nothing did.',
    )
    .option('--to <address>', `the store or queue to look at, repeatable (default: as for record)`, repeated(String))
    .option('--offline', 'leave the endpoints alone')
    .option('--timeout <time>', 'for each phase of a connection', duration, 2_000)
    .option('--bundle <file>', 'also write a report without secrets into this new file')
  command.options.find(({ long }) => long === '--timeout')!.defaultValueDescription = '2s'
  return withCommon(command).action(async (options: Options) => {
    if (printedSchema(command, io, ['check'])) return
    const { setup, problem } = setUpWhatever(command, io)
    const stores = (options.to ?? configured('to', setup.config, io) ?? [DEFAULT_STORE]).map((text) =>
      parseAddress(text, 'sink'),
    )
    const checks = await checkAll(stores, setup, problem, options, io)
    await print(checks, options, io)
    if (options.bundle !== undefined) {
      const { writeBundle } = await import('./_bundle.ts')
      writeBundle(options.bundle, checks, setup.config, io)
      tell(`wrote ${options.bundle}`, options, io)
    }
    io.exitCode = Math.max(0, ...checks.map(({ code }) => (code === null ? 0 : ERROR_CODES[code])))
  })
}

/** A configuration that cannot be used is one finding of several. */
function setUpWhatever(command: Command, io: Io): { setup: Setup; problem: Check | null } {
  try {
    return { setup: setUp(command, io), problem: null }
  } catch (error) {
    const setup = { config: { files: [], warnings: [] }, sessions: new Sessions(), symbols: [] }
    return { setup, problem: failed('configuration', error) }
  }
}

/** Where `record` reads or writes, by environment or configuration. */
function configured(which: 'from' | 'to', { files }: Config, { env }: Io): readonly string[] | undefined {
  const given = env[`HKQ_${which.toUpperCase()}`]
  if (given) return [given]
  const named = files.map(({ values }) => section(values, 'record')[which] ?? values[which])
  const found = named.find((each) => each !== undefined)
  return found === undefined ? undefined : ([found].flat() as string[])
}

/** What `record` reads from; an address that cannot be used is a finding too. */
function feedsIn(config: Config, io: Io): { feeds: readonly Address[]; problem: readonly Check[] } {
  try {
    const named = configured('from', config, io) ?? ['alltick:']
    return { feeds: named.map((text) => parseAddress(text, 'source')), problem: [] }
  } catch (error) {
    return { feeds: [], problem: [failed('from', error)] }
  }
}

async function checkAll(
  sinks: readonly Address[],
  setup: Setup,
  problem: Check | null,
  { offline, timeout }: Options,
  io: Io,
): Promise<readonly Check[]> {
  const { config, sessions } = setup
  const { feeds, problem: misnamed } = feedsIn(config, io)
  const [own, secrets, stores, network] = await Promise.all([
    import('./_check-setup.ts'),
    import('./_check-secrets.ts'),
    import('./_check-store.ts'),
    import('./_check-network.ts'),
  ])
  const checks: Check[] = [
    own.checkNode(process.versions.node),
    await stores.checkSqlite(),
    problem ?? own.checkConfig(config),
    ...misnamed,
    ...secrets.checkSecrets(feeds, config, io),
    own.checkCalendar(setup, io),
  ]
  for (const sink of sinks) {
    if (sink.scheme === 'sqlite') checks.push(...(await stores.checkStore(sink.path, sessions)))
  }
  const { examine } = await import('../core/address/examine.ts')
  const influxToken = influxTokenOf(config, io)
  const servers = await Promise.all(
    [...sinks, ...feeds.filter(namesQueue)].map((address) => examine(address, { influxToken })),
  )
  checks.push(...servers.flat())
  checks.push(await network.checkRecorder(io))
  if (!offline) checks.push(...(await network.checkEndpoints(feeds, config, timeout, io)))
  return checks
}

async function print(checks: readonly Check[], options: Options, io: Io): Promise<void> {
  if (formatOf(options, io) === 'table') {
    const width = io.stdout.isTTY ? (io.stdout.columns ?? 80) : Number.POSITIVE_INFINITY
    io.stdout.write(`${renderChecks(checks, width, paletteOf(io.stdout, options, io))}\n`)
    return
  }
  const output = printer<Check>(options, io, { columns: [] })
  await output.write(checks)
  await output.end()
}

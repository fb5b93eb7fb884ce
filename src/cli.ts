import { closeSync } from 'node:fs'
import { homedir } from 'node:os'
import { isatty } from 'node:tty'
import { Command, CommanderError } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import { from } from './commands/_config.ts'
import { type Io, say } from './commands/_io.ts'
import { COMMAND_NAMES, type CommandName } from './commands/_names.ts'
import { PATIENCE, standstill } from './commands/_standstill.ts'
import { systemClock } from './core/clock.ts'
import { scrubber } from './core/connection/secret.ts'
import { HkqError, isReaderGone, messageOf } from './core/errors.ts'
import { nearest } from './core/nearest.ts'
import { SHOW_CURSOR } from './core/terminal/live-view.ts'
import { sanitise } from './core/terminal/sanitise.ts'
import { unheld } from './core/terminal/unheld.ts'

interface CommandModule {
  define(io: Io): Command
}

/** Every command with its one line of help. A module is loaded when its command is called. */
export const COMMANDS: Readonly<Record<CommandName, readonly [summary: string, load: () => Promise<CommandModule>]>> = {
  stream: ['live quotes: a table in a terminal, one tick a line in a pipe', () => import('./commands/stream.ts')],
  record: ['record ticks from a source into stores, unattended', () => import('./commands/record.ts')],
  resample: ['bars of any interval from what was recorded', () => import('./commands/resample.ts')],
  volatility: ['rolling volatility, its threshold and alerts', () => import('./commands/volatility.ts')],
  'probe-endpoints': ['which endpoint is nearest and healthy', () => import('./commands/probe-endpoints.ts')],
  serve: ['an AllTick-compatible server over any source', () => import('./commands/serve.ts')],
  dashboard: ['a live page in the browser', () => import('./commands/dashboard.ts')],
  export: ['copy from any source to any sink', () => import('./commands/export.ts')],
  archive: ['move closed days of a store into Parquet', () => import('./commands/archive.ts')],
  verify: ['holes, coverage and soundness of what was recorded; fills holes', () => import('./commands/verify.ts')],
  monitor: ['health of the machine and of a running recorder', () => import('./commands/monitor.ts')],
  init: ['set up: a configuration file and where the token goes', () => import('./commands/init.ts')],
  doctor: ['check everything that recording depends on', () => import('./commands/doctor.ts')],
}

/** The command tree: every command by name and summary, and the named one in full. */
export async function program(io: Io, called?: string): Promise<Command> {
  const root = new Command('hkq')
    .description('Hong Kong real-time stock quotes: stream, record, resample, volatility')
    .version(packageJson.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help of a command')
    .addHelpText(
      'after',
      '\nExamples:\n  hkq stream HSI 00700.HK --from sim:\n  hkq record HSI 00700.HK --until close\n  hkq resample 00700.HK --every 5m',
    )
  for (const [name, [summary, load]] of Object.entries(COMMANDS)) {
    root.addCommand(
      name === called ? (await load()).define(io).summary(summary) : new Command(name).description(summary),
    )
  }
  return quiet(root)
}

/** Errors of the command line are thrown, not printed: one place words them all, each value's with its option's name. */
function quiet(command: Command): Command {
  for (const option of command.options) {
    const parse = option.parseArg
    if (parse)
      option.parseArg = (text, previous) => from(`${option.long}`, 'E_USAGE', () => parse(text, previous as never))
  }
  command
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .showSuggestionAfterError(true)
  for (const child of command.commands) quiet(child)
  return command
}

const SIGNAL_EXITS: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }

/**
 * Runs a command line and sets `io.exitCode`. Never throws.
 * @param argv what stands behind `hkq`
 */
export async function main(argv: readonly string[], io: Io): Promise<void> {
  try {
    const called = argv[0] === 'help' ? argv[1] : argv[0]
    if (called !== undefined && !called.startsWith('-') && called !== 'help' && !Object.hasOwn(COMMANDS, called))
      throw unknownCommand(called)
    const root = await program(io, called)
    if (argv.length === 0 || called === 'help') root.outputHelp()
    else await root.parseAsync(argv, { from: 'user' })
    if (io.interrupted.aborted && !io.meantToBeStopped) io.exitCode = SIGNAL_EXITS[io.interrupted.reason] ?? io.exitCode
  } catch (error) {
    report(error, io, argv)
  }
}

function unknownCommand(name: string): HkqError {
  const guess = nearest(name, COMMAND_NAMES)
  return new HkqError(
    'E_USAGE',
    `unknown command "${name}": ${guess ? `did you mean "hkq ${guess}"?` : 'see hkq --help'}`,
  )
}

function report(error: unknown, io: Io, argv: readonly string[]): void {
  if (error instanceof CommanderError && error.exitCode === 0) return
  io.exitCode = error instanceof CommanderError ? 2 : error instanceof HkqError ? error.exitCode : 1
  io.stderr.write(`hkq: ${secretsHidden(io.env)(wordsOf(error, argv))}\n`)
}

function wordsOf(error: unknown, argv: readonly string[]): string {
  if (error instanceof CommanderError) return oneLine(error.message.replace(/^error: /, ''))
  return error instanceof HkqError ? oneLine(error.message) : unexpected(error, argv)
}

/** The last guard of the environment's secrets: whatever an error holds, its message does not show them. */
function secretsHidden(env: Io['env']): (text: string) => string {
  const holding = (name: RegExp): string[] =>
    Object.keys(env).flatMap((key) => (name.test(key) && env[key] ? [env[key]] : []))
  return scrubber(
    holding(/_PROXY$/i).filter((url) => URL.canParse(url)),
    Object.fromEntries(holding(/TOKEN$/).entries()),
  )
}

/** A mistake of hkq's own: its place with `-v` alone. */
function unexpected(error: unknown, argv: readonly string[]): string {
  const verbose = argv.includes('-v') || argv.includes('--verbose')
  if (verbose && error instanceof Error && error.stack) return error.stack.split('\n').map(sanitise).join('\n')
  return `${oneLine(messageOf(error))} (unexpected; run again with -v and report it)`
}

/** A message as a terminal may show it: it can hold a vendor's words, or a file's name, of any length. */
function oneLine(text: string): string {
  const line = sanitise(text.slice(0, 2 * LONGEST_LINE).replace(/\s*\n\s*/g, ' '))
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}... (${text.length} characters)` : line
}
const LONGEST_LINE = 4_000

/** The process as the commands see it: signals become one abort, a closed pipe a quiet end. */
function processIo(built: string): Io {
  const interrupt = new AbortController()
  const io: Io = {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    built,
    clock: systemClock,
    random: Math.random,
    interrupted: interrupt.signal,
    meantToBeStopped: false,
    ignoresHangup: false,
    exitCode: 0,
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (signal === 'SIGHUP' && io.ignoresHangup) return
      if (interrupt.signal.aborted && signal === 'SIGINT') leaveAtOnce()
      interrupt.abort(signal)
    })
  }
  for (const stream of [io.stdout, io.stderr]) unheld(stream)
  const terminals = [0, 1, 2].filter((fd) => isatty(fd))
  process.on('exit', () => letGo(terminals))
  process.stderr.on('error', () => {})
  process.on('uncaughtException', (error) => {
    report(error, io, process.argv)
    process.exit(1)
  })
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') interrupt.abort('EPIPE')
    else if (isReaderGone(error, process.stdout) && !io.ignoresHangup) interrupt.abort('SIGHUP')
  })
  return io
}

/** Node aborts at its end over a terminal that has gone and that it cannot put in order; not over one that is closed. */
function letGo(terminals: readonly number[]): void {
  for (const fd of terminals) if (!isatty(fd)) closeSync(fd)
}

/** The second Ctrl-C: whatever was drawn, the terminal gets its cursor back. */
function leaveAtOnce(): never {
  if (process.stdout.isTTY) process.stdout.write(SHOW_CURSOR)
  process.exit(130)
}

/**
 * Runs the process's own command line to its end.
 * @param built folder of the built command
 */
export async function run(built: string): Promise<void> {
  const io = processIo(built)
  const unread = standstill(io, io.stdout, () =>
    say(io, `hkq: nobody has read standard output for ${PATIENCE} s: what is left of it is not written`),
  )
  const unseen = standstill(io, io.stderr)
  let failure: NodeJS.ErrnoException | undefined
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (!isReaderGone(error, process.stdout)) failure = error
  })
  await main(process.argv.slice(2), io)
  if ((await Promise.race([flushed(io.stdout), unread])) === 'stood still') {
    process.exit(SIGNAL_EXITS[io.interrupted.reason])
  }
  if (failure && io.exitCode === 0) {
    report(new HkqError('E_STORAGE', `cannot write the output: ${failure.message}`), io, process.argv)
  }
  process.exitCode = io.exitCode
  await Promise.race([flushed(io.stderr), unseen])
  // A handle that was left open must not turn an ended command into a silent one; the wait lets a slow pipe drain.
  setInterval(() => {
    if (process.stdout.writableLength === 0) process.exit()
  }, 1_000).unref()
}

/** Resolves when the stream has handed over what it was given. */
function flushed(stream: Io['stdout']): Promise<unknown> {
  return new Promise((done) => stream.write('', done))
}

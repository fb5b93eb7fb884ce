import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { expect, onTestFinished } from 'vitest'
import { CANARY, traces, tracesIn } from '../support/canary.ts'

export const BIN = resolve(import.meta.dirname, '../../bin/hkq.js')

export interface Ran {
  code: number | null
  stdout: string
  stderr: string
}

/** A folder of its own for one test. */
export function workdir(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hkq-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export interface Options {
  cwd: string
  env?: Record<string, string>
  input?: string
  /** File descriptor that takes standard output's place. */
  stdout?: number
}

/** Files in which a test has put the token itself, or `hkq init` is meant to. */
const MAY_HOLD_TOKEN = ['token', 'hkq.config.json', 'config.json']

/**
 * The built command, started in a bare environment such as cron's, with the canary for a token. Whatever the test is about,
 * it fails where the token shows: in what the command printed, in the list of processes, in any file that is left.
 */
export function start(args: readonly string[], { cwd, env = {}, stdout }: Options): ChildProcess {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd,
    stdio: ['pipe', stdout ?? 'pipe', 'pipe'],
    env: { ...bareEnvironment(cwd), ...env },
  })
  watchForToken(child, cwd)
  return child
}

function bareEnvironment(cwd: string): Record<string, string> {
  return { PATH: process.env.PATH ?? '', HOME: cwd, XDG_RUNTIME_DIR: cwd, HKQ_ALLTICK_TOKEN: CANARY }
}

/** Kills the command when the test is over, and looks for the token wherever it could have gone. */
function watchForToken(child: ChildProcess, cwd: string): void {
  const seen = new Set<string>()
  const look = (where: string, bytes: Buffer | string): void => {
    for (const way of traces(bytes)) seen.add(`${where} shows the token (${way})`)
  }
  const printed = [child.stdout, child.stderr].map((stream) => (stream ? copyOf(stream) : []))
  child.once('spawn', () => {
    for (const line of processes(child.pid!)) look('the list of processes', line)
  })
  child.stderr?.once('readable', () => {
    for (const line of processes(child.pid!)) look('the list of processes', line)
  })
  onTestFinished(async () => {
    await ended(child)
    look('standard output', Buffer.concat(printed[0]!))
    look('standard error', Buffer.concat(printed[1]!))
    expect([...seen, ...tracesIn(cwd, MAY_HOLD_TOKEN)]).toEqual([])
  })
}

/** Kills a command, if it still runs, and lets what it has printed come through. */
async function ended(child: ChildProcess): Promise<void> {
  const closed = [child.stdout, child.stderr].every((stream) => stream === null || stream.closed)
  if (closed && (child.exitCode !== null || child.signalCode !== null)) return
  const gone = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGKILL')
  child.stdout?.resume()
  child.stderr?.resume()
  await gone
}

/** All that comes through a stream, without making it flow. */
function copyOf(stream: Readable): Buffer[] {
  const chunks: Buffer[] = []
  const push = stream.push.bind(stream)
  stream.push = (chunk: Buffer | null, encoding) => {
    if (chunk) chunks.push(chunk)
    return push(chunk, encoding)
  }
  return chunks
}

/** Command lines of a process and its children, where the system tells. */
function processes(pid: number): string[] {
  const read = (path: string): string => {
    try {
      return readFileSync(path, 'latin1')
    } catch {
      return ''
    }
  }
  const children = read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)
  return [read(`/proc/${pid}/cmdline`), ...children.flatMap(processes)]
}

/**
 * Starts the built command with files of at most `blocks` (of 512 or 1,024 bytes, as the shell counts) to write;
 * prlimit(1) lifts that again.
 */
export function startLimited(blocks: number, args: readonly string[], { cwd, env = {} }: Options): ChildProcess {
  const script = `ulimit -S -f ${blocks}; trap '' XFSZ; exec "$@"`
  const child = spawn('sh', ['-c', script, 'sh', process.execPath, BIN, ...args], {
    cwd,
    env: { ...bareEnvironment(cwd), ...env },
  })
  watchForToken(child, cwd)
  child.stdin.end()
  return child
}

/** Runs the built command to its end. */
export function hkq(args: readonly string[], options: Options): Promise<Ran> {
  const child = start(args, options)
  child.stdin?.end(options.input ?? '')
  return finished(child)
}

/** Runs the built command until `holds`, then ends it as its user would; sooner if it ends by itself. */
export async function hkqUntil(args: readonly string[], options: Options, holds: (ran: Ran) => boolean): Promise<Ran> {
  const child = start(args, options)
  child.stdin?.end(options.input ?? '')
  const ran: Ran = { code: null, stdout: '', stderr: '' }
  const ended = finished(child, ran)
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null
  while (!isOver() && !holds(ran)) await delay(20)
  child.kill('SIGINT')
  return ended
}

/** Rows that another program sees in a store; none where it is not made yet. */
export function query<T>(file: string, sql: string): T[] {
  let db: Sqlite.Database | undefined
  try {
    db = new Sqlite(file, { readonly: true })
    return db.prepare<[], T>(sql).all()
  } catch {
    return []
  } finally {
    db?.close()
  }
}

/** The numbers of the ticks in a store. */
export function numbersIn(file: string): number[] {
  return query<{ seq: number }>(file, 'SELECT seq FROM tick ORDER BY time, seq').map(({ seq }) => seq)
}

/** What a started command printed and how it ended; `ran` holds what it has printed so far. */
export function finished(child: ChildProcess, ran: Ran = { code: null, stdout: '', stderr: '' }): Promise<Ran> {
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    ran.stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    ran.stderr += text
  })
  return new Promise((done, fail) => {
    child.once('error', fail)
    child.once('close', (code) => {
      ran.code = code
      done(ran)
    })
  })
}

/** What commands have said on stderr, and how much of it has been matched. */
const heard = new WeakMap<ChildProcess, { text: string; matched: number }>()

function heardOf(child: ChildProcess): { text: string; matched: number } {
  const known = heard.get(child)
  if (known) return known
  const said = { text: '', matched: 0 }
  heard.set(child, said)
  child.stderr?.setEncoding('utf8').on('data', (more: string) => {
    said.text += more
  })
  return said
}

/**
 * Resolves with the first match of `pattern` in what the command says on stderr, after what was matched before, however
 * long ago it said it.
 */
export function says(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  const said = heardOf(child)
  const from = said.matched
  return new Promise((done, fail) => {
    const look = (): void => {
      const match = pattern.exec(said.text.slice(from))
      if (!match) return
      said.matched = Math.max(said.matched, from + match.index + match[0].length)
      child.stderr?.off('data', look)
      done(match)
    }
    child.stderr?.on('data', look)
    child.once('close', (code) => fail(new Error(`ended with ${code} before saying ${pattern}: ${said.text}`)))
    look()
  })
}

/** The objects of an NDJSON output. */
export function rows<T = Record<string, unknown>>(text: string): T[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T)
}

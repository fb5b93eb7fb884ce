import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'

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

/** The built command, started in a bare environment such as cron's. */
export function start(args: readonly string[], { cwd, env = {}, stdout }: Options): ChildProcess {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd,
    stdio: ['pipe', stdout ?? 'pipe', 'pipe'],
    env: { PATH: process.env.PATH ?? '', HOME: cwd, XDG_RUNTIME_DIR: cwd, ...env },
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return child
}

/**
 * Starts the built command with files of at most `blocks` (of 512 or 1,024 bytes, as the shell counts) to write;
 * prlimit(1) lifts that again.
 */
export function startLimited(blocks: number, args: readonly string[], { cwd, env = {} }: Options): ChildProcess {
  const script = `ulimit -S -f ${blocks}; trap '' XFSZ; exec "$@"`
  const child = spawn('sh', ['-c', script, 'sh', process.execPath, BIN, ...args], {
    cwd,
    env: { PATH: process.env.PATH ?? '', HOME: cwd, XDG_RUNTIME_DIR: cwd, ...env },
  })
  child.stdin.end()
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return child
}

/** Runs the built command to its end. */
export function hkq(args: readonly string[], options: Options): Promise<Ran> {
  const child = start(args, options)
  child.stdin?.end(options.input ?? '')
  return finished(child)
}

/** What a started command printed and how it ended. */
export function finished(child: ChildProcess): Promise<Ran> {
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return new Promise((done, fail) => {
    child.once('error', fail)
    child.once('close', (code) => done({ code, stdout, stderr }))
  })
}

/** Resolves with the first match of `pattern` in what the command says on stderr. */
export function says(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  let text = ''
  return new Promise((done, fail) => {
    child.stderr?.setEncoding('utf8').on('data', (more: string) => {
      text += more
      const match = pattern.exec(text)
      if (match) done(match)
    })
    child.once('close', (code) => fail(new Error(`ended with ${code} before saying ${pattern}: ${text}`)))
  })
}

/** The objects of an NDJSON output. */
export function rows<T = Record<string, unknown>>(text: string): T[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T)
}

import { spawn } from 'node:child_process'
import { toJson } from '../core/market/json.ts'
import type { VolatilityRecord } from '../core/statistics/volatility/record.ts'
import { type Io, say } from './_io.ts'

/** Runs a command for a record. */
export type Alarm = (record: VolatilityRecord) => void

/** Commands that may run at once; a further alert is told and not run. */
const AT_ONCE = 4
const TIMEOUT = 30_000

/** `--exec`: runs a shell command at each alert with the record as JSON on its standard input; never waits for it. */
export function openAlarm(command: string | undefined, io: Io): Alarm {
  if (command === undefined) return () => {}
  let running = 0
  return (record) => {
    if (running >= AT_ONCE) return say(io, `hkq: --exec not run for ${record.symbol}: ${AT_ONCE} are still running`)
    running++
    const child = spawn(command, {
      shell: true,
      stdio: ['pipe', 'ignore', 'inherit'],
      timeout: TIMEOUT,
      cwd: io.cwd,
      env: withoutSecrets(io.env),
    })
    // A command that cannot be started at all has no standard input, and never closes.
    child.stdin?.on('error', () => {}).end(`${toJson(record)}\n`)
    child.once('error', (error) => {
      if (child.pid === undefined) running--
      say(io, `hkq: --exec failed: ${error.message}`)
    })
    child.once('close', (code, signal) => {
      if (child.pid === undefined) return
      running--
      if (code !== 0) say(io, `hkq: --exec ended with ${signal ?? code} for ${record.symbol}`)
    })
  }
}

function withoutSecrets(env: Io['env']): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/TOKEN/.test(name)))
}

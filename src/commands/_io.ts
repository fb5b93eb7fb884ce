import { isAbsolute, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import type { Clock } from '../core/clock.ts'
import { sanitiseLine } from '../core/terminal/sanitise.ts'

/** An output that may be a terminal. */
export interface Output extends Writable {
  isTTY?: boolean
  columns?: number
  rows?: number
}

/** Everything of the process that a command may touch. */
export interface Io {
  readonly stdin: Readable
  readonly stdout: Output
  readonly stderr: Output
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly home: string
  /** Folder of the built command, where the scripts of its threads are. */
  readonly built: string
  readonly clock: Clock
  readonly random: () => number
  /** Aborts at the first Ctrl-C or SIGTERM: finish what was received, then end. */
  readonly interrupted: AbortSignal
  /** The command is meant to be stopped: a signal it finished after cleanly is a success. */
  meantToBeStopped: boolean
  /** The command goes on when its terminal goes away. */
  ignoresHangup: boolean
  /** What the process will exit with. */
  exitCode: number
}

/** What is kept for a reader of stderr that stands still, bytes; it is not told what comes beyond. */
const KEPT = 1 << 20

/** Writes one line for people, whatever it quotes. Nothing that goes wrong with stderr may stop the work. */
export function say({ stderr }: Pick<Io, 'stderr'>, line: string): void {
  if (stderr.writable && stderr.writableLength < KEPT) stderr.write(`${sanitiseLine(line)}\n`)
}

/** Where hkq keeps what it needs again: the user's folder for states. Source: XDG Base Directory Specification */
export function stateFolder({ env, home }: Io): string {
  const state = env.XDG_STATE_HOME
  return join(state && isAbsolute(state) ? state : join(home, '.local', 'state'), 'hkq')
}

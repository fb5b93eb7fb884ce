import { type ChildProcess, spawn } from 'node:child_process'
import { symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { build } from 'esbuild'

/** Bundles a program, recorder.ts if no other is named, into `directory`, so that a plain node runs it. */
export async function bundleRecorder(
  directory: string,
  entry = join(import.meta.dirname, 'recorder.ts'),
): Promise<string> {
  const outfile = join(directory, 'recorder.mjs')
  await symlink(resolve('node_modules'), join(directory, 'node_modules'))
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['@duckdb/node-api', 'better-sqlite3'],
  })
  return outfile
}

/** A recorder in a process of its own. */
export interface Recorder {
  readonly process: ChildProcess
  /** The next line it prints; undefined at its end. */
  line(): Promise<string | undefined>
  /** Kills it as a power cut would, and returns the lines it had printed by then. */
  kill(): Promise<string[]>
}

/** @param command what runs before the arguments; `sh` to limit what the process may write */
export function startRecorder(command: string, args: readonly string[]): Recorder {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
  const line = async () => {
    const { done, value } = await lines.next()
    return done ? undefined : value
  }
  return {
    process: child,
    line,
    async kill() {
      child.kill('SIGKILL')
      const rest: string[] = []
      for (let next = await line(); next !== undefined; next = await line()) rest.push(next)
      return rest
    },
  }
}

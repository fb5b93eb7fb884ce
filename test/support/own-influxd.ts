import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { freePort } from './free-port.ts'

/** Whether this machine has a server of InfluxDB 1.x to start. */
export const hasInfluxd = isInstalled()

function isInstalled(): boolean {
  try {
    return /v1\./.test(execFileSync('influxd', ['version'], { encoding: 'utf8' }))
  } catch {
    return false
  }
}

/** A server of one test's own, on this machine. */
export interface OwnInfluxd {
  readonly url: string
  /** Ends it at once, as a crash does, or in order. */
  kill(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>
  /** Starts it again, on the same port and files. */
  start(): Promise<void>
  /** Ends it at once, with its files. */
  remove(): Promise<void>
}

export interface OwnInfluxdOptions {
  /** Where its files are; default a temporary folder. */
  readonly folder?: string
  readonly auth?: boolean
  /** Most rows of an answer. */
  readonly rowLimit?: number
}

/** Starts a server that ends with the test, of those that run one at a time. */
export async function ownInfluxd(options: OwnInfluxdOptions = {}): Promise<OwnInfluxd> {
  const server = await influxd(options)
  onTestFinished(server.remove)
  await server.start()
  return server
}

/** A server that is not started yet, to be removed by whoever asked for it. */
export async function influxd({ folder, auth = false, rowLimit = 0 }: OwnInfluxdOptions = {}): Promise<OwnInfluxd> {
  const home = mkdtempSync(join(tmpdir(), 'hkq-influxd-'))
  const files = folder ?? home
  const [port, rpc] = [await freePort(), await freePort()]
  const config = join(home, 'influxdb.conf')
  writeFileSync(
    config,
    `reporting-disabled = true
bind-address = "127.0.0.1:${rpc}"
[meta]
dir = "${files}/meta"
[data]
dir = "${files}/data"
wal-dir = "${files}/wal"
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:${port}"
auth-enabled = ${auth}
max-row-limit = ${rowLimit}
log-enabled = false
`,
  )
  const url = `http://127.0.0.1:${port}`
  let child: ChildProcess | undefined
  async function kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
  return {
    url,
    kill,
    async start() {
      child = spawn('influxd', ['-config', config], { stdio: 'ignore' })
      while (!(await answers(url))) await sleep(20)
    },
    async remove() {
      await kill()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

function answers(url: string): Promise<boolean> {
  return fetch(`${url}/ping`).then(
    ({ ok }) => ok,
    () => false,
  )
}

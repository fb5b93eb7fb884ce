import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'

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
}

export interface OwnInfluxdOptions {
  /** Where its files are; default a temporary folder. */
  readonly folder?: string
  readonly auth?: boolean
  /** Most rows of an answer. */
  readonly rowLimit?: number
}

/** Starts a server that ends with the test. */
export async function ownInfluxd({ folder, auth = false, rowLimit = 0 }: OwnInfluxdOptions = {}): Promise<OwnInfluxd> {
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
  const server: OwnInfluxd = {
    url,
    async kill(signal = 'SIGKILL') {
      if (!child || child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill(signal)
      await ended
    },
    async start() {
      child = spawn('influxd', ['-config', config], { stdio: 'ignore' })
      while (!(await answers(url))) await sleep(20)
    },
  }
  onTestFinished(async () => {
    await server.kill()
    rmSync(home, { recursive: true, force: true })
  })
  await server.start()
  return server
}

function answers(url: string): Promise<boolean> {
  return fetch(`${url}/ping`).then(
    ({ ok }) => ok,
    () => false,
  )
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { sql } from './postgres.ts'

/** Where Debian keeps the programs of the newest version. */
const FOLDER = '/usr/lib/postgresql'
const BIN = existsSync(FOLDER)
  ? readdirSync(FOLDER)
      .sort((a, b) => Number(b) - Number(a))
      .map((version) => join(FOLDER, version, 'bin'))
      .find((bin) => existsSync(join(bin, 'initdb')))
  : undefined

/** Whether a server of its own can be had for a test. */
export const canServe = BIN !== undefined || process.env.HKQ_DEMAND_SERVERS === '1'

export const PASSWORD = 'sekret-of-the-server'

/**
 * A PostgreSQL server of a test's own, on a port and in a folder of its own, that may be stopped and killed; it asks for the
 * password. Every commit outlives the server, not the machine.
 */
export class PostgresServer {
  readonly port: number
  readonly #folder: string
  #child: ChildProcess | undefined

  private constructor(port: number, folder: string) {
    this.port = port
    this.#folder = folder
  }

  /** Makes one and starts it. */
  static async open(): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), 'hkq-postgres-'))
    const server = new PostgresServer(await freePort(), folder)
    const secret = join(folder, 'password')
    writeFileSync(secret, PASSWORD)
    for (const path of [folder, secret]) if (OWNER.uid !== undefined) chownSync(path, OWNER.uid, OWNER.gid!)
    const options = ['--username=hkq', '--auth=scram-sha-256', `--pwfile=${secret}`, '--encoding=UTF8', '--no-sync']
    execFileSync(join(BIN!, 'initdb'), ['-D', join(folder, 'data'), ...options], {
      stdio: 'pipe',
      cwd: folder,
      ...OWNER,
    })
    await server.start()
    return server
  }

  /** `postgres://hkq:PASSWORD@127.0.0.1:PORT/postgres` */
  get url(): string {
    return this.urlAs(PASSWORD)
  }

  urlAs(password: string): string {
    return `postgres://hkq:${password}@127.0.0.1:${this.port}/postgres`
  }

  /** Resolves once it takes connections. */
  async start(): Promise<void> {
    const settings = [
      'listen_addresses=127.0.0.1',
      `unix_socket_directories=${this.#folder}`,
      'fsync=off',
      'log_destination=stderr',
    ]
    const args = [
      '-D',
      join(this.#folder, 'data'),
      '-p',
      String(this.port),
      ...settings.flatMap((each) => ['-c', each]),
    ]
    const child = spawn(join(BIN!, 'postgres'), args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: this.#folder,
      ...OWNER,
    })
    this.#child = child
    let said = ''
    await new Promise<void>((resolve, reject) => {
      child.stderr!.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-4_000)
        if (said.includes('ready to accept connections')) resolve()
      })
      child.once('exit', () => reject(new Error(`the server does not start: ${said}`)))
    })
  }

  /** Makes a database whose tables lie in this folder, and returns its address. */
  async databaseIn(folder: string): Promise<string> {
    if (OWNER.uid !== undefined) chownSync(folder, OWNER.uid, OWNER.gid!)
    await sql(`CREATE TABLESPACE elsewhere LOCATION '${folder}'`, this.url)
    await sql('CREATE DATABASE elsewhere TABLESPACE elsewhere', this.url)
    return this.url.replace(/postgres$/, 'elsewhere')
  }

  /** `fast` ends every connection in order, `immediate` as a crash does. */
  async stop(how: 'fast' | 'immediate'): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT')
    await gone
  }

  async remove(): Promise<void> {
    await this.stop('immediate')
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** PostgreSQL refuses to run as root. */
const OWNER: { uid?: number; gid?: number } =
  process.getuid?.() === 0 && BIN !== undefined ? { uid: idOf('-u'), gid: idOf('-g') } : {}

function idOf(which: '-u' | '-g'): number {
  return Number(execFileSync('id', [which, 'postgres'], { encoding: 'utf8' }))
}

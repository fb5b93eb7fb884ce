import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect as connectNats } from '@nats-io/transport-node'
import { Redis } from 'ioredis'
import { freePort } from './free-port.ts'

/** One of the servers that queues live on, as the contract of queues needs it. */
export interface QueueServer {
  readonly scheme: 'redis' | 'nats'
  /** HOST:PORT of the shared one. */
  readonly at: string
  /** Name of a queue that nobody else has. */
  name(): string
  /** Puts in what another program would. */
  put(at: string, queue: string, text: string): Promise<void>
  /** Entries in the queue that no group has dealt with. */
  unread(at: string, queue: string, group: string): Promise<number>
  /** Entries of a group that the member of a process holds (Redis), or that any member was given again so far (JetStream). */
  leftBehind(at: string, queue: string, group: string, pid: number): Promise<number>
  /** Makes the queue so that it holds about a hundred messages. */
  makeSmall(at: string, queue: string): Promise<string>
  remove(at: string, queue: string): Promise<void>
  /** Names of the groups that entries are kept for. */
  groups(at: string, queue: string): Promise<readonly string[]>
  /** Command of a server of one's own. */
  command(port: number, folder: string, password?: string): readonly [string, readonly string[]]
  /** What stands before HOST to log in. */
  login(password: string): string
}

const own = (): string => `hkq_test_${randomBytes(6).toString('hex')}`

function place(url: string): { host: string; port: number } {
  const [host, port] = url.split(':')
  return { host: host!, port: Number(port) }
}

async function withRedis<T>(at: string, use: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(place(at))
  try {
    return await use(client)
  } finally {
    client.disconnect()
  }
}

export const REDIS: QueueServer = {
  scheme: 'redis',
  at: (process.env.HKQ_TEST_REDIS ?? 'redis://127.0.0.1:6379').replace(/^redis:\/\//, ''),
  name: own,
  put: (at, queue, text) => withRedis(at, async (client) => void (await client.xadd(queue, '*', 'events', text))),
  unread: (at, queue, group) =>
    withRedis(at, async (client) => {
      const groups = (await client.xinfo('GROUPS', queue)) as (string | number)[][]
      const fields = groups.find((fields) => fields.includes(group))!
      const at = (name: string): number => Number(fields[fields.indexOf(name) + 1])
      return at('pending') + at('lag')
    }),
  groups: (at, queue) =>
    withRedis(at, async (client) =>
      ((await client.xinfo('GROUPS', queue)) as (string | number)[][]).map((group) => String(group[1])).sort(),
    ),
  leftBehind: (at, queue, group, pid) =>
    withRedis(at, async (client) => {
      const members = (await client.xinfo('CONSUMERS', queue, group)) as (string | number)[][]
      const fields = members.find((fields) => String(fields[1]).endsWith(`-${pid}`)) ?? []
      return Number(fields[fields.indexOf('pending') + 1] ?? 0)
    }),
  makeSmall: async () => '?maxlen=1000',
  remove: (at, queue) => withRedis(at, async (client) => void (await client.del(queue, `${queue}:checkpoints`))),
  command: (port, folder, password) => [
    'redis-server',
    [
      ...[
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--dir',
        folder,
        '--appendonly',
        'yes',
        '--appendfsync',
        'always',
      ],
      ...(password === undefined ? [] : ['--requirepass', password]),
    ],
  ],
  login: (password) => `:${password}@`,
}

async function withNats<T>(
  at: string,
  use: (streams: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<T>,
): Promise<T> {
  const nats = await connectNats({ servers: at })
  try {
    return await use(await jetstreamManager(nats))
  } finally {
    await nats.close()
  }
}

export const NATS: QueueServer = {
  scheme: 'nats',
  at: (process.env.HKQ_TEST_NATS ?? 'nats://127.0.0.1:4222').replace(/^nats:\/\//, ''),
  name: own,
  put: (at, queue, text) =>
    withNats(at, async (streams) => void (await streams.jetstream().publish(`${queue}.foreign`, text))),
  unread: (at, queue, group) =>
    withNats(at, async (streams) => {
      const { num_pending, num_ack_pending } = await streams.consumers.info(queue, group)
      return num_pending + num_ack_pending
    }),
  groups: (at, queue) =>
    withNats(at, async (streams) => {
      const names: string[] = []
      for await (const { config } of streams.consumers.list(queue)) names.push(config.durable_name ?? '')
      return names.sort()
    }),
  leftBehind: (at, queue, group) =>
    withNats(at, async (streams) => {
      const { delivered } = await streams.consumers.info(queue, group)
      return delivered.consumer_seq - delivered.stream_seq
    }),
  makeSmall: (at, queue) =>
    withNats(at, async (streams) => {
      await streams.streams.add({
        ...{ name: queue, subjects: [`${queue}.>`], discard: 'new', max_msgs: 1_000 },
      })
      return ''
    }),
  remove: (at, queue) =>
    withNats(at, async (streams) => {
      for (const name of [queue, `hkq_checkpoints_${queue}`]) await streams.streams.delete(name).catch(() => {})
    }),
  command: (port, folder, password) => [
    'nats-server',
    [
      ...['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', folder],
      ...(password === undefined ? [] : ['--user', 'hkq', '--pass', password]),
    ],
  ],
  login: (password) => `hkq:${password}@`,
}

/** Whether something listens there. */
export function answers(at: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(place(at))
    const tell = (is: boolean) => () => {
      socket.destroy()
      resolve(is)
    }
    socket.on('connect', tell(true)).on('error', tell(false))
  })
}

/** Whether the shared server answers; where it must (HKQ_DEMAND_SERVERS=1) tests run, and fail, all the same. */
export async function isServed({ at }: QueueServer): Promise<boolean> {
  return process.env.HKQ_DEMAND_SERVERS === '1' || (await answers(at))
}

/** Whether a server of one's own can be started here; where it must (HKQ_DEMAND_SERVERS=1) tests run, and fail, all the same. */
export function canServe({ command }: QueueServer): boolean {
  if (process.env.HKQ_DEMAND_SERVERS === '1') return true
  const [program] = command(0, '')
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0
}

/** A server of the test's own, on a free port and in a folder of its own, that may be killed and started again. */
export class OwnServer {
  readonly at: string
  readonly #command: readonly [string, readonly string[]]
  readonly #folder: string
  #process: ChildProcess | undefined

  private constructor(at: string, folder: string, command: readonly [string, readonly string[]]) {
    this.at = at
    this.#folder = folder
    this.#command = command
  }

  static async start(server: QueueServer, password?: string): Promise<OwnServer> {
    const folder = mkdtempSync(join(tmpdir(), 'hkq-queue-'))
    const port = await freePort()
    const running = new OwnServer(`127.0.0.1:${port}`, folder, server.command(port, folder, password))
    await running.up()
    return running
  }

  async up(): Promise<void> {
    this.#process = spawn(...(this.#command as [string, string[]]), { stdio: 'ignore' })
    while (!(await answers(this.at))) {
      if (this.#process.exitCode !== null)
        throw new Error(`the server at ${this.at} ended with ${this.#process.exitCode}`)
      await delay(20)
    }
  }

  /** Killed, as by a power cut of its machine but for its disk, or ended in order. */
  async down(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    if (this.#process!.exitCode !== null || this.#process!.signalCode !== null) return
    const ended = new Promise((resolve) => this.#process!.once('exit', resolve))
    this.#process!.kill(signal)
    await ended
  }

  /** Killed, and started again with nothing in it. */
  async loseAll(): Promise<void> {
    await this.down()
    for (const name of readdirSync(this.#folder)) rmSync(join(this.#folder, name), { recursive: true, force: true })
    await this.up()
  }

  /** A Redis that cuts the connections whose last command was this one. */
  cut(command: string): Promise<void> {
    return withRedis(this.at, async (client) => {
      const lines = String(await client.call('CLIENT', 'LIST')).split('\n')
      for (const line of lines.filter((line) => line.includes(` cmd=${command} `))) {
        await client.call('CLIENT', 'KILL', 'ID', /\bid=(\d+)/.exec(line)![1]!)
      }
    })
  }

  /** A Redis that writes nothing more to its disk: killed and started again, it is where it is now. */
  keepNoMore(): Promise<void> {
    return withRedis(this.at, async (client) => void (await client.config('SET', 'appendonly', 'no')))
  }

  async end(): Promise<void> {
    await this.down()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

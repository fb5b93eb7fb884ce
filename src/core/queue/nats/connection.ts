import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { systemClock } from '../../clock.ts'
import { HkqError, messageOf } from '../../errors.ts'
import { away, unreachable } from '../refusal.ts'
import type { Target } from '../target.ts'

/** How long an answer may take, ms. */
const TIMEOUT = 5_000

/** One connection to a NATS server with JetStream: it does not come back by itself. */
export class Connection {
  readonly target: Target
  readonly streams: JetStreamManager
  readonly client: JetStreamClient
  readonly #nats: NatsConnection

  private constructor(target: Target, nats: NatsConnection, streams: JetStreamManager) {
    this.target = target
    this.#nats = nats
    this.streams = streams
    this.client = streams.jetstream()
  }

  static async open(target: Target): Promise<Connection> {
    const [{ connect }, { jetstreamManager }] = await Promise.all([
      import('@nats-io/transport-node'),
      import('@nats-io/jetstream'),
    ])
    const { host, port, user, password, tls } = target
    const login = user === null ? password !== null && { token: password } : { user, pass: password ?? '' }
    const nats = await bounded(
      connect({
        ...{
          servers: `${host.includes(':') ? `[${host}]` : host}:${port}`,
          name: 'hkq',
          ...login,
          ...(tls && { tls: {} }),
        },
        ...{
          reconnect: false,
          timeout: TIMEOUT,
          pingInterval: TIMEOUT,
          maxPingOut: 2,
          ignoreClusterUpdates: true,
          noAsyncTraces: true,
        },
      }),
    ).catch((error: unknown) => {
      throw refusal(target, error)
    })
    try {
      return new Connection(target, nats, await bounded(jetstreamManager(nats, { timeout: TIMEOUT })))
    } catch (error) {
      await bounded(nats.close()).catch(() => {})
      throw refusal(target, error)
    }
  }

  /** Of the server, e.g. `2.9.10`. */
  get version(): string {
    return this.#nats.info?.version ?? ''
  }

  /** What the server answers. @throws HkqError E_STORAGE */
  async ask<T>(request: (connection: Connection) => Promise<T>): Promise<T> {
    try {
      return await bounded(request(this))
    } catch (error) {
      throw refusal(this.target, error)
    }
  }

  /** Resolves when the server has what was sent so far. */
  flush(): Promise<void> {
    return this.ask(() => this.#nats.flush())
  }

  /** Resolves when there is no connection any more. */
  closed(): Promise<unknown> {
    return this.#nats.closed()
  }

  async close(): Promise<void> {
    await bounded(this.#nats.close()).catch(() => {})
  }
}

/** The same, given up after a while: what the client has under way when its connection is lost may never settle. */
async function bounded<T>(promise: Promise<T>): Promise<T> {
  const ended = new AbortController()
  const late = systemClock.sleep(TIMEOUT, ended.signal).then(() => {
    throw new Error('no answer')
  })
  late.catch(() => {})
  return Promise.race([promise, late]).finally(() => ended.abort())
}

/** Whether the server answered that there is no such stream or consumer. */
export function isAbsent(error: unknown): boolean {
  const cause = innermost(error)
  return cause instanceof Error && /^(Stream|Consumer)NotFoundError$/.test(cause.name)
}

function innermost(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? innermost(error.cause) : error
}

/** Codes of JetStream for what has no room. Source: nats-server, server/errors.json */
const FULL: ReadonlySet<number> = new Set([10023, 10047, 10077])
/** Without JetStream, or while it starts: a server that was killed reads its streams again first. */
const ABSENT: ReadonlySet<number> = new Set([10008, 10039, 10076])

/** For a stream whose name, or subjects, another one has. */
const ANOTHERS: ReadonlySet<number> = new Set([10058, 10065])

/** Whether a queue refused something because it has no room. */
export function isFull(error: unknown): boolean {
  return FULL.has((innermost(error) as { code?: number }).code ?? 0)
}

export function refusal(target: Target, error: unknown): HkqError {
  if (error instanceof HkqError) return error
  const { label } = target
  const text = messageOf(error)
  const { name, code } = error as { name?: string; code?: unknown }
  if (name === 'AuthorizationError' || name === 'UserAuthenticationExpiredError' || /authorization/i.test(text)) {
    return storage(error, `"${label}" refuses (${text}): check user and password in nats://USER:PASSWORD@HOST`)
  }
  if (/does not support 'tls'/.test(text)) {
    return storage(
      error,
      `"${label}" speaks no TLS (${text}): turn it on there, or leave tls=on out where the way is private`,
    )
  }
  if (name === 'PermissionViolationError') {
    return storage(error, `"${label}" refuses (${text}): ask its administrator for the right to its subjects`)
  }
  if (name === 'JetStreamNotEnabled' || ABSENT.has(code as number)) {
    return away(`"${label}": the server has no JetStream, or not yet: start it with -js`, error)
  }
  if (FULL.has(code as number)) {
    return away(`"${label}" is full (${text}): read it, drop a consumer that nobody reads, or allow more bytes`, error)
  }
  if (ANOTHERS.has(code as number)) {
    return storage(
      error,
      `"${label}" refuses (${text}): another program keeps something else under this name; name another`,
    )
  }
  if (name === 'JetStreamApiError') return storage(error, `"${label}" refuses (${text})`)
  return isAbsent(error) ? away(`"${label}": ${text}`, error) : unreachable(target, error)
}

function storage(cause: unknown, message: string): HkqError {
  return new HkqError('E_STORAGE', message, { cause })
}

import type { Redis } from 'ioredis'
import { HkqError, messageOf } from '../../errors.ts'
import { away, unreachable } from '../refusal.ts'
import type { Target } from '../target.ts'

export type Argument = string | number | Buffer

/** One connection to a Redis server: it does not come back by itself. */
export class Connection {
  readonly #client: Redis
  readonly #target: Target

  private constructor(client: Redis, target: Target) {
    this.#client = client
    this.#target = target
  }

  /** @param db number of the database @param answerMs how long an answer may take */
  static async open(target: Target, db: number, answerMs = 10_000): Promise<Connection> {
    const { Redis } = await import('ioredis')
    const { host, port, tls, user, password } = target
    const client = new Redis({
      ...{ host, port, ...(tls && { tls: {} }) },
      ...{
        lazyConnect: true,
        retryStrategy: () => null,
        enableOfflineQueue: false,
        enableReadyCheck: false,
        disableClientInfo: true,
      },
      ...{ maxRetriesPerRequest: 0, connectTimeout: 5_000, commandTimeout: answerMs, protocol: 2 },
    })
    let failure: unknown
    client.on('error', (error) => {
      failure = error
    })
    await client.connect().catch((error: unknown) => {
      client.disconnect()
      throw unreachable(target, failure ?? error)
    })
    const connection = new Connection(client, { ...target, label: `${target.label}${db === 0 ? '' : `?db=${db}`}` })
    try {
      if (password !== null) await connection.call('AUTH', ...(user === null ? [password] : [user, password]))
      if (db !== 0) await connection.call('SELECT', db)
      return connection
    } catch (error) {
      connection.close()
      throw error
    }
  }

  /** The answer to a command. @throws HkqError E_STORAGE */
  async call(command: string, ...args: Argument[]): Promise<unknown> {
    try {
      return await this.#client.call(command, args)
    } catch (error) {
      throw refusal(this.#target, error)
    }
  }

  /** Calls back with each message of a channel, and once when the connection is lost. */
  async subscribe(channel: string, onMessage: (text: string) => void, onLost: () => void): Promise<void> {
    this.#client.on('message', (_, text) => onMessage(text))
    this.#client.on('end', onLost)
    await this.#client.subscribe(channel).catch((error: unknown) => {
      throw refusal(this.#target, error)
    })
  }

  close(): void {
    this.#client.disconnect()
  }
}

type Verdict = (label: string, text: string, error: unknown) => HkqError

const refused =
  (remedy: string): Verdict =>
  (label, text, cause) =>
    new HkqError('E_STORAGE', `"${label}" refuses (${text}): ${remedy}`, { cause })
const busy: Verdict = (label, text, error) => away(`"${label}" takes nothing now (${text})`, error)

/** What a server's refusals mean. Source: redis.io, "Redis error codes" and the messages of redis-server 7 */
const VERDICTS: readonly (readonly [RegExp, Verdict])[] = [
  [/^HKQFULL/, (label, text, error) => away(`"${label}" is full: ${text.replace(/^HKQFULL /, '')}`, error)],
  [
    /^OOM|maxmemory/,
    (label, _, error) =>
      away(`"${label}": the memory of the server is full (maxmemory): read the queue, or give it more`, error),
  ],
  [
    /^(NOAUTH|WRONGPASS|ERR AUTH|ERR invalid password)/i,
    refused('check user and password in redis://USER:PASSWORD@HOST'),
  ],
  [/^NOPERM/, refused('ask its administrator for the right to use this command')],
  [/^WRONGTYPE/, refused('another program keeps something else under this name; name another')],
  [/DB index|SELECT is not allowed/i, refused('name a database that it has, 0 to 15 as a rule')],
  [/^(LOADING|BUSY|MASTERDOWN|READONLY|TRYAGAIN|CLUSTERDOWN|MISCONF|NOREPLICAS|NOGROUP)/, busy],
]

/** A server that does not know a command says again what came with it. */
function withoutPassword(text: string, { password }: Target): string {
  return password === null ? text : text.replaceAll(password, '***')
}

function refusal(target: Target, error: unknown): HkqError {
  const text = withoutPassword(messageOf(error), target)
  const isReply = error instanceof Error && error.name === 'ReplyError'
  const known = VERDICTS.find(([pattern]) => pattern.test(text))
  if (known) return known[1](target.label, text, error)
  if (!isReply) return away(`"${target.label}" does not answer (${text}): see that the server runs`, error)
  return new HkqError('E_STORAGE', `"${target.label}" refuses (${text})`, { cause: error })
}

import { type Check, failed } from '../check.ts'
import type { Address, SchemeName } from './address.ts'
import { namesQueue, postgresPlace, type StoreOptions } from './open-store.ts'

type Examiner = (address: Address, options: Pick<StoreOptions, 'influxToken'>) => Promise<readonly Check[]>

const EXAMINERS: Partial<Record<SchemeName, Examiner>> = {
  postgres: async (address) =>
    (await import('../storage/postgres/examine.ts')).examinePostgres(await postgresPlace(address)),
  influxdb: async (address, { influxToken }) => {
    const target = (await import('./open-influxdb.ts')).influxTargetAt(address)
    const { examineInflux } = await import('../storage/influxdb/examine.ts')
    return examineInflux(target, target.version === 2 ? influxToken?.() : undefined)
  },
  redis: async (address) => {
    const { databaseOf, isPubSub, targetAt } = await import('./open-queue.ts')
    const { examineRedis } = await import('../queue/redis/examine.ts')
    return examineRedis(targetAt(address), { db: databaseOf(address), isChannel: isPubSub(address) })
  },
  nats: async (address) => {
    const { keptAt, targetAt } = await import('./open-queue.ts')
    return (await import('../queue/nats/examine.ts')).examineNats(targetAt(address), keptAt(address))
  },
}

/**
 * Looks at the server that an address leads to, without making anything there: what it is, whether it takes us, and what
 * would lose events. None for an address without a server. One that cannot be used is a failure among the checks, never
 * an error; no secret is in any.
 */
export async function examine(
  address: Address,
  options: Pick<StoreOptions, 'influxToken'> = {},
): Promise<readonly Check[]> {
  try {
    return (await EXAMINERS[address.scheme]?.(address, options)) ?? []
  } catch (error) {
    return [failed(namesQueue(address) ? 'queue' : 'store', error)]
  }
}

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { recordedIn } from '../../support/coverage-equation.ts'
import { OwnServer, type QueueServer } from '../../support/queues.ts'
import { newestIn, RecorderProcess } from '../recorder-process.ts'
import type { OutageServer, OutageWorld } from './server.ts'

/** A queue's server, and a recorder that takes everything out of it into an SQLite store. */
export function queueOutage(kind: QueueServer) {
  return async ({ symbols, folder, offset }: OutageWorld): Promise<OutageServer> => {
    const server = await OwnServer.start(kind)
    const address = `${kind.scheme}://${server.at}/outage`
    const path = join(mkdirSync(join(folder, 'consumer'), { recursive: true })!, 'out.db')
    const consumer = new RecorderProcess({ symbols: [], from: address, path, offset })
    return {
      address,
      consumer,
      start: () => server.up(),
      stop: (how) => server.down(how === 'fast' ? 'SIGTERM' : 'SIGKILL'),
      newest: async () => new Map(symbols.map((symbol) => [symbol, newestIn(path, symbol).number])),
      recorded: async () => recordedIn(path),
      remove: () => server.end(),
    }
  }
}

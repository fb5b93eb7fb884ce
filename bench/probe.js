import { createServer } from 'node:net'
import { folder, hkq, medianOf, startFeed } from './support/run.js'

const ROUNDS = 3

/** `hkq probe-endpoints` over five endpoints of which one takes the connection and never answers. */
export async function probe() {
  const feeds = await Promise.all(Array.from({ length: 4 }, () => startFeed({ trades: 1, perSecond: 1 })))
  const dead = createServer((socket) => socket.on('error', () => {}))
  await new Promise((listening) => dead.listen(0, '127.0.0.1', listening))
  const ports = [...feeds.map(({ port }) => port), dead.address().port]
  const urls = ports.map((port) => `ws://127.0.0.1:${port}/quote-stock-b-ws-api`)
  const cwd = folder()
  const rounds = []
  for (let round = 0; round < ROUNDS; round++) rounds.push(await hkq(['probe-endpoints', ...urls, '--json'], cwd))
  for (const { stop } of feeds) stop()
  dead.close()
  return { endpoints: urls.length, dead: 1, 's until the full table': medianOf(rounds, ({ seconds }) => seconds) }
}

// npm run outage -- --server redis --away 60 --flaps 20 --rate 500: a recorder at that many ticks a second whose server
// (postgres, influxdb, redis, nats; without --server each in turn) is away for so many seconds twice, then stopped and started
// so often; fails when a trade is lost or there twice.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const text = (fallback) => ({ type: 'string', default: fallback })
const { values } = parseArgs({ options: { server: text(''), away: text('60'), flaps: text('20'), rate: text('500') } })
const { server, ...figures } = values
const options = Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Number(value)]))
if (!(options.away >= 1 && options.away <= 3600 && options.flaps >= 0 && options.rate > 0)) {
  process.stderr.write(`--away "${values.away}" --flaps "${values.flaps}" --rate "${values.rate}" cannot be\n`)
  process.exit(2)
}
if (!['', 'postgres', 'influxdb', 'redis', 'nats'].includes(server)) {
  process.stderr.write(`unknown --server "${server}": use postgres, influxdb, redis or nats\n`)
  process.exit(2)
}
const env = { ...process.env, HKQ_OUTAGE: JSON.stringify(options), ...(server && { HKQ_OUTAGE_SERVER: server }) }
const { status } = spawnSync('npx', ['vitest', 'run', 'test/harness/outage.test.ts'], { stdio: 'inherit', env })
process.exit(status ?? 1)

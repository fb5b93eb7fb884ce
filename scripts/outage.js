// npm run outage -- --away 60 --flaps 20 --rate 500: a recorder at that many ticks a second whose PostgreSQL server is away for
// so many seconds twice, then stopped and started so often; fails when a trade is lost or there twice.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const text = (fallback) => ({ type: 'string', default: fallback })
const { values } = parseArgs({ options: { away: text('60'), flaps: text('20'), rate: text('500') } })
const options = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)]))
if (!(options.away >= 1 && options.away <= 3600 && options.flaps >= 0 && options.rate > 0)) {
  process.stderr.write(`--away "${values.away}" --flaps "${values.flaps}" --rate "${values.rate}" cannot be\n`)
  process.exit(2)
}
const env = { ...process.env, HKQ_OUTAGE: JSON.stringify(options) }
const { status } = spawnSync('npx', ['vitest', 'run', 'test/harness/store-outage.test.ts'], { stdio: 'inherit', env })
process.exit(status ?? 1)

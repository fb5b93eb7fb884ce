// npm run soak -- --minutes 30 --rate 1000 --reconnects 200: a recorder under load and faults for that long; fails when its
// heap, descriptors or timers grow, or when a trade is neither stored nor listed.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const text = (fallback) => ({ type: 'string', default: fallback })
const { values } = parseArgs({ options: { minutes: text('30'), rate: text('1000'), reconnects: text('200') } })
const options = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)]))
const { minutes, rate, reconnects } = options
if (!(minutes > 0 && minutes <= 120 && rate > 0 && reconnects >= 0 && (minutes * 60) / (reconnects + 1) >= 8)) {
  const given = `--minutes "${values.minutes}" --rate "${values.rate}" --reconnects "${values.reconnects}"`
  process.stderr.write(`${given} cannot be: 120 minutes at most, and 8 s from one reconnect to the next\n`)
  process.exit(2)
}
const env = { ...process.env, HKQ_SOAK: JSON.stringify(options) }
const { status } = spawnSync('npx', ['vitest', 'run', 'test/harness/soak.test.ts'], { stdio: 'inherit', env })
process.exit(status ?? 1)

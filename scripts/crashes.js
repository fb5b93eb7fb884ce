// npm run crashes -- 200: a recorder is killed that many times, at random and at named moments, and audited after each.
import { spawnSync } from 'node:child_process'

const count = process.argv[2] ?? '200'
if (!(Number(count) >= 10)) {
  process.stderr.write(`"${count}" is no number of crashes: give 10 or more\n`)
  process.exit(2)
}
const env = { ...process.env, HKQ_CRASHES: count }
const { status } = spawnSync('npx', ['vitest', 'run', 'test/harness/crashes.test.ts'], { stdio: 'inherit', env })
process.exit(status ?? 1)

// npm run bench [-- NAME ...]: the measured claims. Figures of one run compare; those of two runs or machines do not.
import { analytics } from './analytics.js'
import { archive } from './archive.js'
import { capacity } from './capacity.js'
import { dashboard } from './dashboard.js'
import { dashboardMemory } from './dashboard-memory.js'
import { dashboardPage } from './dashboard-page.js'
import { dashboardSinks } from './dashboard-sinks.js'
import { exactness } from './exactness.js'
import { group } from './group.js'
import { ingest } from './ingest.js'
import { latency } from './latency.js'
import { probe } from './probe.js'
import { queues } from './queues.js'
import { rolling } from './rolling.js'
import { startup } from './startup.js'
import { stores } from './stores.js'
import { strategy } from './strategy.js'
import { twoFeeds } from './two-feeds.js'
import { year } from './year.js'

const BENCHES = {
  startup: () => startup(),
  ingest: () => ingest(),
  'ingest-depth': () => ingest({ trades: 500_000, books: 500_000 }),
  'two-feeds': () => twoFeeds(),
  'latency-500': () => latency({ perSecond: 500 }),
  'latency-20000': () => latency({ perSecond: 20_000 }),
  analytics: () => analytics(),
  archive: () => archive(),
  rolling: () => rolling(),
  exactness: () => exactness(),
  capacity: () => capacity(),
  strategy: () => strategy(),
  stores: () => stores(),
  queues: () => queues(),
  group: () => group(),
  year: () => year(),
  dashboard: () => dashboard(),
  'dashboard-page': () => dashboardPage(),
  'dashboard-memory': () => dashboardMemory(),
  'dashboard-sinks': () => dashboardSinks(),
  probe: () => probe(),
}

const names = process.argv.slice(2)
const unknown = names.filter((name) => !Object.hasOwn(BENCHES, name))
if (unknown.length > 0) {
  process.stderr.write(`unknown bench "${unknown[0]}": use ${Object.keys(BENCHES).join(', ')}\n`)
  process.exitCode = 2
} else {
  for (const name of names.length > 0 ? names : Object.keys(BENCHES)) {
    for (const figures of [await BENCHES[name]()].flat()) {
      process.stdout.write(`${JSON.stringify({ bench: name, ...figures })}\n`)
    }
  }
}

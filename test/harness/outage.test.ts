import { describe, expect, it } from 'vitest'
import { expectExact, figuresOf } from '../support/coverage-equation.ts'
import { hasInfluxd } from '../support/own-influxd.ts'
import { canServe } from '../support/postgres-server.ts'
import { isServed, NATS, REDIS } from '../support/queues.ts'
import { type OutageOptions, outage, type SERVERS } from './outage/outage.ts'

/** npm run outage sets the long run. */
const LONG = process.env.HKQ_OUTAGE
const OPTIONS: OutageOptions = LONG ? JSON.parse(LONG) : { rate: 500, away: 2, flaps: 5 }
const ONLY = process.env.HKQ_OUTAGE_SERVER

const IS_DEMANDED = process.env.HKQ_DEMAND_SERVERS === '1'
const THERE: Record<keyof typeof SERVERS, boolean> = {
  postgres: canServe,
  influxdb: hasInfluxd || IS_DEMANDED,
  redis: await isServed(REDIS),
  nats: await isServed(NATS),
}

describe.concurrent.each(Object.entries(THERE).filter(([kind]) => (ONLY ?? kind) === kind))(
  'a recorder whose %s server goes away',
  (kind, isThere) => {
    it.skipIf(!isThere)(
      'lives on, and every trade arrives once',
      async () => {
        const { codes, audit, causes, said } = await outage(kind as keyof typeof SERVERS, OPTIONS)
        if (LONG) process.stdout.write(`${kind} ${JSON.stringify(OPTIONS)}: ${figuresOf(audit)}\n${said}\n`)
        expectExact(audit)
        // what traded before the recorder came
        expect([...causes]).toEqual(['late_start'])
        for (const code of codes) expect([0, 3]).toContain(code)
        expect(said).toContain('is away')
        expect(said).toContain('is back and has everything that waited')
      },
      (2 * OPTIONS.away + 5 * OPTIONS.flaps) * 1_000 + 120_000,
    )
  },
)

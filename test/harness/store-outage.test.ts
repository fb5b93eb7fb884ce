import { describe, expect, it } from 'vitest'
import { expectExact, figuresOf } from '../support/coverage-equation.ts'
import { canServe } from '../support/postgres-server.ts'
import { type OutageOptions, outage } from './store-outage.ts'

/** npm run outage sets the long run. */
const LONG = process.env.HKQ_OUTAGE
const OPTIONS: OutageOptions = LONG ? JSON.parse(LONG) : { rate: 500, away: 2, flaps: 3 }

describe.skipIf(!canServe)('a recorder whose database goes away', () => {
  it(
    'lives on, and has every trade in it once',
    async () => {
      const { code, audit, causes, said } = await outage(OPTIONS)
      if (LONG) process.stdout.write(`${JSON.stringify(OPTIONS)}: ${figuresOf(audit)}\n${said}\n`)
      expectExact(audit)
      // what traded before the recorder came
      expect([...causes]).toEqual(['late_start'])
      expect([0, 3]).toContain(code)
      expect(said).toContain('is away')
      expect(said).toContain('is back and has everything that waited')
    },
    (2 * OPTIONS.away + 5 * OPTIONS.flaps) * 1_000 + 120_000,
  )
})

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { showStore } from '../../src/core/dashboard/show.ts'
import { DAY, MINUTE } from '../../src/core/market/time.ts'
import { isAway, openPostgres } from '../../src/core/storage/postgres.ts'
import { ReopenedStore } from '../../src/core/storage/reopened-store.ts'
import type { Store } from '../../src/core/storage/store.ts'
import { at, tick } from '../storage/sample.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { dropSchema, newSchema, placeAt } from '../support/postgres.ts'
import { canServe, PostgresServer } from '../support/postgres-server.ts'
import { looking, sessions } from './support.ts'

const SYMBOL = '00700.HK'
const NAME = 'postgres://db'

describe.skipIf(!canServe)('a PostgreSQL server behind the dashboard that goes away and comes back', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await PostgresServer.open()
  })
  afterAll(() => server.remove())

  it.each(['fast', 'immediate'] as const)('is told as a feed, and nothing is lost or there twice (%s)', async (how) => {
    const schema = newSchema()
    const record = (): Promise<Store> => openPostgres(placeAt(schema, server.url), { mode: 'record' })
    const open = (): Promise<Store> => openPostgres(placeAt(schema, server.url), { mode: 'read' })
    onTestFinished(() => dropSchema(schema, server.url))
    const before = await record()
    await before.write(
      Array.from({ length: 300 }, (_, seq) => tick({ seq, timestamp: at('10:00:00') - DAY + (seq * MINUTE) / 4 })),
    )
    await before.write([tick({ timestamp: at('10:00:00'), seq: 1 })])

    const [clock, stop] = [new ManualClock(at('10:01:00')), new AbortController()]
    const context = { symbols: [SYMBOL], sessions, settings: { sessions }, clock, signal: stop.signal }
    const store = new ReopenedStore(await open(), open, isAway)
    const show = await showStore(store, { name: NAME, isAway }, context)
    await show.ready
    const view = looking({ ...show, isRecorded: true })
    /** Lets time pass until it holds; the server answers in a time of its own. */
    const until = async (holds: () => boolean): Promise<void> => {
      while (!holds()) {
        await clock.advance(250)
        await view.paint(1_000)
      }
    }
    const states = () => show.desk.feeds.states(show.now(), true).map((feed) => feed.state)
    const state = () => show.desk.feeds.states(show.now(), true).find(({ source }) => source === NAME)?.state
    const refusals = () => view.page.messages.filter(({ type }) => type === 'refusal').length
    const count = () => show.desk.sheets.get(SYMBOL)!.tape.count
    await until(() => count() === 1)
    await view.watch(SYMBOL, '1m')
    await until(() => view.page.messages.some(({ type }) => type === 'volatility'))
    const chart = view.page.chart
    expect(chart).toHaveLength(76)

    await before.write([tick({ timestamp: at('10:02:00'), seq: 2 })])
    await before.close()
    await server.stop(how)
    await until(() => state() === 'lost')
    expect(states()).toEqual(['lost', 'lost'])
    view.viewer.receive({ type: 'older', id: 1, before: chart[0]!.start })
    await until(() => refusals() === 1)
    expect(view.page.chart.slice(0, 75)).toEqual(chart.slice(0, 75))

    await server.start()
    const after = await record()
    await after.write([tick({ timestamp: at('10:03:00'), seq: 3 }), tick({ timestamp: at('10:03:30'), seq: 4 })])
    await until(() => state() === 'up' && count() === 4)
    await view.watch(SYMBOL, '1m', 2)
    expect(view.page.chart.map(({ start, trades }) => [start, trades]).slice(-3)).toEqual([
      [at('10:00:00'), 1],
      [at('10:02:00'), 1],
      [at('10:03:00'), 2],
    ])
    expect(view.page.ticks.map(({ nth }) => nth)).toEqual(Array.from({ length: 100 }, (_, i) => i - 95))
    await view.leave()
    stop.abort()
    await clock.advance(MINUTE)
    await show.close()
    await after.close()
  })
})

import { afterEach, describe, expect, it, vi } from 'vitest'
import { openSink } from '../../src/core/address/open-sink.ts'
import type { Gap, MarketEvent, Tick } from '../../src/core/market/event.ts'
import { at, tick } from '../storage/sample.ts'
import { closedGate, Heard, type How } from '../support/heard.ts'
import { canServe, NATS, OwnServer, type QueueServer, REDIS } from '../support/queues.ts'

/** Numbered trades, a hundredth of a second apart. */
const trades = (from: number, to: number): Tick[] =>
  Array.from({ length: to - from }, (_, i) => tick({ seq: from + i, timestamp: at('10:00:00.000') + (from + i) * 10 }))

const running: { end(): Promise<void> }[] = []
afterEach(async () => {
  const failures: unknown[] = []
  for (const one of running.splice(0).reverse()) await one.end().catch((error) => failures.push(error))
  expect(failures).toEqual([])
})

async function served(server: QueueServer): Promise<{ own: OwnServer; address: string }> {
  const own = await OwnServer.start(server)
  running.push(own)
  return { own, address: `${server.scheme}://${own.at}/hk_ticks` }
}

async function hears(address: string, how: How = {}): Promise<Heard> {
  const heard = await Heard.start(address, how)
  running.push(heard)
  return heard
}

/** Appends trades, each as an entry of its own. */
async function write(address: string, events: readonly MarketEvent[]): Promise<void> {
  const sink = await openSink(address)
  for (const event of events) await sink.write([event])
  await sink.close()
}

describe.each([REDIS, NATS].filter(canServe))('a queue of $scheme', (server) => {
  describe.each([
    ['a recorder', true],
    ['who only looks', false],
  ])('to %s', (_, isKept) => {
    it.each(['reader', 'writer'])('that lost all it held is a gap, where the %s is back first', async (first) => {
      const { own, address } = await served(server)
      const heard = await hears(address, { isKept })
      await heard.until(({ ups }) => expect(ups).toBe(1))
      await write(address, trades(0, 5))
      await heard.until(({ numbers }) => expect(numbers).toHaveLength(5))
      const before = Date.now()
      await own.loseAll()
      if (first === 'writer') await write(address, trades(5, 20))
      await heard.until(({ gaps }) => expect(gaps).toHaveLength(1))
      if (first === 'reader') await write(address, trades(5, 20))
      await heard.until(({ numbers }) => expect(numbers).toHaveLength(20))
      expect(heard.gaps).toMatchObject([{ cause: 'overflow', symbol: null }])
      expect(heard.gaps[0]!.from).toBeLessThanOrEqual(before)
      expect(heard.numbers, 'what came before, and all that came after').toEqual(trades(0, 20).map(({ seq }) => seq))
    })

    it('that was killed and kept all is none', async () => {
      const { own, address } = await served(server)
      const heard = await hears(address, { isKept })
      await heard.until(({ ups }) => expect(ups).toBe(1))
      for (const start of [0, 20]) {
        await write(address, trades(start, start + 10))
        await own.down()
        await own.up()
        await write(address, trades(start + 10, start + 20))
        await heard.until(({ numbers }) => expect(new Set(numbers).size).toBe(start + 20))
      }
      expect(heard.ups).toBeGreaterThan(2)
      expect(heard.gaps).toEqual([])
    })
  })

  it('that lost a backlog is a gap over all of it', async () => {
    const { own, address } = await served(server)
    const { gate, open } = closedGate()
    await write(address, trades(0, 4_000))
    const heard = await hears(address, { after: { trades: 300, gate } })
    await heard.until(({ numbers }) => expect(numbers.length).toBeGreaterThanOrEqual(300))
    await own.loseAll()
    open()
    await heard.until(({ gaps }) => expect(gaps).toHaveLength(1))
    const got = new Set(heard.numbers)
    const lost = trades(0, 4_000).filter(({ seq }) => !got.has(Number(seq)))
    expect(lost.length).toBeGreaterThan(100)
    const [{ from, to }] = heard.gaps as [Gap]
    expect(lost.filter(({ timestamp }) => timestamp < from || timestamp > to)).toEqual([])
    expect(from, 'and not over what came long before').toBeGreaterThan(at('10:00:00.000'))
  })

  it('that lost what was not committed yet gives all that comes after', async () => {
    const { own, address } = await served(server)
    const { gate, open } = closedGate()
    const heard = await hears(address, { commits: gate })
    await heard.until(({ ups }) => expect(ups).toBe(1))
    await write(address, trades(0, 5))
    await heard.until(({ numbers }) => expect(numbers).toHaveLength(5))
    await own.loseAll()
    await write(address, trades(5, 20))
    await heard.until(({ numbers }) => expect(numbers).toEqual(trades(0, 20).map(({ seq }) => seq)))
    open()
    await vi.waitFor(async () => expect(await server.unread(own.at, 'hk_ticks', 'hkq')).toBe(0), { timeout: 25_000 })
  })

  it('that lost all it held is a gap to a member that comes back after another has read on', async () => {
    const { own, address } = await served(server)
    const { gate, open } = closedGate()
    const heard = await hears(address, { after: { trades: 5, gate } })
    await heard.until(({ ups }) => expect(ups).toBe(1))
    await write(address, trades(0, 5))
    await heard.until(({ numbers }) => expect(numbers).toHaveLength(5))
    await own.loseAll()
    await write(address, trades(5, 20))
    const other = await hears(`${address}${server.scheme === 'redis' ? '?consumer=other' : ''}`)
    await other.until(({ numbers }) => expect(numbers).toHaveLength(15))
    open()
    await heard.until(({ gaps }) => expect(gaps).toMatchObject([{ cause: 'overflow' }]))
  })
})

describe.skipIf(!canServe(REDIS))('a Redis', () => {
  it('that cuts a connection is no gap', async () => {
    const { own, address } = await served(REDIS)
    const heard = await hears(address)
    await heard.until(({ ups }) => expect(ups).toBe(1))
    await write(address, trades(0, 5))
    await heard.until(({ numbers }) => expect(numbers).toHaveLength(5))
    await own.cut('xreadgroup')
    await heard.until(({ ups }) => expect(ups).toBe(2))
    await write(address, trades(5, 10))
    await heard.until(({ numbers }) => expect(new Set(numbers).size).toBe(10))
    expect(heard.gaps).toEqual([])
  })

  it('that went back to a snapshot is a gap', async () => {
    const { own, address } = await served(REDIS)
    const heard = await hears(address)
    await heard.until(({ ups }) => expect(ups).toBe(1))
    await write(address, trades(0, 5))
    await heard.until(({ numbers }) => expect(numbers).toHaveLength(5))
    await own.keepNoMore()
    await write(address, trades(5, 10))
    await heard.until(({ numbers }) => expect(numbers).toHaveLength(10))
    await own.down()
    await own.up()
    await write(address, trades(10, 15))
    await heard.until(({ numbers }) => expect(new Set(numbers).size).toBe(15))
    expect(heard.gaps).toMatchObject([{ cause: 'overflow' }])
  })
})

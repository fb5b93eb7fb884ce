import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { openSink } from '../../src/core/address/open-sink.ts'
import type { Gap, Tick } from '../../src/core/market/event.ts'
import { readInstant } from '../../src/core/market/instant.ts'
import { toJson } from '../../src/core/market/json.ts'
import type { Sink } from '../../src/core/pipeline/source.ts'
import { query, start, workdir } from '../e2e/hkq.ts'
import { at, gap, quote, rejected, tick } from '../storage/sample.ts'
import { FaultProxy } from '../support/fault-proxy.ts'
import { closedGate, Heard, type How } from '../support/heard.ts'
import { canServe, OwnServer, REDIS } from '../support/queues.ts'

/** A trade of now. */
const live = (seq: number): Tick => tick({ seq, timestamp: Date.now() })

/** Numbers of trades that were neither given nor lie in a hole. */
function untold(
  trades: readonly Tick[],
  got: ReadonlySet<number>,
  holes: readonly Pick<Gap, 'from' | 'to'>[],
): number[] {
  const isInHole = ({ timestamp }: Tick) => holes.some(({ from, to }) => from <= timestamp && timestamp <= to)
  return trades.flatMap((trade) => (got.has(Number(trade.seq)) || isInHole(trade) ? [] : [Number(trade.seq)]))
}

describe.skipIf(!canServe(REDIS))('the channel hk_ticks of a Redis', () => {
  let own: OwnServer
  let other: Redis
  beforeAll(async () => {
    own = await OwnServer.start(REDIS)
  })
  afterAll(() => own.end())

  const running: { end(): unknown }[] = []
  beforeAll(() => {
    const [host, port] = own.at.split(':')
    other = new Redis(Number(port), host!)
    other.on('error', () => {})
  })
  afterAll(() => other.disconnect())
  afterEach(async () => {
    for (const one of running.splice(0).reverse()) await one.end()
  })

  const addressAt = (at: string): string => `redis://${at}/hk_ticks?mode=pubsub`

  async function hears(how: How = {}, at = own.at): Promise<Heard> {
    const heard = await Heard.start(addressAt(at), { isKept: false, ...how })
    running.push(heard)
    await heard.until(({ ups }) => expect(ups).toBe(1))
    return heard
  }

  async function publishes(): Promise<Sink> {
    const sink = await openSink(addressAt(own.at))
    running.push({ end: () => sink.close() })
    return sink
  }

  /** Publishes the next trades of now. */
  async function publish(sent: Tick[], count: number): Promise<void> {
    const some = Array.from({ length: count }, (_, i) => live(sent.length + i))
    sent.push(...some)
    await Promise.all(some.map((one) => other.publish('hk_ticks', toJson(one))))
  }

  /** Publishes trades, a few a millisecond, until there are enough. */
  async function trade(enough: () => boolean | Promise<boolean>, sent: Tick[] = []): Promise<Tick[]> {
    for (; !(await enough()); await delay(1)) await publish(sent, 2)
    return sent
  }

  const numbersIn = (heard: Heard): Set<number> => new Set(heard.numbers)

  it('carries what the tutorial reads: one JSON record a message, its six columns in it', async () => {
    const texts: string[] = []
    const listener = other.duplicate()
    running.push({ end: () => listener.disconnect() })
    listener.on('message', (_, text: string) => texts.push(text))
    await listener.subscribe('hk_ticks')
    const sink = await publishes()
    await sink.write([tick({ quote: { bid_price: 612, ask_price: 613, bid_size: 1, ask_size: 2, quote_time: null } })])
    await expect.poll(() => texts).toHaveLength(1)
    expect(JSON.parse(texts[0]!)).toMatchObject({
      ...{ symbol: '00700.HK', timestamp: '2026-11-20T10:00:00.000+08:00', last_price: 612.5, volume: 100 },
      ...{ bid_price: 612, ask_price: 613 },
    })
  })

  it("takes what the tutorial's program sends, and quarantines what is no record", async () => {
    const heard = await hears()
    const record = {
      ...{ symbol: '00700.HK', timestamp: '2026-11-20 10:00:00.123', last_price: 612.5, volume: 100 },
      ...{ bid_price: 612, ask_price: 613 },
    }
    for (const text of [JSON.stringify(record), 'hello', JSON.stringify({ ...record, last_price: -1 })]) {
      await other.publish('hk_ticks', text)
    }
    await heard.until(({ events }) => expect(events.filter(({ type }) => type !== 'status')).toHaveLength(3))
    expect(heard.events.filter(({ type }) => type !== 'status')).toMatchObject([
      {
        type: 'tick',
        symbol: '00700.HK',
        timestamp: at('10:00:00.123'),
        last_price: 612.5,
        volume: 100,
        bid_price: 612,
      },
      { type: 'rejected', reason: 'malformed', raw: 'hello' },
      { type: 'rejected', reason: 'price', symbol: '00700.HK' },
    ])
  })

  it('carries trades, quotes, gaps and what was rejected from one hkq to another', async () => {
    const heard = await hears()
    const sink = await publishes()
    const events = [tick({ seq: 2n ** 60n }), quote({ seq: 7 }), gap(), rejected()]
    await sink.write(events)
    await heard.until((heard) => expect(heard.events.filter(({ type }) => type !== 'status')).toEqual(events))
  })

  it('is refused in one line where the user may not ask whether it lives', async () => {
    await other.call('ACL', 'SETUSER', 'listener', 'on', '>geheim', '&*', '+subscribe', '+info')
    const heard = await Heard.start(`redis://listener:geheim@${own.at}/hk_ticks?mode=pubsub`, { isKept: false })
    await expect(heard.done).rejects.toMatchObject({
      code: 'E_STORAGE',
      message: expect.stringMatching(/NOPERM.*ping/),
    })
  })

  it('tells a connection that was cut as a gap over all that was sent meanwhile', async () => {
    const heard = await hears()
    let isOver = false
    const trading = trade(() => isOver)
    await heard.until(({ numbers }) => expect(numbers.length).toBeGreaterThan(20))
    await other.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await heard.until(({ ups }) => expect(ups).toBe(2))
    const count = heard.numbers.length
    await heard.until(({ numbers }) => expect(numbers.length).toBeGreaterThan(count + 20))
    isOver = true
    const sent = await trading
    await heard.until(({ numbers }) => expect(numbers).toContain(sent.length - 1))
    expect(heard.gaps).toMatchObject([{ cause: 'disconnect', symbol: null }])
    expect(numbersIn(heard).size, 'something was lost').toBeLessThan(sent.length)
    expect(untold(sent, numbersIn(heard), heard.gaps)).toEqual([])
    expect(heard.gaps[0]!.to - heard.gaps[0]!.from).toBeLessThan(5_000)
  })

  it('tells a connection that died in silence as a gap from its last sign of life on', async () => {
    const proxy = await FaultProxy.open({ target: Number(own.at.split(':')[1]) })
    running.push({ end: () => proxy.close() })
    const heard = await hears({}, `127.0.0.1:${proxy.port}`)
    let isOver = false
    const trading = trade(() => isOver)
    await heard.until(({ numbers }) => expect(numbers.length).toBeGreaterThan(20))
    const lift = proxy.inject({ kind: 'black-hole' })
    await delay(500)
    await vi.waitFor(() => expect(heard.events).toContainEqual(expect.objectContaining({ state: 'lost' })), {
      timeout: 25_000,
    })
    await lift()
    await heard.until(({ ups }) => expect(ups).toBe(2))
    isOver = true
    const sent = await trading
    await publish(sent, 1)
    await heard.until(({ numbers }) => expect(numbers).toContain(sent.length - 1))
    expect(untold(sent, numbersIn(heard), heard.gaps)).toEqual([])
  })

  it('tells what came faster than it was taken as a gap over all that was dropped', async () => {
    const { gate, open } = closedGate()
    const heard = await hears({ after: { trades: 1, gate } })
    const sent = await trade(() => heard.numbers.length > 0)
    while (sent.length < 80_000) await publish(sent, 2_000)
    open()
    await heard.until(({ numbers }) => expect(numbers.at(-1)).toBe(sent.length - 1))
    expect(heard.gaps).toMatchObject([{ cause: 'overflow', symbol: null }])
    expect(numbersIn(heard).size, 'something was lost').toBeLessThan(sent.length)
    expect(untold(sent, numbersIn(heard), heard.gaps)).toEqual([])
  })

  it('tells as a gap row what a Redis dropped that cut off a recorder too slow for it', async () => {
    await other.config('SET', 'client-output-buffer-limit', 'pubsub 1mb 1mb 1')
    const cwd = workdir()
    const recorder = start(['record', '--from', addressAt(own.at), '--to', 'a.db', '--relay', 'off', '-q'], { cwd })
    const subscribers = async (): Promise<number> => Number((await other.pubsub('NUMSUB', 'hk_ticks'))[1])
    const stored = (): { seq: number }[] => query(`${cwd}/a.db`, 'SELECT seq FROM ticks')
    await vi.waitFor(async () => expect(await subscribers()).toBe(1), { timeout: 25_000 })
    const sent: Tick[] = []
    await trade(() => stored().length > 20, sent)
    recorder.kill('SIGSTOP')
    while ((await subscribers()) > 0) await publish(sent, 500)
    await publish(sent, 500)
    recorder.kill('SIGCONT')
    await vi.waitFor(async () => expect(await subscribers()).toBe(1), { timeout: 25_000 })
    const first = sent.length
    await trade(() => stored().some(({ seq }) => seq >= first), sent)
    const ended = new Promise((resolve) => recorder.once('exit', resolve))
    recorder.kill('SIGINT')
    await ended
    const rows: { gap_start: string; gap_end: string; cause: string }[] = query(`${cwd}/a.db`, 'SELECT * FROM gaps')
    const holes = rows.map((row) => ({ from: readInstant(row.gap_start), to: readInstant(row.gap_end) }))
    expect(rows.map(({ cause }) => cause)).toContain('disconnect')
    const got = new Set(stored().map(({ seq }) => seq))
    expect(got.size, 'something was lost').toBeLessThan(sent.length)
    expect(untold(sent, got, holes)).toEqual([])
  })
})

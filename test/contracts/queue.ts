import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { SinkOptions } from '../../src/core/address/open-sink.ts'
import { openSink } from '../../src/core/address/open-sink.ts'
import { openSource } from '../../src/core/address/open-source.ts'
import type { SourceOptions } from '../../src/core/address/source-options.ts'
import { systemClock } from '../../src/core/clock.ts'
import { HkqError } from '../../src/core/errors.ts'
import type { Coverage, MarketEvent, Status } from '../../src/core/market/event.ts'
import type { Source } from '../../src/core/pipeline/source.ts'
import { encode } from '../../src/core/storage/journal/payload.ts'
import { anyTick, at, gap, quote, rejected, tick } from '../storage/sample.ts'
import { isServed, OwnServer, type QueueServer } from '../support/queues.ts'

const coverage = (symbols: string[], timestamp: number): Coverage => ({
  ...{ type: 'coverage', source: 'alltick', symbol: null, symbols, timestamp },
})

/** Trades of one symbol, told apart by their numbers. */
const trades = (from: number, to: number, symbol = '00700.HK') =>
  Array.from({ length: to - from }, (_, i) =>
    tick({ symbol, seq: from + i, timestamp: at('10:00:00.000') + (from + i) * 10 }),
  )

const anyEvent: fc.Arbitrary<MarketEvent> = fc.oneof(
  { weight: 6, arbitrary: anyTick },
  fc.record({ seq: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), received_at: fc.option(fc.nat()) }).map(quote),
  fc.record({ symbol: fc.constantFrom(null, '00700.HK'), volume: fc.option(fc.nat()) }).map((parts) => gap(parts)),
  fc
    .record({
      symbol: fc.constantFrom(null, 'HSI'),
      timestamp: fc.option(fc.nat()),
      raw: fc.string({ unit: 'binary' }),
    })
    .map((parts) => rejected(parts)),
  fc.record({ symbol: fc.constantFrom(null, 'HSI'), detail: fc.string() }).map(
    (parts): Status => ({
      type: 'status',
      source: 'infoway',
      state: 'halted',
      timestamp: at('10:00:00.000'),
      ...parts,
    }),
  ),
)

/** JSON knows no zero below zero; neither does a market. */
const plain = (event: MarketEvent): MarketEvent =>
  Object.fromEntries(Object.entries(event).map(([name, value]) => [name, value === 0 ? 0 : value])) as never

/** A source that ends before its test is over. */
function opened(address: string, options: SourceOptions = {}): Promise<Source> {
  return openSource(address, { isKept: true, signal: AbortSignal.timeout(25_000), ...options })
}

/** What a source gives but for what it says of itself, until `enough`. */
async function take(
  from: string | Source,
  enough: (events: readonly MarketEvent[]) => boolean,
  { commit = true, ...options }: SourceOptions & { commit?: boolean } = {},
): Promise<MarketEvent[]> {
  const events: MarketEvent[] = []
  const source = typeof from === 'string' ? await opened(from, options) : from
  let batches = 0
  for await (const batch of source) {
    events.push(...batch.filter((event) => event.source !== source.name))
    batches++
    if (commit) source.committed?.(batches)
    if (enough(events)) break
  }
  return events
}

const count = (least: number) => (events: readonly MarketEvent[]) => events.length >= least

async function write(address: string, events: readonly MarketEvent[], options: SinkOptions = {}): Promise<void> {
  const sink = await openSink(address, options)
  await sink.write(events)
  await sink.close()
}

async function until(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await delay(50)
}

/** How often a server is killed. */
const FLAPS = Number(process.env.HKQ_FLAPS ?? 5)

/** The contract of a queue, on a real server. */
export async function describeQueue(server: QueueServer): Promise<void> {
  const isThere = await isServed(server)
  const made: string[] = []
  const names = (): { queue: string; address: string } => {
    const queue = server.name()
    made.push(queue)
    return { queue, address: `${server.scheme}://${server.at}/${queue}` }
  }
  const folder = (): string => {
    const path = mkdtempSync(join(tmpdir(), 'hkq-queue-'))
    onTestFinished(() => rmSync(path, { recursive: true, force: true }))
    return path
  }

  describe.skipIf(!isThere)(`a queue of ${server.scheme}`, () => {
    afterEach(async () => {
      for (const queue of made.splice(0)) await server.remove(server.at, queue)
    })

    it('carries every event losslessly, those of a symbol in their order', async () => {
      const anyBatch = fc.uniqueArray(anyEvent, {
        minLength: 1,
        maxLength: 40,
        selector: (one) => String(encode([one])),
      })
      await fc.assert(
        fc.asyncProperty(anyBatch, async (events) => {
          const { address } = names()
          await write(address, events)
          const got = await take(address, count(events.length))
          for (const symbol of [null, '00700.HK', '09988.HK', 'HSI']) {
            const of = (all: readonly MarketEvent[]) => all.filter((event) => event.symbol === symbol)
            expect(of(got)).toEqual(of(events).map(plain))
          }
        }),
        { numRuns: 25 },
      )
    })

    it('cuts what is too large for one message', async () => {
      const { address } = names()
      const events = Array.from({ length: 300 }, (_, i) => rejected({ raw: `${i} `.padEnd(4_000, 'x') }))
      await write(address, events)
      expect(await take(address, count(300))).toEqual(events)
    })

    it('gives what is committed once, and what is not again', async () => {
      const { address } = names()
      await write(address, trades(0, 10))
      expect(await take(address, count(10), { commit: false })).toHaveLength(10)
      expect(await take(address, count(10))).toEqual(trades(0, 10))
      await write(address, trades(10, 12))
      expect(await take(address, count(2))).toEqual(trades(10, 12))
    })

    it('keeps a place for each group, and takes nothing from one for who only looks', async () => {
      const { address, queue } = names()
      const sink = await openSink(address)
      const looking = await opened(address, { isKept: false })
      await sink.write(trades(0, 5))
      await sink.close()
      expect(await take(looking, count(5))).toEqual(trades(0, 5))
      expect(await server.unread(server.at, queue, 'hkq')).toBe(1)
      expect(await take(address, count(5))).toEqual(trades(0, 5))
      await take(`${address}?group=other`, () => true)
      await write(address, trades(5, 7))
      expect(
        await take(`${address}?group=other`, (events) => events.some((event) => 'seq' in event && event.seq === 6)),
      ).toEqual(expect.arrayContaining(trades(5, 7)))
      expect(await take(address, count(2))).toEqual(trades(5, 7))
    })

    it('gives the symbols asked for, and says that it leaves others out', async () => {
      const { address } = names()
      await write(address, [...trades(0, 3), ...trades(0, 3, '00005.HK')])
      const events: MarketEvent[] = []
      const source = await opened(address, { symbols: ['00005.HK'], isKept: false })
      await write(address, [...trades(3, 6), ...trades(3, 6, '00005.HK')])
      for await (const batch of source) {
        events.push(...batch)
        if (events.filter(({ type }) => type === 'tick').length >= 3) break
      }
      expect(events.filter(({ type }) => type === 'tick')).toEqual(trades(3, 6, '00005.HK'))
      expect(events).toContainEqual(
        expect.objectContaining({ state: 'warning', detail: expect.stringContaining('00700.HK') }),
      )
    })

    it('tells coverage once every member has committed what came before it', async () => {
      const { address } = names()
      const told = coverage(['00700.HK'], at('10:00:01.000'))
      const stop = new AbortController()
      const events: MarketEvent[] = []
      const isHeld = (event: MarketEvent): boolean => event.type === 'tick' && event.seq === 0
      let release = (): void => {}
      const member = async (name: string): Promise<void> => {
        const query = server.scheme === 'redis' ? `?consumer=${name}` : ''
        const source = await openSource(`${address}${query}`, { isKept: true, signal: stop.signal })
        let [batches, isHolding] = [0, false]
        for await (const batch of source) {
          events.push(...batch.filter((event) => event.source !== source.name))
          batches++
          if (batch.some(isHeld)) {
            isHolding = true
            release = () => {
              isHolding = false
              source.committed!(batches)
            }
          }
          if (!isHolding) source.committed!(batches)
        }
      }
      const members = [member('a'), member('b')]
      await write(address, trades(0, 1))
      await until(async () => events.length === 1)
      await write(address, [...trades(1, 2), told, ...trades(2, 4)])
      await until(async () => events.length === 4)
      await delay(1_000)
      expect(
        events.filter(({ type }) => type === 'coverage'),
        'none while a trade before it may be lost',
      ).toEqual([])
      release()
      await until(async () => events.length === 5)
      expect(events.at(-1)).toEqual(told)
      stop.abort()
      await Promise.all(members)
    })

    it('quarantines what another program put in, and goes on', async () => {
      const { address, queue } = names()
      await write(address, trades(0, 1))
      const foreign = [
        ...['null', '{"type":"tick"}', '{"type":"__proto__"}', JSON.stringify({ ...tick(), last_price: -1 })],
        JSON.stringify({ ...tick(), symbol: '../700' }),
        JSON.stringify({ ...tick(), timestamp: 1e300 }),
        JSON.stringify({ ...tick(), flags: ['nonsense'] }),
        JSON.stringify({ ...tick(), more: 1 }),
        JSON.stringify({ ...tick(), seq: '9'.repeat(19) }),
      ]
      const messages = ['', 'hello', '{}', '[]', '{"__proto__":[]}']
      for (const text of messages) await server.put(server.at, queue, text)
      for (const event of foreign) await server.put(server.at, queue, `[${event}]`)
      await write(address, trades(1, 2))
      const got = await take(address, count(messages.length + foreign.length + 2))
      expect(got.filter(({ type }) => type === 'tick')).toEqual(trades(0, 2))
      const refused = got.filter((event) => event.type === 'rejected')
      expect(refused.map(({ raw, reason, source }) => [raw, reason, source])).toEqual(
        [...messages, ...foreign].map((text) => [text, 'malformed', server.scheme]),
      )
      expect(await server.unread(server.at, queue, 'hkq')).toBe(0)
    })

    it('quarantines an event that is none, and takes those beside it', async () => {
      const { address, queue } = names()
      await write(address, trades(0, 1))
      const [one, two] = trades(1, 3)
      const odd = JSON.stringify({ ...tick(), received_at: -5 })
      await server.put(server.at, queue, `[${JSON.stringify(one)},${odd},${JSON.stringify(two)}]`)
      const got = await take(address, count(4))
      expect(got.filter(({ type }) => type === 'tick')).toEqual(trades(0, 3))
      expect(got.filter((event) => event.type === 'rejected')).toMatchObject([{ raw: odd, reason: 'malformed' }])
    })

    it('refuses what has no room, never in place of what is unread, and has it all once there is room', async () => {
      const { address, queue } = names()
      const query = await server.makeSmall(server.at, queue)
      const lines: string[] = []
      const sink = await openSink(`${address}${query}`, { journals: folder(), tell: (line) => lines.push(line) })
      for (let i = 0; i < 1_100; i++) await sink.write(trades(i, i + 1))
      expect(lines.join('\n')).toMatch(/full.*events wait on disk/)
      const got = await take(
        address,
        (events) => new Set(events.map((event) => 'seq' in event && event.seq)).size >= 1_100,
      )
      const seqs = got.map((event) => ('seq' in event ? Number(event.seq) : -1))
      expect([...new Set(seqs)]).toEqual(Array.from({ length: 1_100 }, (_, i) => i))
      await sink.close()
    })

    it('makes room of what every group has acknowledged, and of nothing else', async () => {
      const { address, queue } = names()
      const query = await server.makeSmall(server.at, queue)
      const sink = await openSink(`${address}${query || '?'}&group=store&group=audit`)
      const put = async (from: number, to: number): Promise<void> => {
        for (let i = from; i < to; i++) await sink.write(trades(i, i + 1))
      }
      const read = (group: string, to: number): Promise<MarketEvent[]> => take(`${address}?group=${group}`, count(to))
      await put(0, 900)
      expect(await read('store', 900)).toEqual(trades(0, 900))
      await expect(put(900, 1_100), 'the other has read nothing').rejects.toThrow(/full/)
      expect(await read('audit', 1_000)).toEqual(trades(0, 1_000))
      await expect(put(1_000, 2_000), 'the first has not read the last ones').rejects.toThrow(/full/)
      const rest = await read('store', 900)
      expect(rest).toEqual(trades(900, 900 + rest.length))
      await sink.close()
    })

    it('takes no word for what will be heard, or lost, in the future', async () => {
      const { address } = names()
      const now = at('10:00:00.000')
      const clock = { ...systemClock, now: () => now }
      const [soon, late] = [now + 5 * 60_000, now + 15 * 60_000]
      const claims = [
        coverage(['00700.HK'], late),
        coverage(['00700.HK'], Date.UTC(9999, 0)),
        gap({ from: now, to: late }),
        gap({ from: now, to: now - 1 }),
      ]
      const sound = [gap({ from: now - 5, to: soon }), coverage(['00700.HK'], soon)]
      await write(address, [...claims, ...sound])
      const got = await take(address, count(claims.length + sound.length), { clock })
      expect(got.filter(({ type }) => type === 'gap' || type === 'coverage')).toEqual(sound)
      expect(got.filter((event) => event.type === 'rejected').map(({ raw }) => JSON.parse(raw))).toEqual(claims)
    })

    it('keeps entries for the group that readers name, from the first one on, whoever comes first', async () => {
      const groups = ({ queue }: { queue: string }): Promise<readonly string[]> => server.groups(server.at, queue)
      const [unnamed, told, read] = [names(), names(), names()]
      await write(unnamed.address, trades(0, 1))
      expect(await groups(unnamed)).toEqual(['hkq'])

      await write(`${told.address}?group=store&group=audit`, trades(0, 3))
      expect(await groups(told)).toEqual(['audit', 'store'])
      await write(told.address, trades(3, 4))
      expect(await groups(told)).toEqual(['audit', 'store'])
      for (const group of ['store', 'audit']) {
        expect(await take(`${told.address}?group=${group}`, count(4))).toEqual(trades(0, 4))
      }

      const stop = new AbortController()
      const early = await openSource(`${read.address}?group=store`, { isKept: true, signal: stop.signal })
      await write(read.address, trades(0, 1))
      expect(await groups(read)).toEqual(['store'])
      stop.abort()
      for await (const _ of early);
    })

    it('remembers how far a recorder before it came', async () => {
      const { address } = names()
      const sink = await openSink(address)
      await sink.write([tick({ seq: 2n ** 60n }), coverage(['00700.HK', '00005.HK'], at('10:00:01.000') + 0.5)])
      await sink.close()
      const next = (await openSink(address)) as Awaited<ReturnType<typeof openSink>> & { reached(): Promise<unknown> }
      const row = { source: 'alltick', covered_until: at('10:00:01.000'), committed_at: expect.any(Number) }
      expect(await next.reached()).toEqual([
        { ...row, symbol: '00005.HK', timestamp: null, seq: null },
        { ...row, symbol: '00700.HK', timestamp: at('10:00:00.000'), seq: 2n ** 60n },
      ])
      await next.close()
    })

    describe('whose server', () => {
      let own: OwnServer
      beforeAll(async () => {
        own = await OwnServer.start(server, 'geheim')
      })
      afterAll(() => own.end())

      it('wants a password says so, without showing one', async () => {
        const wrong = `${server.scheme}://${server.login('falsch')}${own.at}/q`
        for (const open of [() => openSource(wrong), () => openSink(wrong, { journals: folder() })]) {
          const error = await open().then(
            () => null,
            (error: unknown) => error as HkqError,
          )
          expect(error).toBeInstanceOf(HkqError)
          expect(error).toMatchObject({
            code: 'E_STORAGE',
            message: expect.stringMatching(/refuses.*check user and password/),
          })
          expect(error!.message).not.toContain('falsch')
          expect(error!.message).not.toContain('\n')
        }
      })

      it('is not there or not known says so', async () => {
        await expect(openSource(`${server.scheme}://127.0.0.1:1/q`)).rejects.toMatchObject({
          code: 'E_NETWORK',
          message: expect.stringMatching(/does not answer.*see that the server runs/),
        })
        const nobody = `${server.scheme}://nobody.invalid/q`
        const unknown = /nobody knows this host|EAI_AGAIN/
        await expect(openSource(nobody)).rejects.toMatchObject({
          code: 'E_NETWORK',
          message: expect.stringMatching(unknown),
        })
        const lines: string[] = []
        const sink = await openSink(nobody, { journals: folder(), tell: (line) => lines.push(line) })
        await sink.write(trades(0, 1))
        await sink.close()
        expect(lines.join('\n')).toMatch(unknown)
      })

      it('is killed again and again loses and doubles nothing', async () => {
        const address = `${server.scheme}://${server.login('geheim')}${own.at}/flapped`
        const sink = await openSink(address, { journals: folder() })
        const seen = new Set<number>()
        const stop = new AbortController()
        const source = await openSource(address, { isKept: true, signal: stop.signal })
        const reading = (async () => {
          let batches = 0
          for await (const batch of source) {
            for (const event of batch) if (event.type === 'tick') seen.add(Number(event.seq))
            source.committed!(++batches)
          }
        })()
        let sent = 0
        for (let flap = 0; flap < FLAPS; flap++) {
          for (let i = 0; i < 20; i++, sent++) await sink.write(trades(sent, sent + 1))
          await own.down()
          for (let i = 0; i < 20; i++, sent++) await sink.write(trades(sent, sent + 1))
          await own.up()
        }
        await Promise.race([until(async () => seen.size === sent), reading])
        expect(seen.size).toBe(sent)
        stop.abort()
        await reading
        await sink.close()
        expect(seen.size).toBe(40 * FLAPS)
      }, 120_000)
    })
  })
}

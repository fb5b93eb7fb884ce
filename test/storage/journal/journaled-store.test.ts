import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { HkqError } from '../../../src/core/errors.ts'
import type { MarketEvent } from '../../../src/core/market/event.ts'
import type { Checkpoint } from '../../../src/core/pipeline/source.ts'
import { JournaledStore } from '../../../src/core/storage/journal/journaled-store.ts'
import { openJournal } from '../../../src/core/storage/journal/open-journal.ts'
import { Reached } from '../../../src/core/storage/journal/reached.ts'
import type { Store } from '../../../src/core/storage/store.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { Disk, MemoryStore } from '../../support/memory-store.ts'
import { anyTick, at, collect, gap, tick, vendorMinute } from '../sample.ts'

const away = new HkqError('E_NETWORK', 'no answer')

/** A database that goes away and comes back; what it has committed stays. */
class Database {
  readonly disk = new Disk()
  isUp = true
  /** What a write waits for before it does anything. */
  gate: Promise<void> | undefined

  get content(): MemoryStore {
    return new MemoryStore(this.disk)
  }

  readonly open = async (): Promise<Store> => {
    if (!this.isUp) throw away
    const store = this.content
    return new Proxy(store, {
      get: (target, name: keyof MemoryStore) => {
        const method = target[name] as ((...args: unknown[]) => unknown) | undefined
        // what awaits a store looks for `then`
        if (method === undefined) return undefined
        return (...args: unknown[]) => {
          if (!this.isUp && name !== 'close') throw away
          if (name === 'write' && this.gate) return this.gate.then(() => method.apply(target, args))
          return method.apply(target, args)
        }
      },
    })
  }
}

interface Setting {
  readonly database: Database
  readonly clock: ManualClock
  readonly directory: string
  readonly lines: string[]
  /** Begins a run, which ends with the process: nothing is closed in order but the lock. */
  run(): Promise<{ store: JournaledStore; die: () => void }>
}

function setting(): Setting {
  const database = new Database()
  const clock = new ManualClock(at('10:00:00.000'))
  const directory = mkdtempSync(join(tmpdir(), 'hkq-journaled-'))
  const lines: string[] = []
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const run = async () => {
    const options = { maxBytes: 2 ** 20, durability: 'process', now: () => clock.now() } as const
    const { journal, release } = await openJournal(directory, options)
    const store = await JournaledStore.open({
      ...{ name: 'db', open: database.open, isAway: (error: unknown) => error === away, journal, clock, directory },
      ...{ durability: 'process', tell: (line: string) => lines.push(line) },
    })
    return { store, die: release }
  }
  return { database, clock, directory, lines, run }
}

const reach = (checkpoints: readonly Checkpoint[]) => checkpoints.map(({ committed_at: _, ...rest }) => rest)
const heard = (timestamp: number): MarketEvent => ({
  ...{ type: 'coverage', source: 'alltick', symbol: null, symbols: ['00700.HK'], timestamp },
})

describe('a store that may go away', () => {
  it('says so, with what waits for it, and takes no health meanwhile', async () => {
    const { clock, database, run } = setting()
    const { store, die } = await run()
    const metric = { time: 1_000, name: 'cpu', value: 0.5 }
    expect([store.condition().trouble, await store.putMetrics([metric], 0)]).toEqual([null, true])
    database.isUp = false
    await store.write([tick({ seq: 1 })])
    const { trouble, waiting } = store.condition()
    expect(trouble).toEqual({ kind: 'away', detail: '"db" is away (no answer)', since: at('10:00:00.000') })
    expect(waiting).toBeGreaterThan(0)
    expect(await store.putMetrics([{ ...metric, time: 2_000 }], 0)).toBe(false)
    database.isUp = true
    await clock.advance(60_000)
    expect(store.condition()).toEqual({ trouble: null, waiting: 0 })
    await store.close()
    die()
    expect(await collect(database.content.metrics({}))).toEqual([metric])
  })

  it('tells how far the recording came, from the start and while the store is away', async () => {
    const { clock, database, run } = setting()
    await database.content.write([tick({ seq: 1 }), tick({ symbol: 'HSI', seq: 2 })])
    const { store } = await run()
    database.isUp = false
    await store.write([tick({ seq: 9, timestamp: at('10:00:01.000') }), heard(at('10:00:02.000'))])
    const told = await store.checkpoints()
    database.isUp = true
    await clock.advance(60_000)
    await store.close()
    expect(reach(told)).toEqual(reach(await database.content.checkpoints()))
  })

  it('knows after a run in order how far it came, though the store is away when the next begins', async () => {
    const { database, run } = setting()
    const first = await run()
    await first.store.write([tick({ seq: 2n ** 60n })])
    database.isUp = false
    await first.store.write([heard(at('10:05:00.000'))])
    await first.store.close()
    first.die()
    const second = await run()
    expect(reach(await second.store.checkpoints())).toEqual([
      {
        source: 'alltick',
        symbol: '00700.HK',
        timestamp: at('10:00:00.000'),
        seq: 2n ** 60n,
        covered_until: at('10:05:00.000'),
      },
    ])
    await second.store.close()
    second.die()
  })

  it('knows after a crash at most five seconds less than it had kept, and never more', async () => {
    const { clock, database, run } = setting()
    database.isUp = false
    const { store, die } = await run()
    for (let second = 0; second < 13; second++) {
      await store.write([tick({ timestamp: at('10:00:00.000') + second * 1_000 })])
      await clock.advance(1_000)
    }
    die()
    const [next] = await (await run()).store.checkpoints()
    expect(next!.timestamp).toBeGreaterThanOrEqual(at('10:00:12.000') - 5_000)
    expect(next!.timestamp).toBeLessThanOrEqual(at('10:00:12.000'))
  })

  it('believes the store alone where nothing waits for it: another database has another past', async () => {
    const { database, run } = setting()
    const first = await run()
    await first.store.write([tick({ seq: 5 })])
    await first.store.close()
    first.die()
    database.disk.checkpoints.clear()
    expect(await (await run()).store.checkpoints()).toEqual([])
  })

  it.each(['', '12\n[{"source":"alltick"}]', 'nonsense'])('takes nothing from a damaged file: "%s"', async (text) => {
    const { database, directory, lines, run } = setting()
    database.isUp = false
    writeFileSync(join(directory, 'checkpoints'), text)
    const { store } = await run()
    expect(await store.checkpoints()).toEqual([])
    expect(lines.at(-1)).toContain('what "db" holds is not known here')
  })

  it('keeps its file from others, and no more in it than checkpoints', async () => {
    const { directory, run } = setting()
    const { store } = await run()
    await store.write([tick({ seq: 1 }), gap()])
    await store.close()
    expect(readFileSync(join(directory, 'checkpoints'), 'utf8')).toMatch(
      /^\d+\n\[\{"source":"alltick","symbol":"00700.HK"[^\n]*\]$/,
    )
  })

  it('fills holes only when the store is there and has everything that waited', async () => {
    const { clock, database, run } = setting()
    const { store } = await run()
    await store.write([tick({ seq: 1 }), gap()])
    database.isUp = false
    await store.write([tick({ seq: 2 })])
    await expect(store.fill([vendorMinute()], [gap()])).rejects.toThrow('"db" is away or catches up')
    await expect(collect(store.minutes('00700.HK', {}))).rejects.toThrow('"db" is away or catches up')
    expect(await store.gaps({})).toEqual([])
    database.isUp = true
    await clock.advance(60_000)
    await store.fill([vendorMinute()], [gap()])
    expect(await collect(store.minutes('00700.HK', {}))).toEqual([vendorMinute()])
    expect(await database.content.gaps({})).toEqual([gap({ filled_by: 'backfill' })])
  })

  it('counts what an earlier run left waiting, and fills no hole before that is in the store', async () => {
    const { clock, database, run } = setting()
    const first = await run()
    await first.store.write([tick({ seq: 1 }), gap()])
    database.isUp = false
    await first.store.write([tick({ timestamp: at('10:07:00.000') })])
    await first.store.close()
    first.die()
    let open = (): void => {}
    database.gate = new Promise((resolve) => {
      open = resolve
    })
    database.isUp = true
    const { store } = await run()
    expect((await store.checkpoints()).map(({ timestamp }) => timestamp)).toEqual([at('10:07:00.000')])
    await expect(store.fill([vendorMinute()], [gap()])).rejects.toThrow('"db" is away or catches up')
    expect(await store.gaps({})).toEqual([gap()])
    open()
    await clock.advance(0)
    await store.fill([vendorMinute()], [gap()])
    expect(await database.content.gaps({})).toEqual([gap({ filled_by: 'backfill' })])
  })

  it('gets static facts with the first connection after they came', async () => {
    const { clock, database, run } = setting()
    database.isUp = false
    const { store } = await run()
    const facts = { date: '2026-11-20', name_en: 'TENCENT', name_zh: '騰訊控股', currency: 'HKD', lot_size: 100 }
    const row = {
      symbol: '00700.HK',
      ...facts,
      kind: 'equity',
      prev_close: 612,
      vendor: 'alltick',
      vendor_code: '700.HK',
    } as const
    await store.putInstruments([row])
    await store.write([tick()])
    database.isUp = true
    await clock.advance(60_000)
    expect(await database.content.instruments()).toEqual([row])
  })

  it('has what one that never went away has, whenever it went and came', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.array(anyTick, { minLength: 1, maxLength: 8 }) },
      { weight: 2, arbitrary: fc.boolean() },
      { weight: 1, arbitrary: fc.nat({ max: 40_000 }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const { clock, database, run } = setting()
        const direct = new MemoryStore()
        const { store, die } = await run()
        for (const each of steps) {
          if (typeof each === 'boolean') database.isUp = each
          else if (typeof each === 'number') await clock.advance(each)
          else {
            await direct.write(each)
            await store.write(each)
          }
        }
        database.isUp = true
        await clock.advance(60_000)
        await store.close()
        die()
        expect(await collect(database.content.read({}))).toEqual(await collect(direct.read({})))
        expect(reach(await database.content.checkpoints())).toEqual(reach(await direct.checkpoints()))
      }),
      { numRuns: 30 },
    )
  })
})

describe('how far a recording came', () => {
  it('is what a store would say that was written the same, from wherever it goes on', async () => {
    const batches = fc.array(fc.array(anyTick, { maxLength: 6 }), { maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(batches, batches, async (before, after) => {
        // no two trades under one key: a store would give the second another number
        const known = new Set<string>()
        const fresh = (batch: readonly MarketEvent[]) =>
          batch.filter((event) => {
            const key = event.type === 'tick' ? `${event.symbol} ${event.timestamp} ${event.source} ${event.seq}` : ''
            return !known.has(key) && known.add(key)
          })
        const store = new MemoryStore()
        for (const batch of before) await store.write(fresh(batch))
        const reached = new Reached()
        reached.merge(await store.checkpoints())
        for (const batch of after) {
          const events = fresh(batch)
          await store.write(events)
          reached.learn(events, 0)
        }
        expect(reach(reached.checkpoints)).toEqual(reach(await store.checkpoints()))
      }),
    )
  })
})

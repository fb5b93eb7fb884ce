import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MarketEvent } from '../../../src/core/market/event.ts'
import { DAY, dayNumber } from '../../../src/core/market/time.ts'
import { archive } from '../../../src/core/storage/archive.ts'
import { Lake } from '../../../src/core/storage/parquet/lake.ts'
import { moveDays, type Step } from '../../../src/core/storage/parquet/move.ts'
import { openParquet } from '../../../src/core/storage/parquet.ts'
import { openSqlite, openToArchive } from '../../../src/core/storage/sqlite.ts'
import type { Store } from '../../../src/core/storage/store.ts'
import { at, collect, comparison, gap, quote, rejected, tick, vendorMinute } from '../sample.ts'

const FRIDAY = dayNumber(at('10:00:00.000'))
const SYMBOLS = ['00700.HK', '09988.HK']

/** Trades and quotes of two symbols on Friday and the two days before, some in one millisecond. */
const events: MarketEvent[] = [-2, -1, 0].flatMap((days) =>
  SYMBOLS.flatMap((symbol) => {
    const timestamp = at('10:00:00.000') + days * DAY
    const trades = Array.from({ length: 300 }, (_, seq) =>
      tick({
        symbol,
        seq,
        timestamp: timestamp + (seq >> 2) * 400,
        last_price: 600 + (seq % 7) / 5,
        volume: 100 + seq,
      }),
    )
    return [...trades, quote({ symbol, timestamp }), gap({ symbol, from: timestamp, to: timestamp + 400 })]
  }),
)

describe('archiving a store', () => {
  let directory: string
  let file: string
  let lake: string

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hkq-archive-'))
    file = join(directory, 'market.db')
    lake = join(directory, 'lake')
    await recorded(async (store) => {
      await store.write([...events, rejected()])
      await store.putCompleteness([comparison()])
    })
  })
  afterEach(() => rm(directory, { recursive: true }))

  async function recorded<T>(work: (store: Store) => Promise<T>): Promise<T> {
    const store = await openSqlite(file, { mode: 'record' })
    try {
      return await work(store)
    } finally {
      await store.close()
    }
  }

  /** Everything a store answers. */
  async function told(store: Store) {
    const symbols = await store.symbols()
    return {
      events: await collect(store.read({})),
      some: await collect(store.read({ since: at('10:00:03.000') - DAY, until: at('10:00:05.000') })),
      minutes: await Promise.all(symbols.map((symbol) => collect(store.minutes(symbol, {})))),
      gaps: await store.gaps({}),
      checkpoints: await store.checkpoints(),
      completeness: await store.completeness('00700.HK'),
      instruments: await store.instruments(),
      columns: await Promise.all(symbols.map((symbol) => columnsOf(store, symbol))),
    }
  }

  async function columnsOf(store: Store, symbol: string) {
    const rows: number[][] = []
    for await (const part of store.columns(symbol, { book: true })) {
      for (let i = 0; i < part.length; i++) {
        const { timestamp, last_price, volume, turnover, flags, phase, bid_price, ask_price } = part
        rows.push([timestamp, last_price, volume, turnover, flags, phase, bid_price!, ask_price!].map((all) => all[i]!))
      }
    }
    return rows
  }

  const asTold = async (address = file) => {
    const store = await (address === file ? openSqlite(file, { mode: 'read' }) : openParquet(lake, { mode: 'read' }))
    try {
      return await told(store)
    } finally {
      await store.close()
    }
  }

  /** Rows of ticks and quotes in the store's own tables. */
  async function left(): Promise<number> {
    const { store, shelf } = await openToArchive(file)
    const days = shelf.days(Number.MAX_SAFE_INTEGER / DAY).filter(({ state }) => state === 'here').length
    await store.close()
    return days
  }

  it('changes nothing that the store tells, whether some days or all of them went', async () => {
    const before = await asTold()
    const first = await archive(file, lake, FRIDAY)
    expect(first).toMatchObject({ days: 4, symbols: 2, ticks: 1200, quotes: 4 })
    expect(await left()).toBe(2)
    expect(await asTold()).toEqual(before)
    expect(await archive(file, lake, FRIDAY + 1)).toMatchObject({ days: 2, ticks: 600 })
    expect(await left()).toBe(0)
    expect(await asTold()).toEqual(before)
  })

  it('makes a lake that tells the same by itself', async () => {
    const before = await asTold()
    await archive(file, lake, FRIDAY + 1)
    expect(await asTold(lake)).toEqual(before)
  })

  it("keeps a vendor's texts whatever they hold", async () => {
    const types = ["it's", '自動對盤', '\u0000', 'a\u0000b', '"\\', '', '\u2028', 'longer than twelve bytes']
    const ticks = types.map((trade_type, seq) => tick({ symbol: 'HSI', seq, trade_type }))
    await recorded((store) => store.write(ticks))
    await archive(file, lake, FRIDAY + 1)
    for (const open of [() => openSqlite(file, { mode: 'read' }), () => openParquet(lake, { mode: 'read' })]) {
      const store = await open()
      expect(await collect(store.ticks('HSI', {}))).toEqual(ticks)
      await store.close()
    }
  })

  it('lays the files in Hive folders, with nothing beside them', async () => {
    await archive(file, lake, FRIDAY)
    expect(readdirSync(lake).sort()).toEqual([
      'checkpoints',
      'completeness',
      'gaps',
      'minutes',
      'quotes',
      'rejected',
      'ticks',
    ])
    expect(readdirSync(join(lake, 'ticks')).sort()).toEqual(['date=2026-11-18', 'date=2026-11-19'])
    expect(readdirSync(join(lake, 'ticks', 'date=2026-11-18', 'symbol=00700.HK'))).toEqual(['ticks.parquet'])
  })

  it('run again it moves nothing, and the files stay as they are', async () => {
    await archive(file, lake, FRIDAY)
    const bytes = () => readFileSync(join(lake, 'ticks/date=2026-11-18/symbol=00700.HK/ticks.parquet'))
    const before = bytes()
    expect(await archive(file, lake, FRIDAY)).toMatchObject({ days: 0, ticks: 0 })
    expect(bytes()).toEqual(before)
  })

  const STEPS: Step[] = ['adopted', 'written', 'shelved', 'cleared', 'listed']
  it.each(STEPS.flatMap((step) => [1, 3].map((time) => [step, time] as const)))(
    'ended when it has %s for the %ith time: the store tells the same, and so once it was run again',
    async (step, time) => {
      const before = await asTold()
      const moving = await openToArchive(file)
      const into = new Lake(lake)
      let times = 0
      const ended = (async () => {
        for await (const _ of moveDays(moving, into, FRIDAY + 1, (reached) => {
          if (reached === step && ++times === (step === 'listed' ? 1 : time)) throw new Error('ended here')
        }));
      })()
      await expect(ended).rejects.toThrow('ended here')
      await moving.store.close()
      await into.close()
      expect(await asTold()).toEqual(before)
      await archive(file, lake, FRIDAY + 1)
      expect(await left()).toBe(0)
      expect(await asTold()).toEqual(before)
      expect(await asTold(lake)).toEqual(before)
    },
  )

  it('takes a trade of an archived day in where it is new, and not where it is there', async () => {
    await archive(file, lake, FRIDAY + 1)
    const late = tick({ seq: 1000, timestamp: at('10:00:09.000') - DAY, last_price: 601 })
    expect(await recorded((store) => store.write([...events, late]))).toEqual({ stored: 1, duplicates: 1800 })
    const before = await asTold()
    expect(before.events.filter(({ type }) => type === 'tick')).toHaveLength(1801)
    await archive(file, lake, FRIDAY + 1)
    expect(await asTold()).toEqual(before)
    expect(await asTold(lake)).toEqual(before)
  })

  it('brings minutes that were filled later to the lake', async () => {
    await archive(file, lake, FRIDAY + 1)
    const minute = vendorMinute({ start: at('10:00:00.000') - DAY })
    await recorded((store) => store.fill([minute], [gap({ from: minute.start, to: minute.start + 400 })]))
    await archive(file, lake, FRIDAY + 1)
    expect(await asTold(lake)).toEqual(await asTold())
  })

  it('takes over what the folder has of a day already', async () => {
    const other = await openParquet(lake, { mode: 'record' })
    const theirs = tick({ seq: 7777, timestamp: at('11:00:00.000') - DAY })
    await other.write([theirs])
    await other.close()
    await archive(file, lake, FRIDAY + 1)
    expect((await asTold(lake)).events).toContainEqual(theirs)
    expect((await asTold(lake)).events).toEqual((await asTold()).events)
  })

  it('is refused while a recorder holds the store, with what to do', async () => {
    await recorded(async () => {
      await expect(archive(file, lake, FRIDAY)).rejects.toMatchObject({
        code: 'E_LOCKED',
        message: expect.stringMatching(/holds ".*market\.db": archive when it has ended/),
      })
    })
    expect(existsSync(lake)).toBe(false)
  })

  it('gives back the space of the rows', async () => {
    const before = statSync(file).size
    const { freed } = await archive(file, lake, FRIDAY + 1)
    expect(freed).toBeGreaterThan(0)
    expect(statSync(file).size).toBe(before - freed)
  })

  it('refuses to read on where days went to a lake meanwhile, and what is opened later reads all', async () => {
    const reader = await openSqlite(file, { mode: 'read' })
    const reading = reader.read({ types: ['tick'] })[Symbol.asyncIterator]()
    const many = Array.from({ length: 6_000 }, (_, seq) => tick({ seq, timestamp: at('11:00:00.000') + seq }))
    await recorded((store) => store.write(many))
    await reading.next()
    await archive(file, lake, FRIDAY + 1)
    const rest = async () => {
      while (!(await reading.next()).done);
    }
    await expect(rest()).rejects.toMatchObject({ code: 'E_STORAGE', message: expect.stringMatching(/run this again$/) })
    expect(await collect(reader.read({ types: ['tick'] }))).toHaveLength(7_800)
    await reader.close()
  })

  it('says which folder is missing, and reads on when store and folder have moved together', async () => {
    const before = await asTold()
    await archive(file, lake, FRIDAY + 1)
    renameSync(lake, `${lake}-away`)
    await expect(asTold()).rejects.toMatchObject({ code: 'E_STORAGE', message: expect.stringContaining(lake) })
    renameSync(`${lake}-away`, lake)
    const moved = join(directory, 'moved')
    mkdirSync(moved)
    renameSync(lake, join(moved, 'lake'))
    renameSync(file, join(moved, 'market.db'))
    const store = await openSqlite(join(moved, 'market.db'), { mode: 'read' })
    expect(await told(store)).toEqual(before)
    await store.close()
  })

  it.each([
    ['cut short', (path: string) => truncateSync(path, 500)],
    ['of something else', (path: string) => writeFileSync(path, 'symbol,price\n')],
  ])('says which folder has a file %s', async (_, harm) => {
    await archive(file, lake, FRIDAY + 1)
    harm(join(lake, 'ticks/date=2026-11-19/symbol=00700.HK/ticks.parquet'))
    await expect(asTold()).rejects.toMatchObject({
      code: 'E_STORAGE',
      message: expect.stringMatching(/lake": a file is damaged/),
    })
  })

  it.each([
    ['minutes', 'minutes', (store: Store) => store.minutes('00700.HK', {})],
    ['ticks, read whole,', 'ticks', (store: Store) => store.ticks('00700.HK', {})],
    ['ticks, read as columns,', 'ticks', (store: Store) => store.columns('00700.HK', {})],
    [
      'ticks, added up for bars,',
      'ticks',
      (store: Store) => store.condensed!('00700.HK', {}, { every: 10_000, leftOut: 0 }),
    ],
    ['ticks, read with all else,', 'ticks', (store: Store) => store.read({})],
  ])(
    'in a copy that lacks a day of %s is an error, never a hole; other days and symbols are read',
    async (_, part, read) => {
      await archive(file, lake, FRIDAY + 1)
      rmSync(join(lake, part, 'date=2026-11-19', 'symbol=00700.HK'), { recursive: true })
      const store = await openParquet(lake, { mode: 'read' })
      const message = `"${lake}": the ${part} of 00700.HK of 2026-11-19 are missing: copy the whole folder`
      const all = async (): Promise<void> => {
        for await (const _ of read(store));
      }
      await expect(all()).rejects.toMatchObject({ code: 'E_STORAGE', message })
      expect(await store.integrity()).toEqual([message])
      const [since, until] = [at('00:00:00.000'), at('00:00:00.000') - DAY]
      expect(await collect(store.ticks('00700.HK', { since }))).toHaveLength(300)
      expect(await collect(store.minutes('00700.HK', { until }))).not.toHaveLength(0)
      expect(await collect(store.ticks('09988.HK', {}))).toHaveLength(900)
      await store.close()
    },
  )
})

describe('a folder of Parquet as a sink', () => {
  let lake: string

  beforeEach(async () => {
    lake = join(await mkdtemp(join(tmpdir(), 'hkq-lake-')), 'lake')
  })
  afterEach(() => rm(join(lake, '..'), { recursive: true }))

  it('holds what was written before a crash, for readers and for the next writing', async () => {
    const first = await openParquet(lake, { mode: 'record' })
    await first.write(events)
    const reader = await openParquet(lake, { mode: 'read' })
    expect(await collect(reader.ticks('00700.HK', {}))).toHaveLength(900)
    await reader.close()
    await expect(openParquet(lake, { mode: 'record' })).rejects.toMatchObject({ code: 'E_LOCKED' })
    await first.close()
    expect(readdirSync(lake).filter((name) => /\.db(-wal|-shm|\.new.*)?$/.test(name))).toEqual([])
    const again = await openParquet(lake, { mode: 'record' })
    expect(await again.write(events)).toEqual({ stored: 0, duplicates: 1800 })
    await again.close()
  })

  it('refuses a folder that is a file, one that is not there, and names that are patterns', async () => {
    writeFileSync(lake, '')
    await expect(openParquet(lake, { mode: 'record' })).rejects.toThrow(/is a file: name a folder/)
    await expect(openParquet(`${lake}2`, { mode: 'read' })).rejects.toThrow(/is not there/)
    await expect(openParquet(`${lake}[1]`, { mode: 'read' })).rejects.toThrow(/has one of/)
  })
})

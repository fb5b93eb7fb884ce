import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MarketEvent, Tick } from '../../src/core/market/event.ts'
import { Sessions } from '../../src/core/market/session.ts'
import type { Sink } from '../../src/core/pipeline/source.ts'
import { openCsvSource as readCsv } from '../../src/core/storage/csv.ts'
import { openCsvSink } from '../../src/core/storage/csv-sink.ts'
import { FileMemory } from '../../src/core/storage/file-memory.ts'
import { openNdjsonSink, openNdjsonSource as readNdjson } from '../../src/core/storage/ndjson.ts'
import { gap, tick as numbered } from '../bars/market.ts'
import { temporaryDirectory } from './records.ts'

/** A trade without a number of its own. */
const tick = (time: string, price: number): Tick => ({ ...numbered(time, price), seq: 0 })

const dir = temporaryDirectory()
let files = 0

/** Every kind of file that is appended to: how it is opened, and what a folder or file holds as bytes. */
const KINDS: Record<string, { name: string; open: (path: string) => Promise<Sink> }> = {
  'a CSV file': { name: 'a.csv', open: openCsvSink },
  'a compressed CSV file': { name: 'a.csv.gz', open: openCsvSink },
  'a folder of CSV files': { name: 'folder', open: openCsvSink },
  'an NDJSON file': { name: 'a.ndjson', open: openNdjsonSink },
  'a compressed NDJSON file': { name: 'a.ndjson.gz', open: openNdjsonSink },
}

function bytesAt(path: string): Record<string, string> {
  if (!statSync(path).isDirectory()) return { '': readFileSync(path, 'base64') }
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(path, name)).isFile(),
  )
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(path, name), 'base64')]))
}

/** Writes batches by a sink of their own, as a run of a recorder does. */
async function run(open: () => Promise<Sink>, batches: readonly (readonly MarketEvent[])[]): Promise<number[]> {
  const sink = await open()
  const stored: number[] = []
  for (const batch of batches) stored.push((await sink.write(batch)).stored)
  await sink.close()
  return stored
}

const someTicks = fc
  .array(
    fc.record({
      minute: fc.integer({ min: 0, max: 59 }),
      second: fc.integer({ min: 0, max: 3 }),
      seq: fc.integer({ min: 0, max: 2 }),
      price: fc.integer({ min: 1, max: 3 }),
      symbol: fc.constantFrom('00700.HK', '00005.HK'),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((rows) =>
    rows.map(({ minute, second, seq, price, symbol }): Tick => {
      const time = `10:${String(minute).padStart(2, '0')}:0${second}`
      return { ...tick(time, price), seq, symbol }
    }),
  )

describe.each(Object.entries(KINDS))('%s', (_, { name, open }) => {
  const fresh = (): string => join(dir, `${++files}-${name}`)

  test('is not changed by what it holds, in whatever pieces and order it comes again', async () => {
    await fc.assert(
      fc.asyncProperty(someTicks, fc.integer({ min: 1, max: 7 }), async (ticks, size) => {
        const path = fresh()
        const first = await run(() => open(path), [ticks])
        const written = bytesAt(path)
        const pieces = Array.from({ length: Math.ceil(ticks.length / size) }, (_, i) =>
          ticks.slice(i * size, (i + 1) * size),
        )
        expect(await run(() => open(path), pieces)).toEqual(pieces.map(() => 0))
        expect(await run(() => open(path), pieces.reverse())).toEqual(pieces.map(() => 0))
        expect(bytesAt(path)).toEqual(written)
        expect(first[0]).toBeGreaterThan(0)
      }),
      { numRuns: 25 },
    )
  })

  test('knows each of two trades of one old number again, whichever comes first', async () => {
    const path = fresh()
    const both = [tick('10:33', 1), tick('10:33', 2)]
    expect(await run(() => open(path), [[...both, tick('10:44', 1), tick('10:54', 1)]])).toEqual([4])
    expect(await run(() => open(path), [[both[1]!], [both[0]!]])).toEqual([0, 0])
  })

  test('takes what it lacks: later, earlier, and another trade under the same number', async () => {
    const path = fresh()
    await run(() => open(path), [[tick('10:00', 1), tick('11:00', 2)]])
    const more = [tick('11:00', 2), tick('11:01', 3), tick('09:31', 4), tick('10:00', 5), tick('10:00', 1)]
    expect(await run(() => open(path), [more])).toEqual([3])
    expect(await run(() => open(path), [more])).toEqual([0])
  })

  test('holds a trade once that a vendor gives again after hours', async () => {
    const path = fresh()
    const quiet = { ...tick('10:00', 1), symbol: '00005.HK' }
    await run(() => open(path), [[quiet, tick('10:00', 1), tick('15:00', 2)]])
    expect(await run(() => open(path), [[quiet, tick('15:01', 3)]])).toEqual([1])
  })
})

describe.each([
  ['a CSV file', 'torn.csv', openCsvSink, readCsv],
  ['an NDJSON file', 'torn.ndjson', openNdjsonSink, readNdjson],
] as const)('%s that a crash has torn', (_, name, open, read) => {
  const ticks = ['10:00', '10:01', '10:02'].map((time, i) => tick(time, 321.2 + i))
  const held = async (path: string): Promise<MarketEvent[]> => {
    const events: MarketEvent[] = []
    for await (const batch of await read(path, { sessions: new Sessions() })) events.push(...batch)
    return events
  }
  const isTick = ({ type }: MarketEvent): boolean => type === 'tick'

  test('at any byte of its last line holds no trade that was not, and each one once when they are written again', async () => {
    const path = join(dir, name)
    await run(() => open(path), [ticks])
    const whole = readFileSync(path)
    const written = await held(path)
    const lastLine = whole.lastIndexOf('\n', whole.length - 2) + 1
    for (let end = lastLine; end < whole.length; end++) {
      writeFileSync(path, whole.subarray(0, end))
      expect(written).toEqual(expect.arrayContaining((await held(path)).filter(isTick)))
      await run(() => open(path), [ticks])
      const events = await held(path)
      expect(events.filter(isTick)).toEqual(written)
      expect(events.length).toBeLessThanOrEqual(written.length + 1)
    }
  })
})

describe('the memory of a file', () => {
  test('reads the file once for a recording that goes on, and once more for older records', async () => {
    let readings = 0
    const held = async function* (): AsyncGenerator<readonly MarketEvent[]> {
      readings++
      yield [tick('10:00', 1), gap('10:00', '10:01'), tick('15:00', 2)]
    }
    const memory = new FileMemory(async () => held())
    expect(await memory.fresh([tick('15:00', 2), tick('15:00', 3)])).toHaveLength(1)
    expect(await memory.fresh([tick('15:02', 2)])).toHaveLength(1)
    expect(readings).toBe(1)
    expect(await memory.fresh([gap('10:00', '10:01'), tick('10:02', 2)])).toEqual([tick('10:02', 2)])
    expect(await memory.fresh([tick('10:02', 2), tick('15:02', 2)])).toEqual([])
    expect(readings).toBe(2)
  })
})

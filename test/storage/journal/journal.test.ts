import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { MarketEvent } from '../../../src/core/market/event.ts'
import { piecesOf, recordOf } from '../../../src/core/storage/journal/frame.ts'
import { Journal } from '../../../src/core/storage/journal/journal.ts'
import { decode, encode } from '../../../src/core/storage/journal/payload.ts'
import { anyEvent } from '../records.ts'
import { tick } from '../sample.ts'

const payloads = fc.array(
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => Buffer.from(text)),
  { maxLength: 12 },
)

const segmentOf = (list: readonly Buffer[]): Buffer => Buffer.concat(list.map(recordOf))

/** The payloads of a segment and the bytes of it that could not be read. */
function read(segment: Buffer): { found: string[]; damaged: number } {
  const pieces = [...piecesOf(segment, 0)]
  return {
    found: pieces.flatMap(({ payload }) => (payload === null ? [] : [payload.toString('hex')])),
    damaged: pieces.reduce((sum, piece) => sum + piece.damaged, 0),
  }
}

const hex = (list: readonly Buffer[]): string[] => list.map((payload) => payload.toString('hex'))

describe('a segment', () => {
  it('gives back what was put in', () => {
    fc.assert(
      fc.property(payloads, (list) => {
        expect(read(segmentOf(list))).toEqual({ found: hex(list), damaged: 0 })
      }),
    )
  })

  it('cut anywhere gives all that is whole, and tells the torn rest', () => {
    fc.assert(
      fc.property(payloads, fc.nat(), (list, cut) => {
        const whole = segmentOf(list)
        const length = cut % (whole.length + 1)
        const ends = list.map((_, i) => segmentOf(list.slice(0, i + 1)).length)
        const kept = ends.filter((end) => end <= length).length
        const damaged = length - (kept > 0 ? ends[kept - 1]! : 0)
        expect(read(whole.subarray(0, length))).toEqual({ found: hex(list.slice(0, kept)), damaged })
      }),
      { numRuns: 500 },
    )
  })

  it('with any bit flipped gives every payload but the one it hit, and tells the damage', () => {
    fc.assert(
      fc.property(payloads, fc.nat(), fc.nat(7), (list, where, bit) => {
        fc.pre(list.length > 0)
        const segment = segmentOf(list)
        const at = where % segment.length
        segment[at]! ^= 1 << bit
        const hit = list.findIndex((_, i) => at < segmentOf(list.slice(0, i + 1)).length)
        const { found, damaged } = read(segment)
        expect(found).toEqual(hex(list.filter((_, i) => i !== hit)))
        expect(damaged).toBe(recordOf(list[hit]!).length)
      }),
      { numRuns: 500 },
    )
  })
})

describe('a payload', () => {
  it('holds every field of every event exactly', () => {
    const coverage = fc.record({
      type: fc.constant('coverage' as const),
      source: fc.string(),
      symbol: fc.constant(null),
      symbols: fc.array(fc.string()),
      timestamp: fc.integer(),
    })
    fc.assert(
      fc.property(fc.array(fc.oneof(anyEvent, coverage)), (events) => {
        expect(decode(encode(events))).toEqual(events)
      }),
    )
  })
})

function folder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'hkq-journal-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

const open = (directory: string, more: Partial<ConstructorParameters<typeof Journal>[1]> = {}): Journal =>
  new Journal(directory, { maxBytes: 2 ** 24, durability: 'process', now: () => 5, segmentBytes: 2_000, ...more })

/** Everything that waits, delivered. */
function drained(journal: Journal): MarketEvent[] {
  const events: MarketEvent[] = []
  for (let entry = journal.head(); entry !== null; entry = journal.head()) {
    events.push(...entry.events)
    journal.delivered()
  }
  return events
}

describe('a journal', () => {
  it('is a queue, whatever is put in and taken out in turn, and closed and opened between', () => {
    const step = fc.oneof(
      fc.record({ put: fc.integer({ min: 1, max: 5 }) }),
      fc.constant('take' as const),
      fc.constant('look' as const),
      fc.constant('reopen' as const),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const directory = mkdtempSync(join(tmpdir(), 'hkq-journal-'))
        let journal = open(directory)
        const model: MarketEvent[][] = []
        let seq = 0
        for (const each of steps) {
          if (each === 'reopen') {
            journal.close()
            journal = open(directory)
          } else if (each === 'look' || each === 'take') {
            expect(journal.head()?.events ?? null).toEqual(model[0] ?? null)
            if (each === 'look') continue
            journal.delivered()
            model.shift()
          } else {
            const events = Array.from({ length: each.put }, () => tick({ seq: seq++ }))
            journal.append(events)
            model.push(events)
          }
          expect(journal.head() === null).toBe(model.length === 0)
        }
        expect(drained(journal)).toEqual(model.flat())
        expect([journal.pending, journal.bytes]).toEqual([false, 0])
        journal.close()
        expect(readdirSync(directory)).toEqual(['appended', 'delivered'])
        rmSync(directory, { recursive: true })
      }),
      { numRuns: 100 },
    )
  })

  it('refuses what goes beyond its bound, as a full disk does, and takes more once some was delivered', () => {
    const journal = open(folder(), { maxBytes: 5_000 })
    let kept = 0
    const fill = (): void => {
      for (;;) {
        journal.append([tick({ seq: kept })])
        kept++
      }
    }
    expect(fill).toThrow(
      expect.objectContaining({ code: 'E_STORAGE', cause: expect.objectContaining({ code: 'ENOSPC' }) }),
    )
    expect(journal.bytes).toBeLessThanOrEqual(5_000)
    const before = kept
    while (journal.bytes > 3_000) {
      journal.head()
      journal.delivered()
    }
    expect(fill).toThrow('is full')
    expect(kept).toBeGreaterThan(before)
    journal.close()
  })

  it.each([
    ['with its directory', (directory: string) => rmSync(directory, { recursive: true })],
    [
      'by its segment',
      (directory: string) => void readdirSync(directory).forEach((name) => void rmSync(join(directory, name))),
    ],
  ])('that is removed while it is in use, %s, takes nothing more and promises nothing', (_, remove) => {
    const directory = join(mkdtempSync(join(tmpdir(), 'hkq-journal-')), 'journal')
    onTestFinished(() => rmSync(join(directory, '..'), { recursive: true }))
    const journal = new Journal(directory, { maxBytes: 10_000, durability: 'process', now: () => 0 })
    journal.append([tick({ seq: 1 })])
    remove(directory)
    expect(() => journal.append([tick({ seq: 2 })])).toThrow(/cannot be used \(what waited in it was removed\)/)
    expect([journal.pending, journal.bytes]).toEqual([false, 0])
    journal.close()
  })

  it('delivers again from the segment on when its mark is damaged, and leaves nothing out', () => {
    const directory = folder()
    const journal = open(directory)
    const all = Array.from({ length: 4 }, (_, seq) => tick({ seq }))
    for (const each of all) journal.append([each])
    journal.head()
    journal.delivered()
    journal.close()
    const mark = join(directory, 'delivered')
    expect(readFileSync(mark)).toHaveLength(12)
    writeFileSync(mark, readFileSync(mark).subarray(0, 7))
    const again = open(directory)
    expect(drained(again)).toEqual(all)
    again.close()
  })

  it('forgets segments that were delivered and came back', () => {
    const directory = folder()
    const journal = open(directory)
    journal.append([tick({ seq: 1 })])
    const [name] = readdirSync(directory).filter((each) => each.endsWith('.journal'))
    const bytes = readFileSync(join(directory, name!))
    drained(journal)
    journal.append([tick({ seq: 2 })])
    drained(journal)
    journal.close()
    writeFileSync(join(directory, name!), bytes)
    const again = open(directory)
    expect(again.head()).toBeNull()
    again.append([tick({ seq: 3 })])
    expect(drained(again)).toEqual([tick({ seq: 3 })])
    again.close()
  })

  it('tells of whole records that are missing at its end', () => {
    const directory = folder()
    const journal = open(directory)
    journal.append([tick({ seq: 1 })])
    const length = journal.bytes
    journal.append([tick({ seq: 2 })])
    const missing = journal.bytes - length
    journal.close()
    truncateSync(join(directory, readdirSync(directory).find((name) => name.endsWith('.journal'))!), length)
    const again = open(directory)
    expect(again.head()).toMatchObject({ events: [tick({ seq: 1 })], damaged: 0 })
    again.delivered()
    expect(again.head()).toMatchObject({ events: [], damaged: missing })
    again.delivered()
    expect(again.head()).toBeNull()
    again.close()
  })

  it('tells of a torn tail, and what comes after it is in a segment of its own', () => {
    const directory = folder()
    const journal = open(directory)
    for (const seq of [1, 2, 3]) journal.append([tick({ seq })])
    journal.close()
    const [name] = readdirSync(directory).filter((each) => each.endsWith('.journal'))
    truncateSync(join(directory, name!), readFileSync(join(directory, name!)).length - 5)
    const again = open(directory, { now: () => 9 })
    again.append([tick({ seq: 4 })])
    const entries = []
    for (let entry = again.head(); entry !== null; entry = again.head()) {
      entries.push([entry.events, entry.damaged > 0, entry.written])
      again.delivered()
    }
    again.close()
    expect(entries).toEqual([
      [[tick({ seq: 1 })], false, [5, 9]],
      [[tick({ seq: 2 })], false, [5, 9]],
      [[], true, [5, 9]],
      [[tick({ seq: 4 })], false, [9, 9]],
    ])
  })
})

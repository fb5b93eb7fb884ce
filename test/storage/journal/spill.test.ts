import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openJournaled } from '../../../src/core/address/open-journaled.ts'
import { HkqError } from '../../../src/core/errors.ts'
import type { MarketEvent } from '../../../src/core/market/event.ts'
import type { Sink } from '../../../src/core/pipeline/source.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { canMount, smallDisk } from '../../support/small-disk.ts'
import { at, tick } from '../sample.ts'

/** How a server takes one request: well; not at all; or it stores, and the answer is lost. */
type Mood = 'up' | 'down' | 'unanswered'

/** A server with a connection to it; its moods follow each other, and stay with the last. */
class Server {
  readonly stored: MarketEvent[] = []
  moods: Mood[]
  refusal: Error | undefined
  #last: Mood = 'up'

  constructor(moods: readonly Mood[] = []) {
    this.moods = [...moods]
  }

  /** What is stored, each once, as a store with identities has it. */
  get distinct(): MarketEvent[] {
    const keys = this.stored.map((event) => JSON.stringify(event))
    return this.stored.filter((_, i) => keys.indexOf(keys[i]!) === i)
  }

  readonly open = async (): Promise<Sink> => {
    if (this.#mood() === 'down') throw new HkqError('E_NETWORK', 'no answer')
    return {
      write: async (batch) => {
        if (this.refusal) throw this.refusal
        const mood = this.#mood()
        if (mood !== 'down') this.stored.push(...batch)
        if (mood !== 'up') throw new HkqError('E_NETWORK', 'connection lost')
        return { stored: batch.length, duplicates: 0 }
      },
      close: async () => {},
    }
  }

  #mood(): Mood {
    this.#last = this.moods.shift() ?? this.#last
    return this.#last
  }
}

function folder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'hkq-spill-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

function setting(server: Server, directory = folder(), start = '10:00:00.000') {
  const clock = new ManualClock(at(start))
  const lines: string[] = []
  const isAway = (error: unknown): boolean => error instanceof HkqError && error.code === 'E_NETWORK'
  const open = (maxBytes?: number): Promise<Sink> =>
    openJournaled(
      { name: 'db', open: server.open, isAway, directory, ...(maxBytes && { maxBytes }) },
      { clock, now: () => clock.now(), tell: (line) => lines.push(line) },
    )
  return { clock, lines, open, directory }
}

const numbered = (count: number, from = 0): MarketEvent[] =>
  Array.from({ length: count }, (_, i) => tick({ seq: from + i, timestamp: at('10:00:00.000') + from + i }))

describe('a sink that may go away', () => {
  it('gets its events directly while it is there, and nothing is left on disk', async () => {
    const server = new Server()
    const { open, directory, lines } = setting(server)
    const sink = await open()
    expect(await sink.write(numbered(3))).toEqual({ stored: 3, duplicates: 0 })
    await sink.close()
    expect([server.stored, lines]).toEqual([numbered(3), []])
    expect(readdirSync(directory).filter((name) => name.endsWith('.journal'))).toEqual([])
  })

  it('gets what waited once it is back, in order and before anything new, and both are told', async () => {
    const server = new Server(['up', 'up', 'down'])
    const { open, clock, lines } = setting(server)
    const sink = await open()
    const all = numbered(10)
    for (const each of all.slice(0, 8)) await sink.write([each])
    expect(server.stored).toEqual(all.slice(0, 1))
    server.moods = ['up']
    await sink.write([all[8]!])
    await clock.advance(60_000)
    await sink.write([all[9]!])
    expect(server.stored).toEqual(all)
    expect(lines).toEqual([
      '"db" is away (connection lost): events wait on disk until it is back',
      '"db" is back and has everything that waited',
    ])
    await sink.close()
  })

  it('may be away from the start, and for a whole run: the next one delivers first', async () => {
    const server = new Server(['down'])
    const first = setting(server)
    const sink = await first.open()
    await sink.write(numbered(5))
    await sink.close()
    expect(first.lines.at(-1)).toMatch(/^\d+\.\d MB wait for "db" on disk: the next run delivers them$/)
    server.moods = ['up']
    const second = setting(server, first.directory)
    const again = await second.open()
    await again.write(numbered(5, 5))
    await second.clock.advance(1_000)
    await again.close()
    expect(server.stored).toEqual(numbered(10))
  })

  it('has exactly what was sent, in order, whatever becomes of it, and however often the program ends', async () => {
    const mood = fc.constantFrom<Mood>('up', 'down', 'unanswered')
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ write: fc.integer({ min: 1, max: 4 }) }) },
      { weight: 2, arbitrary: fc.record({ wait: fc.integer({ min: 1, max: 40_000 }) }) },
      { weight: 1, arbitrary: fc.constant('restart' as const) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(mood, { maxLength: 30 }), fc.array(step, { maxLength: 30 }), async (moods, steps) => {
        const directory = mkdtempSync(join(tmpdir(), 'hkq-spill-'))
        const server = new Server([...moods, 'up'])
        const { open, clock } = setting(server, directory)
        let sink = await open()
        let sent = 0
        for (const each of steps) {
          if (each === 'restart') {
            await sink.close()
            sink = await open()
          } else if ('wait' in each) await clock.advance(each.wait)
          else {
            await sink.write(numbered(each.write, sent))
            sent += each.write
          }
        }
        await clock.advance(3_600_000)
        await sink.close()
        expect(server.distinct).toEqual(numbered(sent))
        if (!moods.includes('unanswered')) expect(server.stored, 'nothing twice').toEqual(numbered(sent))
        rmSync(directory, { recursive: true })
      }),
      { numRuns: 60 },
    )
  })

  it('is told by a gap what damage took, wherever it hit, and gets all the rest in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.oneof(fc.record({ flip: fc.nat(7) }), fc.constant('cut' as const)),
        async (where, damage) => {
          const directory = mkdtempSync(join(tmpdir(), 'hkq-spill-'))
          const server = new Server(['down'])
          const first = setting(server, directory)
          const sink = await first.open()
          for (const event of numbered(6)) await sink.write([event])
          await sink.close()
          // the first batch is in a segment of its own, since it was read at once; only the last one can end early
          const segments = readdirSync(directory).filter((name) => name.endsWith('.journal'))
          expect(segments).toHaveLength(2)
          const file = join(directory, segments[damage === 'cut' ? 1 : where % 2]!)
          const bytes = readFileSync(file)
          const place = where % bytes.length
          if (damage === 'cut') truncateSync(file, place)
          else {
            bytes[place]! ^= 1 << damage.flip
            writeFileSync(file, bytes)
          }
          server.moods = ['up']
          const second = setting(server, directory, '10:05:00.000')
          const again = await second.open()
          await again.write(numbered(1, 6))
          await second.clock.advance(1_000)
          await again.close()

          const ticks = server.stored.filter(({ type }) => type === 'tick')
          const gaps = server.stored.filter((event) => event.type === 'gap')
          const isKept = (event: MarketEvent): boolean =>
            ticks.some((each) => JSON.stringify(each) === JSON.stringify(event))
          const lost = numbered(7).filter((event) => !isKept(event))
          expect(ticks, 'in order, none twice').toEqual(numbered(7).filter(isKept))
          expect(lost.length).toBeGreaterThan(0)
          if (damage !== 'cut') expect(lost.length).toBe(1)
          expect(gaps).toEqual([expect.objectContaining({ cause: 'overflow', symbol: null })])
          for (const { timestamp } of lost as { timestamp: number }[]) {
            expect(gaps[0]!.from).toBeLessThanOrEqual(timestamp)
            expect(gaps[0]!.to).toBeGreaterThanOrEqual(timestamp)
          }
          expect(second.lines.join()).toMatch(/\d+ bytes that waited for "db" are damaged: a gap of cause overflow/)
          rmSync(directory, { recursive: true })
        },
      ),
      { numRuns: 60 },
    )
  })

  const heardTo = (time: string): MarketEvent => {
    return { type: 'coverage', source: 'alltick', symbol: null, symbols: ['00700.HK'], timestamp: at(time) }
  }
  it.each<[string, MarketEvent[], MarketEvent, MarketEvent[]]>([
    [
      'between coverage, which lies before what it covers',
      [tick({ timestamp: at('10:00:00.004') })],
      tick({ timestamp: at('10:00:00.005'), seq: 2 }),
      [heardTo('09:59:58.005'), tick({ timestamp: at('10:00:01.000'), seq: 3 })],
    ],
    [
      'between trades of a time that is doubtful',
      [tick({ timestamp: at('15:00:00.000'), flags: ['suspect_time'] })],
      tick({ timestamp: at('10:00:00.005'), seq: 2 }),
      [
        tick({ timestamp: at('09:00:00.000'), seq: 3, flags: ['suspect_time'] }),
        tick({ timestamp: at('10:00:01.000') }),
      ],
    ],
    [
      'that was traded before what had come, as vendors tell trades',
      [tick({ timestamp: at('10:00:00.900') })],
      tick({ timestamp: at('10:00:00.100'), symbol: '00005.HK' }),
      [tick({ timestamp: at('10:00:01.000'), seq: 3 })],
    ],
  ])('is told by a gap what damage took %s', async (_, before, lost, after) => {
    const server = new Server(['down'])
    const { open, directory } = setting(server)
    const sink = await open()
    for (const batch of [[heardTo('09:59:50.000')], before, [lost], after]) await sink.write(batch)
    await sink.close()
    const segment = readdirSync(directory).filter((name) => name.endsWith('.journal'))[1]!
    const bytes = readFileSync(join(directory, segment))
    bytes[bytes.indexOf(JSON.stringify(lost))]! ^= 1
    writeFileSync(join(directory, segment), bytes)
    server.moods = ['up']
    const second = setting(server, directory, '10:05:00.000')
    const again = await second.open()
    await second.clock.advance(1_000)
    await again.close()
    expect(server.stored).not.toContainEqual(lost)
    const gaps = server.stored.filter((event) => event.type === 'gap')
    expect(gaps).toEqual([expect.objectContaining({ cause: 'overflow', symbol: null })])
    const { timestamp } = lost as { timestamp: number }
    expect(gaps[0]!.from).toBeLessThanOrEqual(timestamp)
    expect(gaps[0]!.to).toBeGreaterThanOrEqual(timestamp)
    expect(gaps[0]!.to - gaps[0]!.from, 'no wider than that').toBeLessThan(6_000)
  })

  it('that stays away until the disk may take no more stops the writing, and lets it go on when it is back', async () => {
    const server = new Server(['down'])
    const { open, clock, lines } = setting(server)
    const sink = await open(20_000)
    let written = 0
    const writing = (async () => {
      for (; written < 100; written++) await sink.write(numbered(1, written))
    })()
    await clock.advance(10_000)
    expect(written).toBeLessThan(60)
    expect(lines.at(-1)).toMatch(
      /^the journal ".*" is full \(0 MB\): nothing is stored until that passes; trying again/,
    )
    server.moods = ['up']
    await clock.advance(40_000)
    await writing
    await clock.advance(1_000)
    await sink.close()
    expect(server.stored).toEqual(numbered(100))
  })

  it('that stays away for longer ends the writing with 6, and what was taken waits for the next run', async () => {
    const server = new Server(['down'])
    const { open, clock, directory } = setting(server)
    const sink = await open(20_000)
    let written = 0
    const writing = (async () => {
      for (; written < 100; written++) await sink.write(numbered(1, written))
    })()
    const outcome = expect(writing).rejects.toMatchObject({
      code: 'E_STORAGE',
      message: expect.stringMatching(/is full.*still so after 60 s; 1 ticks or more from 10:00:00 on are not stored/),
    })
    await clock.advance(70_000)
    await outcome
    await sink.close()
    server.moods = ['up']
    const second = setting(server, directory)
    const again = await second.open()
    await second.clock.advance(1_000)
    await again.close()
    expect(server.stored).toEqual(numbered(written))
  })

  it.skipIf(!canMount)('that is away while the disk is full too gets everything in the end, each once', async () => {
    const server = new Server(['down'])
    const disk = smallDisk(folder(), 1)
    const { open, clock, lines } = setting(server, join(disk, 'journal'))
    const sink = await open()
    await sink.write(numbered(1))
    const ballast = join(disk, 'ballast')
    writeFileSync(ballast, Buffer.alloc(2 ** 20 - 60_000))
    let written = 1
    const writing = (async () => {
      for (; written < 300; written += 10) await sink.write(numbered(10, written))
    })()
    await clock.advance(5_000)
    expect(written).toBeLessThan(290)
    expect(readdirSync(join(disk, 'journal')).filter((name) => name.endsWith('.journal')).length).toBeLessThan(4)
    expect(lines.at(-1)).toMatch(/^the journal ".*" cannot be used \(ENOSPC.*nothing is stored until that passes/)
    rmSync(ballast)
    await clock.advance(5_000)
    await writing
    server.moods = ['up']
    await clock.advance(60_000)
    await sink.close()
    expect(server.stored).toEqual(numbered(301))
  })

  it('whose journal is removed fails the next write, and is not said to be back', async () => {
    const server = new Server(['down'])
    const { open, clock, directory, lines } = setting(server)
    const sink = await open()
    await sink.write(numbered(2))
    rmSync(directory, { recursive: true })
    await expect(sink.write(numbered(1, 2))).rejects.toMatchObject({ code: 'E_STORAGE' })
    await clock.advance(60_000)
    await sink.close()
    expect(lines).toEqual([expect.stringMatching(/is away/)])
  })

  it('whose journal is removed before the end is told of, since nothing waits any more', async () => {
    const { open, directory, lines } = setting(new Server(['down']))
    const sink = await open()
    await sink.write(numbered(2))
    rmSync(directory, { recursive: true })
    await sink.close()
    expect(lines.slice(1)).toEqual(['what waited for "db" on disk was removed: it is lost'])
  })

  it('that refuses what waits fails the next write, and keeps it on disk', async () => {
    const server = new Server(['up', 'down'])
    const { open, clock, directory } = setting(server)
    const sink = await open()
    await sink.write(numbered(2))
    server.moods = ['up']
    server.refusal = new HkqError('E_STORAGE', 'no such table')
    await clock.advance(60_000)
    await expect(sink.write(numbered(1, 2))).rejects.toThrow('no such table')
    await expect(sink.close()).rejects.toThrow('no such table')
    expect(readdirSync(directory).filter((name) => name.endsWith('.journal'))).toHaveLength(1)
  })

  it('that cannot be opened for another reason is not waited for', async () => {
    const { clock, directory } = setting(new Server())
    const open = async (): Promise<Sink> => {
      throw new HkqError('E_TOKEN', 'wrong password')
    }
    const journaled = { name: 'db', open, isAway: () => false, directory }
    await expect(openJournaled(journaled, { clock })).rejects.toThrow('wrong password')
    await expect(openJournaled(journaled, { clock }), 'its journal is free again').rejects.toThrow('wrong password')
  })

  it('has its journal alone', async () => {
    const { open } = setting(new Server())
    const sink = await open()
    await expect(open()).rejects.toMatchObject({ code: 'E_LOCKED' })
    await sink.close()
  })
})

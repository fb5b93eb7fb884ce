import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Clock } from '../../src/core/clock.ts'
import { Capture, type CaptureOptions } from '../../src/core/connection/capture.ts'
import { openRaw, type RawOptions } from '../../src/core/connection/raw.ts'
import { alltick } from '../../src/core/connection/vendors/alltick.ts'
import { tutorial } from '../../src/core/connection/vendors/tutorial.ts'
import type { MarketEvent } from '../../src/core/market/event.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { parseTime } from '../../src/core/market/time.ts'
import { CANARY, tracesIn } from '../support/canary.ts'

const sessions = new Sessions()
const TOKEN = CANARY
const NOON = parseTime('2026-06-23T11:00')
let dir: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hkq-capture-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** A clock whose sleepers wake when told to. */
function manualClock(start = NOON): Clock & { wake(): Promise<void>; time: number } {
  let sleepers: (() => void)[] = []
  const clock = {
    time: start,
    now: () => clock.time,
    monotonic: () => clock.time,
    sleep: (_ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        sleepers.push(resolve)
        signal?.addEventListener('abort', () => resolve())
      }),
    wake: async () => {
      const woken = sleepers
      sleepers = []
      for (const wake of woken) wake()
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
  return clock
}

const options = (more: Partial<CaptureOptions> = {}): CaptureOptions => ({
  clock: manualClock(),
  id: 4711,
  onFailure: (error) => {
    throw error
  },
  ...more,
})

const trade = (seq: number, time: number, code = '700.HK'): string =>
  JSON.stringify({
    cmd_id: 22998,
    data: { code, seq, tick_time: time, price: '513.5', volume: '100', turnover: '51350', trade_direction: 1 },
  })
const book = (time: number): string =>
  JSON.stringify({
    cmd_id: 22999,
    data: {
      code: '700.HK',
      seq: 1,
      tick_time: time,
      bids: [{ price: '513', volume: '100' }],
      asks: [{ price: '514', volume: '100' }],
    },
  })

async function events(more: Partial<RawOptions> = {}): Promise<MarketEvent[]> {
  const all: MarketEvent[] = []
  for await (const batch of openRaw(dir, { sessions, ...more })) {
    expect(batch.length).toBeGreaterThan(0)
    all.push(...batch)
  }
  return all
}

const content = (): string =>
  readdirSync(dir)
    .map((name) => gunzipSync(readFileSync(join(dir, name))).toString())
    .join('')

describe('a raw capture', () => {
  it('decodes to the very events that were received, with their receive times', async () => {
    const capture = new Capture(dir, alltick({ token: TOKEN }), options())
    const received: MarketEvent[] = []
    const decoder = capture.vendor.openDecoder({ sessions, depth: 5 })
    const frames = [book(NOON), trade(1, NOON + 1), 'garbage', trade(2, NOON + 1), '{"cmd_id":1,"data":{}}']
    frames.forEach((frame, i) => {
      decoder.decode(Buffer.from(frame), NOON + 50 + i, received)
    })
    expect(decoder.unknown).toBe(1)
    capture.close()
    expect(received.map(({ type }) => type)).toEqual(['quote', 'tick', 'rejected', 'tick'])
    expect(await events()).toEqual(received)
  })

  it('keeps bytes that are no text', async () => {
    const capture = new Capture(dir, alltick(), options())
    const received: MarketEvent[] = []
    const decoder = capture.vendor.openDecoder({ sessions, depth: 0 })
    decoder.decode(Buffer.from([0xff, 0xfe, 0x00, 0x80]), NOON, received)
    capture.close()
    expect(content()).toContain('"base64":"//4AgA=="')
    expect(await events()).toEqual(received)
  })

  it('never holds the token', () => {
    const capture = new Capture(dir, alltick({ token: TOKEN }), options())
    const decoder = capture.vendor.openDecoder({ sessions, depth: 0 })
    decoder.decode(Buffer.from(JSON.stringify({ ret: 401, msg: `token ${TOKEN} invalid` })), NOON, [])
    decoder.decode(Buffer.concat([Buffer.from([0xff]), Buffer.from(`token ${TOKEN}`)]), NOON, [])
    capture.close()
    expect(content()).toContain('token *** invalid')
    expect(content()).toContain(Buffer.concat([Buffer.from([0xff]), Buffer.from('token ***')]).toString('base64'))
    expect(tracesIn(dir)).toEqual([])
  })

  it('starts a fresh decoder where a connection began: no old book, ordinals from 0', async () => {
    const vendors = { alltick: [book(NOON), trade(1, NOON + 1)], tutorial: [tutorialTrade, tutorialTrade] }
    const made = { alltick: alltick(), tutorial: tutorial() }
    const received: MarketEvent[] = []
    for (const name of ['alltick', 'tutorial'] as const) {
      const capture = new Capture(dir, made[name], options({ id: name.length }))
      for (let connection = 0; connection < 2; connection++) {
        const decoder = capture.vendor.openDecoder({ sessions, depth: 0 })
        for (const frame of connection === 0 ? vendors[name] : vendors[name].slice(1)) {
          decoder.decode(Buffer.from(frame), NOON, received)
        }
      }
      capture.close()
    }
    const seqs = (all: MarketEvent[]): unknown[] => all.map((event) => 'seq' in event && [event.source, event.seq])
    expect(seqs(received)).toEqual([
      ['alltick', 1],
      ['alltick', 1],
      ['tutorial', 0],
      ['tutorial', 1],
      ['tutorial', 0],
    ])
    expect(await events()).toEqual(received)
  })

  it('starts another file with the Hong Kong day and carries the connection over', async () => {
    const midnight = parseTime('2026-06-24T00:00')
    const capture = new Capture(dir, alltick(), options())
    const received: MarketEvent[] = []
    const decoder = capture.vendor.openDecoder({ sessions, depth: 0 })
    decoder.decode(Buffer.from(book(NOON)), midnight - 1, received)
    decoder.decode(Buffer.from(trade(1, NOON + 1)), midnight, received)
    capture.close()
    expect(readdirSync(dir).map((name) => name.slice(0, 18))).toEqual(['alltick-2026-06-23', 'alltick-2026-06-24'])
    expect(received[0]).toMatchObject({ bid_price: 513 })
    expect(await events()).toEqual(received)
  })

  it('is on disk within a second of the frame, without being closed', async () => {
    const clock = manualClock()
    const capture = new Capture(dir, alltick(), options({ clock }))
    const decoder = capture.vendor.openDecoder({ sessions, depth: 0 })
    decoder.decode(Buffer.from(trade(1, NOON)), NOON, [])
    expect(await events()).toHaveLength(0)
    await clock.wake()
    expect(await events()).toHaveLength(1)
    decoder.decode(Buffer.from(trade(2, NOON)), NOON, [])
    await clock.wake()
    expect(await events()).toHaveLength(2)
    capture.close()
  })

  it('holds at most 64 KiB of frames back', async () => {
    const capture = new Capture(dir, alltick(), options())
    const decoder = capture.vendor.openDecoder({ sessions, depth: 0 })
    for (let i = 0; i < 2_000; i++) decoder.decode(Buffer.from(trade(i, NOON)), NOON, [])
    expect((await events()).length).toBeGreaterThan(1_400)
    capture.close()
  })

  it('is readable up to the tear when the process died while writing', async () => {
    const clock = manualClock()
    const capture = new Capture(dir, alltick(), options({ clock }))
    const decoder = capture.vendor.openDecoder({ sessions, depth: 0 })
    for (let i = 0; i < 100; i++) {
      decoder.decode(Buffer.from(trade(i, NOON)), NOON, [])
      if (i === 49) await clock.wake()
    }
    capture.close()
    const path = join(dir, readdirSync(dir)[0]!)
    const whole = readFileSync(path)
    let most = 0
    for (let length = whole.length; length > 0; length -= 7) {
      truncateSync(path, length)
      const read = await events()
      const seqs = read.filter(({ type }) => type === 'tick').map((event) => (event as { seq: number }).seq)
      expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, i) => i))
      if (length === whole.length) most = seqs.length
    }
    expect(most).toBe(100)
    const firstMember = whole.indexOf(Buffer.from([0x1f, 0x8b]), 2)
    writeFileSync(path, whole.subarray(0, firstMember + 20))
    expect((await events()).filter(({ type }) => type === 'tick')).toHaveLength(50)
  })

  it('warns of a damaged file and goes on with the next one', async () => {
    writeFileSync(
      join(dir, 'alltick-2026-06-22-1-1.ndjson.gz'),
      Buffer.concat([gzipSync('{}\n').subarray(0, 12), Buffer.alloc(99, 7)]),
    )
    const capture = new Capture(dir, alltick(), options())
    capture.vendor.openDecoder({ sessions, depth: 0 }).decode(Buffer.from(trade(1, NOON)), NOON, [])
    capture.close()
    expect((await events()).map((event) => [event.type, 'state' in event && event.state])).toEqual([
      ['status', 'warning'],
      ['tick', false],
    ])
  })

  it('marks the hole where a connection was lost in trading hours, not over lunch nor where the ticks overlap', async () => {
    const clock = manualClock()
    const capture = new Capture(dir, alltick(), options({ clock }))
    const connection = (at: string, ...trades: [seq: number, time: string][]): void => {
      clock.time = parseTime(`2026-06-23T${at}`)
      const decoder = capture.vendor.openDecoder({ sessions, depth: 0 })
      for (const [seq, time] of trades) {
        const at = parseTime(`2026-06-23T${time}`)
        decoder.decode(Buffer.from(trade(seq, at)), at, [])
      }
    }
    connection('10:00', [1, '10:00:01'], [2, '10:00:02'])
    connection('10:05', [3, '10:05:01'])
    connection('10:06', [3, '10:05:01'], [4, '10:06:02'], [5, '12:20:00'])
    connection('12:30', [6, '13:00:01'])
    capture.close()
    const gaps = (await events()).filter(({ type }) => type === 'gap')
    const [from, to] = [parseTime('2026-06-23T10:00:02'), parseTime('2026-06-23T10:05:01')]
    expect(gaps).toMatchObject([{ symbol: '00700.HK', source: 'alltick', from, to, cause: 'disconnect' }])
  })

  it('filters by symbol and time', async () => {
    const capture = new Capture(dir, alltick(), options())
    const decoder = capture.vendor.openDecoder({ sessions, depth: 0 })
    for (let i = 0; i < 4; i++) decoder.decode(Buffer.from(trade(i, NOON + i, i % 2 ? '5.HK' : '700.HK')), NOON, [])
    capture.close()
    expect(await events({ symbols: ['00005.HK'] })).toMatchObject([{ seq: 1 }, { seq: 3 }])
    expect(await events({ since: NOON + 1, until: NOON + 3 })).toMatchObject([{ seq: 1 }, { seq: 2 }])
  })

  it('tells of a disk that refuses once, and lets the feed go on', () => {
    const file = join(dir, 'file')
    writeFileSync(file, '')
    expect(() => new Capture(join(file, 'x'), alltick(), options())).toThrow(/cannot write the raw capture to/)
    const failures: string[] = []
    const capture = new Capture(join(dir, 'gone'), alltick(), options({ onFailure: ({ code }) => failures.push(code) }))
    rmSync(join(dir, 'gone'), { recursive: true })
    const received: MarketEvent[] = []
    const decoder = capture.vendor.openDecoder({ sessions, depth: 0 })
    for (let i = 0; i < 3; i++) decoder.decode(Buffer.from(trade(i, NOON)), NOON, received)
    capture.close()
    expect(received).toHaveLength(3)
    expect(failures).toEqual(['E_STORAGE'])
  })

  it('refuses a folder without a capture', () => {
    expect(() => openRaw(dir, { sessions })).toThrow(/no raw capture in/)
    expect(() => openRaw(join(dir, 'nowhere'), { sessions })).toThrow(/no raw capture in/)
  })
})

const tutorialTrade = JSON.stringify({
  symbol: '00700.HK',
  timestamp: '2026-06-23 11:00:00',
  last_price: 5,
  volume: 100,
})

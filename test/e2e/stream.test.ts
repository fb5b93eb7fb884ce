import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { book, trade, wireServer } from '../support/alltick-wire.ts'
import { CANARY } from '../support/canary.ts'
import { finished, hkq, rows, start, workdir } from './hkq.ts'

type Row = { type: string; symbol: string; timestamp: string; bids?: unknown[]; state?: string; bid_price?: number }

const DAY = '2026-11-20'
const at = (time: string): number => Date.parse(`${DAY}T${time}+08:00`)

describe('hkq stream', () => {
  it('--count ends after so many ticks, whatever came with them', async () => {
    const { code, stdout, stderr } = await hkq(['stream', 'HSI', '700', '--from', 'sim:', '--count', '5'], {
      cwd: workdir(),
    })
    expect(rows<Row>(stdout).map(({ type }) => type)).toEqual(Array(5).fill('tick'))
    expect([code, stderr]).toEqual([0, ''])
  })

  it('--once gives one tick of each symbol in any spelling, each named once', async () => {
    const symbols = ['HSI', '700', '0700.HK', 'hk00005', 'HK.09988']
    const { code, stdout } = await hkq(['stream', ...symbols, '--from', 'sim:', '--once'], { cwd: workdir() })
    expect(
      rows<Row>(stdout)
        .map(({ symbol }) => symbol)
        .sort(),
    ).toEqual(['00005.HK', '00700.HK', '09988.HK', 'HSI'])
    expect(code).toBe(0)
  })

  it('--depth adds quotes of so many levels; without it they are only joined to trades', async () => {
    const cwd = workdir()
    const args = ['stream', '700', '--from', 'sim:?speed=max', '--count', '20']
    const plain = rows<Row>((await hkq(args, { cwd })).stdout)
    expect(plain.every(({ type }) => type === 'tick')).toBe(true)
    const deep = rows<Row>((await hkq([...args, '--depth', '3'], { cwd })).stdout)
    const quotes = deep.filter(({ type }) => type === 'quote')
    expect(quotes.length).toBeGreaterThan(0)
    expect(Math.max(...quotes.map(({ bids }) => bids!.length))).toBe(3)
    expect(deep.filter(({ type }) => type === 'tick')).toEqual(plain)
  })

  it('tells states and gaps on stderr, or with --events among the data', async () => {
    const connections = [
      [trade('700.HK', at('10:00:00.100'), 1, '600', 100)],
      [trade('700.HK', at('10:00:09.000'), 8, '601', 100)],
    ]
    const run = async (...more: string[]) => {
      const server = await wireServer({ frames: (n) => connections[n] })
      return hkq(['stream', '700', '--from', `alltick:?endpoint=${server.url}`, '--max-retries', '1', ...more], {
        cwd: workdir(),
        env: { HKQ_ALLTICK_TOKEN: CANARY },
      })
    }
    const [told, among] = await Promise.all([run('--count', '2'), run('--count', '2', '--events')])
    expect(told.stderr).toMatch(/alltick up: .*\n.*alltick lost: .*next try in .*\n.*alltick up: /)
    expect(told.stderr).toMatch(/gap alltick 00700\.HK .*10:00:00.*10:00:09 \(disconnect\)/)
    expect(rows<Row>(told.stdout).map(({ type }) => type)).toEqual(['tick', 'tick'])
    expect(among.stderr).toBe('')
    const seen = rows<Row>(among.stdout).map(({ type, state }) => state ?? type)
    expect(seen.filter((what) => ['tick', 'gap', 'up', 'lost'].includes(what))).toEqual([
      'up',
      'tick',
      'lost',
      'up',
      'gap',
      'tick',
    ])
  })

  it('-q keeps stderr empty, and joins the best quote to the trade that follows it', async () => {
    const server = await wireServer({
      frames: () => [
        book('700.HK', at('10:00:00.000'), 1, [['599.5', 300]], [['600', 400]]),
        trade('700.HK', at('10:00:00.100'), 2, '600', 100),
      ],
      closeWith: null,
    })
    const { stdout, stderr } = await hkq(
      ['stream', '700', '--from', `alltick:?endpoint=${server.url}`, '--count', '1', '-q'],
      { cwd: workdir(), env: { HKQ_ALLTICK_TOKEN: CANARY } },
    )
    expect(rows(stdout)).toMatchObject([{ bid_price: 599.5, ask_price: 600, spread: 0.5 }])
    expect(stderr).toBe('')
  })

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'is meant to be stopped: %s ends it with 0, its last line whole',
    async (signal) => {
      const child = start(['stream', '700', '--from', 'sim:'], { cwd: workdir() })
      const ended = finished(child)
      child.stdout?.once('data', () => child.kill(signal))
      const { code, stdout } = await ended
      expect(stdout.endsWith('\n')).toBe(true)
      expect(rows(stdout).length).toBeGreaterThan(0)
      expect(code).toBe(0)
    },
  )

  it('leaves at once on a second Ctrl-C, though nobody reads what it still holds', async () => {
    const child = start(['stream', '700', '--from', 'sim:?speed=max&days=0'], { cwd: workdir() })
    const ended = new Promise((done) => child.once('exit', done))
    child.stdout?.once('readable', () => {
      const pressing = setInterval(() => child.kill('SIGINT'), 100)
      child.once('exit', () => clearInterval(pressing))
    })
    expect(await ended).toBe(130)
  })

  it('whose market ends, ends with it', async () => {
    const { code, stdout } = await hkq(['stream', 'HSI', '--from', 'sim:?speed=max&rate=0.01'], { cwd: workdir() })
    expect(rows<Row>(stdout).at(-1)?.timestamp).toMatch(/T16:0/)
    expect(code).toBe(0)
  })
})

describe('analytics of a live source', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('are not meant to be stopped: %s is exit %i', async (signal, exit) => {
    const child = start(['resample', '700', '--from', 'sim:?speed=600', '--every', '1m'], { cwd: workdir() })
    const ended = finished(child)
    child.stdout?.once('data', () => child.kill(signal))
    const { code, stdout } = await ended
    expect(rows(stdout).length).toBeGreaterThan(0)
    expect(code).toBe(exit)
  })
})

describe('help', () => {
  it('hkq alone shows it with exit 0, naming every command', async () => {
    const { code, stdout, stderr } = await hkq([], { cwd: workdir() })
    for (const command of [
      'stream',
      'record',
      'resample',
      'volatility',
      'probe-endpoints',
      'serve',
      'export',
      'init',
    ]) {
      expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'))
    }
    expect([code, stderr]).toEqual([0, ''])
  })

  it('hkq help stream and hkq stream --help are the same, and stream without symbols is told what it wants', async () => {
    const cwd = workdir()
    const [long, short] = [await hkq(['stream', '--help'], { cwd }), await hkq(['help', 'stream'], { cwd })]
    expect(long.stdout).toMatch(/^Usage: hkq stream/)
    expect(short).toEqual(long)
    expect(await hkq(['help', 'help'], { cwd })).toEqual(await hkq(['--help'], { cwd }))
    const bare = await hkq(['stream'], { cwd })
    expect([bare.code, bare.stdout]).toEqual([2, ''])
    expect(bare.stderr).toMatch(/no symbol given: .*00700\.HK/)
  })

  it('loads nothing but the command itself: no database, no network', async () => {
    const cwd = workdir()
    const spy = join(cwd, 'spy.cjs')
    writeFileSync(
      spy,
      `process.on('exit', () => process.stderr.write(JSON.stringify([...Object.keys(require.cache), ...process.moduleLoadList])))`,
    )
    for (const args of [
      ['--help'],
      ['stream', '--help'],
      ['record', '--help'],
      ['serve', '--help'],
      ['probe-endpoints', '--help'],
    ]) {
      const { stderr } = await hkq(args, { cwd, env: { NODE_OPTIONS: `--require ${spy}` } })
      const loaded = JSON.parse(stderr.slice(stderr.indexOf('['))) as string[]
      expect(loaded.length).toBeGreaterThan(10)
      expect(loaded.filter((name) => /better-sqlite3|danfojs|NativeModule (http|https|tls|zlib)$/.test(name))).toEqual(
        [],
      )
    }
  })
})

import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { finished, hkq, type Ran, rows, start, workdir } from './hkq.ts'

const ESCAPE = '\x1b'

/** A folder with a recorded day of two symbols. */
async function recorded(): Promise<string> {
  const cwd = workdir()
  await hkq(['record', 'HSI', '700', '--from', 'sim:?speed=max&rate=1', '-q'], { cwd })
  return cwd
}

/** Reads the first line of a command's output, then goes away as `head -1` does. */
async function head(args: readonly string[], cwd: string): Promise<Ran> {
  const child = start(args, { cwd })
  const ended = finished(child)
  child.stdin?.end()
  await once(child.stdout!, 'data')
  child.stdout!.destroy()
  return ended
}

describe('a pipe whose reader goes away', () => {
  it('ends every command quietly with 0', async () => {
    const cwd = await recorded()
    for (const args of [
      ['stream', '700', '--from', 'sim:?speed=max&days=0'],
      ['stream', '700', '--from', 'sim:?speed=100&days=0', '--format', 'csv'],
      ['stream', '700', '--from', 'sim:?speed=max&days=0', '--format', 'table'],
      ['resample', '--every', '1s'],
      ['resample', '700', '--from', 'sim:?speed=max&days=0', '--every', '1m'],
      ['volatility', '--preset', 'tutorial'],
      ['export'],
      ['export', '--format', 'csv'],
      ['export', '700', '--from', 'sim:?speed=max&days=0', '--format', 'json'],
    ]) {
      const { code, stderr, stdout } = await head(args, cwd)
      expect([args.join(' '), code, stderr]).toEqual([args.join(' '), 0, ''])
      expect(stdout).not.toBe('')
    }
  })

  it('ends a live stream at its next line', async () => {
    const { code, stderr } = await head(['stream', '700', '--from', 'sim:?rate=0.5'], workdir())
    expect([code, stderr]).toEqual([0, ''])
  })
})

describe('a pipe whose reader is slow', () => {
  it('gets every byte of 3 MiB in order', async () => {
    const child = start(['stream', '700', '--from', 'sim:?speed=max', '--count', '10000'], { cwd: workdir() })
    child.stdin?.end()
    const code = once(child, 'close')
    const stdout = child.stdout!
    let text = ''
    stdout.setEncoding('utf8')
    for await (const chunk of stdout) {
      text += chunk
      for (let turn = 0; turn < 20; turn++) await new Promise((next) => setImmediate(next))
    }
    expect(Buffer.byteLength(text)).toBeGreaterThan(3 * 2 ** 20)
    const ticks = rows<{ seq: number; timestamp: string }>(text)
    expect(ticks).toHaveLength(10_000)
    expect(ticks).toEqual(ticks.toSorted((a, b) => a.seq - b.seq))
    expect(await code).toEqual([0, null])
  })
})

describe('formats', () => {
  const args = ['stream', 'HSI', '700', '--from', 'sim:?seed=3&speed=max', '--count', '20']

  it('ndjson is the default in a pipe; json and csv hold the same records', async () => {
    const cwd = workdir()
    const [plain, ndjson, json, csv] = await Promise.all(
      [[], ['--json'], ['--format', 'json'], ['--format', 'csv']].map((more) => hkq([...args, ...more], { cwd })),
    )
    const ticks = rows(plain!.stdout)
    expect(ticks).toHaveLength(20)
    expect(ndjson!.stdout).toBe(plain!.stdout)
    expect(JSON.parse(json!.stdout)).toEqual(ticks)
    const [header, ...lines] = csv!.stdout.trimEnd().split('\n')
    expect(['type', ...header!.split(',')]).toEqual(Object.keys(ticks[0]!))
    expect(lines.map((line) => line.split(',').slice(0, 3))).toEqual(
      ticks.map(({ symbol, timestamp, last_price }) => [symbol, timestamp, String(last_price)]),
    )
  })

  it('machine formats carry no escape byte whatever FORCE_COLOR says; a table has colours then, and none with NO_COLOR', async () => {
    const cwd = workdir()
    const force = { FORCE_COLOR: '1' }
    for (const format of ['ndjson', 'json', 'csv']) {
      const { stdout } = await hkq([...args, '--format', format], { cwd, env: force })
      expect(stdout).not.toContain(ESCAPE)
    }
    const table = [...args, '--format', 'table']
    expect((await hkq(table, { cwd, env: force })).stdout).toContain(ESCAPE)
    expect((await hkq(table, { cwd, env: { ...force, NO_COLOR: '1' } })).stdout).not.toContain(ESCAPE)
    expect((await hkq([...table, '--no-color'], { cwd, env: force })).stdout).not.toContain(ESCAPE)
    expect((await hkq(table, { cwd })).stdout).not.toContain(ESCAPE)
  })

  it('up is green as in Hong Kong, and red with --colors cn', async () => {
    const cwd = workdir()
    const of = async (...more: string[]): Promise<string> =>
      (await hkq([...args, '--format', 'table', ...more], { cwd, env: { FORCE_COLOR: '1' } })).stdout
    const [hk, cn] = [await of(), await of('--colors', 'cn')]
    expect(hk).not.toBe(cn)
    const swapped = cn.replaceAll(/\[3[12]m/g, (code) => (code === '[31m' ? '[32m' : '[31m'))
    expect(swapped).toBe(hk)
  })

  it('--tz moves the printed times and nothing else', async () => {
    const cwd = workdir()
    const [here, utc] = await Promise.all([hkq(args, { cwd }), hkq([...args, '--tz', 'UTC'], { cwd })])
    const times = ({ stdout }: Ran): string[] => rows<{ timestamp: string }>(stdout).map(({ timestamp }) => timestamp)
    expect(times(here)[0]).toMatch(/T09:30.*\+08:00$/)
    expect(times(utc)[0]).toMatch(/T01:30.*\+00:00$/)
    expect(times(utc).map((time) => Date.parse(time))).toEqual(times(here).map((time) => Date.parse(time)))
  })

  it.each(['resample', 'volatility'])('%s --describe --format json is one document', async (command) => {
    const cwd = workdir()
    const market = ['--from', 'sim:?speed=max&rate=0.5&start=2026-11-20']
    const { stdout } = await hkq([command, '700', ...market, '--describe', '--format', 'json'], { cwd })
    expect(JSON.parse(stdout)).toContainEqual(
      expect.objectContaining({ type: 'description', count: expect.any(Number) }),
    )
    const chart = await hkq([command, '700', ...market, '--chart', '--format', 'json'], { cwd })
    expect(chart.stdout).not.toContain('[]')
  })

  it('--schema prints a JSON Schema that names every field, and opens nothing', async () => {
    const cwd = workdir()
    for (const command of ['stream', 'record', 'resample', 'volatility', 'probe-endpoints', 'serve', 'export']) {
      const { code, stdout, stderr } = await hkq([command, '--schema'], { cwd })
      expect([command, code, stderr]).toEqual([command, 0, ''])
      expect(JSON.parse(stdout)).toHaveProperty('$schema')
    }
    const { stdout } = await hkq(['resample', '--schema'], { cwd })
    const bar = rows((await hkq(['resample', '--from', '-'], { cwd, input: TICK })).stdout)[0]!
    const { properties, required } = JSON.parse(stdout)
    expect(Object.keys(properties)).toEqual(expect.arrayContaining(Object.keys(bar)))
    expect(Object.keys(properties).filter((name) => !required.includes(name))).toEqual(['revision'])
    const volatility = JSON.parse((await hkq(['volatility', '--schema'], { cwd })).stdout)
    expect(volatility.properties.jump_share.type).toEqual(['number', 'null'])
    expect(volatility.required).not.toContain('jump_share')
  })
})

const TICK =
  '{"symbol":"00700.HK","timestamp":"2026-11-20T10:00:00.250+08:00","last_price":600,"volume":100,"extra":"field"}\n'

describe('standard input', () => {
  it('is NDJSON for every reader', async () => {
    const cwd = workdir()
    const bars = await hkq(['resample', '--from', '-', '--every', '1m'], { cwd, input: TICK })
    expect(rows(bars.stdout)).toMatchObject([{ symbol: '00700.HK', open: 600, volume: 100, trades: 1 }])
    const ticks = await hkq(['stream', '700', '--from', '-'], { cwd, input: TICK })
    expect(rows(ticks.stdout)).toMatchObject([{ type: 'tick', last_price: 600, phase: 'morning' }])
    const copied = await hkq(['export', '--from', '-', '--to', 'new.db'], { cwd, input: TICK })
    expect([copied.code, copied.stderr]).toEqual([0, '1 stored, 0 there already, from - to new.db\n'])
  })

  it('may hold a line that is torn: the rest is read and the line is told', async () => {
    const { code, stdout, stderr } = await hkq(['stream', '700', '--from', '-'], {
      cwd: workdir(),
      input: `${TICK}{"symbol":"00700.HK","last_pr`,
    })
    expect(rows(stdout)).toHaveLength(1)
    expect(stderr).toBe('hkq: 1 record could not be read and left out\n')
    expect(code).toBe(0)
  })

  it('joins commands: what one prints another reads', async () => {
    const cwd = workdir()
    const ticks = await hkq(['stream', '700', 'HSI', '--from', 'sim:?speed=max', '--count', '3000'], { cwd })
    const bars = await hkq(['resample', '--from', '-', '--every', '30s'], { cwd, input: ticks.stdout })
    const longer = await hkq(['resample', '--from', '-', '--every', '1m'], { cwd, input: bars.stdout })
    const direct = await hkq(['resample', '--from', '-', '--every', '1m'], { cwd, input: ticks.stdout })
    const prices = ({ stdout }: Ran): unknown[] =>
      rows(stdout).map(({ symbol, start, open, high, low, close, volume }) => ({
        ...{ symbol, start, open, high, low, close, volume },
      }))
    expect(prices(longer)).toEqual(prices(direct))
  })
})

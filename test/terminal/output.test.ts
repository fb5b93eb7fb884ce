import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { PassThrough, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { csvLine } from '../../src/core/market/csv.ts'
import { toJson } from '../../src/core/market/json.ts'
import type { Column } from '../../src/core/terminal/columns.ts'
import { createOutput, type Format, type Output } from '../../src/core/terminal/output.ts'
import { createPalette, wantsColour } from '../../src/core/terminal/palette.ts'

interface Row {
  type: 'row'
  symbol: string
  timestamp: number
  price: number | null
  note: string
}

const COLUMNS: Column<Row>[] = [
  { title: 'symbol', align: 'left', rank: 0, text: (row) => row.symbol, paint: (_, p) => p.up },
  { title: 'price', align: 'right', rank: 1, text: (row) => String(row.price) },
]
const TIME = Date.UTC(2026, 10, 23, 1, 30)
const row = (price: number | null = 1, note = ''): Row => ({
  type: 'row',
  symbol: '00700.HK',
  timestamp: TIME,
  price,
  note,
})

function open(format: Format, stream: Writable, extra: object = {}): Output<Row> {
  return createOutput<Row>({ format, stream, columns: COLUMNS, palette: createPalette(true), ...extra })
}

async function written(format: Format, batches: Row[][], extra: object = {}): Promise<string> {
  const stream = new PassThrough()
  const text = stream.toArray()
  const output = open(format, stream, extra)
  for (const batch of batches) await output.write(batch)
  await output.end()
  stream.end()
  return Buffer.concat(await text).toString()
}

describe('NDJSON', () => {
  it('is one object a line', async () => {
    const lines = (await written('ndjson', [[row(1), row(2)], [row(null)]])).split('\n')
    expect(lines.pop(), 'the last line is ended').toBe('')
    expect(lines.map((line) => JSON.parse(line).price)).toEqual([1, 2, null])
    expect(JSON.parse(lines[0]!).timestamp).toBe('2026-11-23T09:30:00.000+08:00')
  })

  it('bears the time zone asked for', async () => {
    expect(await written('ndjson', [[row()]], { tz: 'UTC' })).toContain('"2026-11-23T01:30:00.000+00:00"')
  })
})

describe('JSON', () => {
  it('is one array, whatever the batches', async () => {
    expect(JSON.parse(await written('json', [[row(1)], [], [row(2), row(3)]]))).toHaveLength(3)
    expect(JSON.parse(await written('json', []))).toEqual([])
  })
})

describe('CSV', () => {
  it('has a header once and a line a record', async () => {
    expect(await written('csv', [[row(1, 'a')], [row(null, 'b,"c"')]])).toBe(
      'symbol,timestamp,price,note\n' +
        '00700.HK,2026-11-23T09:30:00.000+08:00,1,a\n' +
        '00700.HK,2026-11-23T09:30:00.000+08:00,,"b,""c"""\n',
    )
  })

  it('has its header even without a record when the fields are known', async () => {
    expect(await written('csv', [], { fields: ['symbol', 'price'] })).toBe('symbol,price\n')
  })

  it('gives a spreadsheet no formula, and leaves negative numbers alone', () => {
    const line = (value: unknown) => csvLine({ value }, ['value'], String).trimEnd()
    for (const text of ['=1+1', '+1', '-1', '@x']) expect(line(text)).toBe(`'${text}`)
    expect(line('\t=1')).toBe('"\'\t=1"')
    expect(line(-1.5)).toBe('-1.5')
    expect(line(Number.NaN)).toBe('')
    expect(line(18446744073709551615n)).toBe('18446744073709551615')
    expect(line(['late', 'odd_lot'])).toBe('late odd_lot')
    expect(line('one\ntwo')).toBe('"one\ntwo"')
  })
})

describe('a machine format', () => {
  it.each(['json', 'ndjson', 'csv'] as const)('%s carries no escape byte even with colours on', async (format) => {
    expect(await written(format, [[row(1, 'n\u001b[31m')]])).not.toContain('\u001b')
  })
})

describe('a table', () => {
  it('carries colours where they are wanted and none elsewhere', async () => {
    expect(await written('table', [[row()]])).toContain('\u001b[32m00700.HK')
    expect(await written('table', [[row()]], { palette: createPalette(false) })).toBe(
      'symbol    price\n00700.HK      1\n',
    )
  })

  it('row by row has its titles once, and never cuts a figure that grew', async () => {
    const text = await written('table', [[row(1)], [row(123456789)]], { palette: createPalette(false), width: 80 })
    expect(text.match(/symbol/g)).toHaveLength(1)
    expect(text).toContain('123456789')
  })

  it('drawn as a whole waits for the end', async () => {
    const text = await written('table', [[row(1)], [row(2)]], { palette: createPalette(false), whole: true })
    expect(text).toBe('symbol    price\n────────  ─────\n00700.HK      1\n00700.HK      2\n')
  })
})

describe('a slow reader', () => {
  it('gets three megabytes whole and in order, and holds the writer back meanwhile', async () => {
    let received = ''
    let waiting = 0
    const slow = new Writable({
      highWaterMark: 1_024,
      decodeStrings: false,
      write(chunk, _, done) {
        received += chunk
        waiting++
        setImmediate(done)
      },
    })
    const output = open('ndjson', slow)
    const total = 30_000
    for (let i = 0; i < total; i += 1_000) {
      await output.write(Array.from({ length: 1_000 }, (_, j) => row(i + j)))
      expect(slow.writableLength, 'the batch has left before the next one is taken').toBeLessThan(200_000)
    }
    await output.end()
    expect(received.length).toBeGreaterThan(3_000_000)
    expect(waiting).toBeGreaterThan(10)
    const prices = received
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).price)
    expect(prices).toEqual(Array.from({ length: total }, (_, i) => i))
  })

  it('that is another process gets everything', async () => {
    const reader = run(
      'let n = 0; for await (const c of process.stdin) { n += c.length; await new Promise(setImmediate) } console.log(n)',
    )
    const output = open('ndjson', reader.stdin!)
    let length = 0
    for (let i = 0; i < 30; i++) {
      const batch = Array.from({ length: 1_000 }, (_, j) => row(i * 1_000 + j))
      for (const record of batch) length += toJson(record).length + 1
      await output.write(batch)
    }
    await output.end()
    reader.stdin!.end()
    expect(Number(await textOf(reader))).toBe(length)
  })
})

describe('a reader that goes away', () => {
  it('ends the output quietly and says so', async () => {
    const reader = run('process.stdin.once("data", () => process.exit())')
    const output = open('ndjson', reader.stdin!)
    while (!output.closed) await output.write(Array.from({ length: 1_000 }, () => row()))
    expect(output.gone.aborted).toBe(true)
    await output.write([row()])
    await output.end()
  })

  it('wakes a writer that waits for it', async () => {
    const stuck = new Writable({ highWaterMark: 1, write() {} })
    const output = open('ndjson', stuck)
    const writing = output.write([row()])
    stuck.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
    await writing
    expect(output.closed).toBe(true)
  })
})

describe('a full disk', () => {
  it('is a storage error', async () => {
    const full = new Writable({
      write(_, __, done) {
        done(Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }))
      },
    })
    const output = open('ndjson', full)
    const writing = output.write([row()]).then(() => output.end())
    await expect(writing).rejects.toMatchObject({
      code: 'E_STORAGE',
      message: expect.stringContaining('no space left'),
    })
  })
})

describe('colours', () => {
  const wish = { isTTY: true, flag: true, noColor: undefined, forceColor: undefined }

  it.each([
    ['in a terminal', wish, true],
    ['in a pipe', { ...wish, isTTY: false }, false],
    ['after --no-color', { ...wish, flag: false, forceColor: '1' }, false],
    ['with NO_COLOR', { ...wish, noColor: '1', forceColor: '1' }, false],
    ['with an empty NO_COLOR', { ...wish, noColor: '' }, true],
    ['with FORCE_COLOR in a pipe', { ...wish, isTTY: false, forceColor: '1' }, true],
    ['with FORCE_COLOR=0', { ...wish, forceColor: '0' }, false],
    ['in a dumb terminal', { ...wish, term: 'dumb' }, false],
  ])('%s: %j is %s', (_, given, expected) => expect(wantsColour(given)).toBe(expected))

  it('are green for up in Hong Kong and red on the mainland', () => {
    expect(createPalette(true, 'hk').up('x')).toBe('\u001b[32mx\u001b[39m')
    expect(createPalette(true, 'cn').up('x')).toBe('\u001b[31mx\u001b[39m')
  })
})

function run(script: string): ChildProcess {
  return spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
}

async function textOf(child: ChildProcess): Promise<string> {
  let text = ''
  child.stdout!.on('data', (chunk) => {
    text += chunk
  })
  await once(child, 'close')
  return text
}

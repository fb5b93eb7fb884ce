import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { say } from '../../src/commands/_io.ts'
import { csvHeader, csvLine, unguarded } from '../../src/core/market/csv.ts'
import type { MarketEvent } from '../../src/core/market/event.ts'
import { toJson } from '../../src/core/market/json.ts'
import { quotedFields } from '../../src/core/storage/csv-record.ts'
import type { Column } from '../../src/core/terminal/columns.ts'
import { gapLine, statusLine } from '../../src/core/terminal/lines.ts'
import { createPalette } from '../../src/core/terminal/palette.ts'
import { createRowPrinter } from '../../src/core/terminal/row-printer.ts'
import { renderTable } from '../../src/core/terminal/table.ts'
import { createZone } from '../../src/core/terminal/zone.ts'
import { tick } from '../storage/sample.ts'
import { HOSTILE_TEXTS, steering } from '../support/hostile.ts'
import { printed } from '../support/printed.ts'

const NOW = Date.UTC(2026, 10, 20, 2)
const zone = createZone()
const plain = createPalette(false)
const coloured = createPalette(true)

/** Every kind of record with the text wherever a text of others can stand. */
function recordsWith(text: string): MarketEvent[] {
  return [
    tick({ trade_type: text, source: text }),
    { type: 'status', source: text, symbol: null, state: 'lost', timestamp: NOW, detail: text },
    { type: 'rejected', source: text, symbol: null, timestamp: NOW, reason: 'malformed', raw: text, received_at: null },
    { type: 'gap', source: text, symbol: null, from: NOW, to: NOW, cause: 'stale', volume: null, filled_by: null },
  ]
}

describe('what others wrote', () => {
  it.each(HOSTILE_TEXTS)('is one line of JSON that steers nothing and says the same: %s', (_, text) => {
    for (const record of recordsWith(text)) {
      const line = toJson(record)
      expect(steering(line)).toEqual([])
      expect(line.split(/[\n\r\u0085\u2028\u2029\v\f]/)).toHaveLength(1)
      const told = JSON.parse(line)
      expect(told.source).toBe(text)
      expect(told.trade_type ?? told.detail ?? told.raw ?? text).toBe(text)
    }
  })

  it.each(HOSTILE_TEXTS)('is a cell of CSV that steers nothing and is no formula: %s', (_, text) => {
    const line = csvLine({ before: -1.5, text, after: 2 }, ['before', 'text', 'after'])
    expect(steering(line.replaceAll('\r', ''))).toEqual([])
    const fields = quotedFields(line.slice(0, -1), ',')!
    expect([fields[0], fields[2]]).toEqual(['-1.5', '2'])
    expect(fields[1]).not.toMatch(/^[=+\-@\t\r\n＝＋－＠]/)
    expect(csvHeader(['before', 'text', 'after'])).toBe('before,text,after\n')
    if (steering(text).length === 0) expect(unguarded(fields[1]!)).toBe(text)
  })

  it.each(HOSTILE_TEXTS)('is in its cell of a table, of those that grow too: %s', (_, text) => {
    const columns: Column<string>[] = [
      { title: 'one', align: 'left', rank: 0, text: (row) => row },
      { title: 'two', align: 'right', rank: 0, text: () => 'end' },
    ]
    for (const table of [
      renderTable(columns, [text], 80, plain),
      createRowPrinter(columns, 80, plain).print([text]).trimEnd(),
    ]) {
      expect(steering(table)).toEqual([])
      expect(table.split('\n').at(-1)).toMatch(/end$/)
      expect(table.split('\n').length).toBeLessThanOrEqual(3)
    }
  })

  it.each(HOSTILE_TEXTS)('is part of one line of the log, which keeps its own colours alone: %s', (_, text) => {
    const [, status, , gap] = recordsWith(text)
    const said = new PassThrough()
    const io = { stderr: said } as unknown as Parameters<typeof say>[0]
    say(io, statusLine(status as never, zone, coloured))
    say(io, gapLine(gap as never, zone, coloured))
    say(io, statusLine(status as never, zone, plain))
    const lines = printed(said).split('\n')
    expect(lines).toHaveLength(4)
    const own = new RegExp(`${String.fromCharCode(0x1b)}\\[[0-9;]*m`, 'g')
    expect(lines[0]).toMatch(own)
    expect(lines.flatMap((line) => steering(line.replace(own, '')))).toEqual([])
    expect(steering(lines[2]!)).toEqual([])
  })

  it.each(HOSTILE_TEXTS)('is said as it is meant, on one line, wherever it is quoted: %s', (_, text) => {
    const said = new PassThrough()
    say({ stderr: said } as unknown as Parameters<typeof say>[0], `hkq: "${text}"`)
    expect(printed(said).match(/\n/g)).toHaveLength(1)
  })
})

import { describe, expect, it } from 'vitest'
import { parseTime } from '../../src/core/market/time.ts'
import { type HealthRecord, machineAlone, NOTHING } from '../../src/core/monitor/record.ts'
import { healthColumns, renderGlance } from '../../src/core/terminal/health.ts'
import { createPalette } from '../../src/core/terminal/palette.ts'
import { renderTable } from '../../src/core/terminal/table.ts'
import { createZone } from '../../src/core/terminal/zone.ts'
import { QUIET_MACHINE } from '../monitor/facts.ts'

const PLAIN = createPalette(false)
const ZONE = createZone()
const { timestamp: _, ...MACHINE } = QUIET_MACHINE

const RECORD: HealthRecord = {
  ...{ ...NOTHING, ...MACHINE, timestamp: parseTime('2026-11-20T10:30'), state: 'degraded', reasons: ['silent'] },
  ...{
    detail: 'no trade of any symbol for 90 s',
    since: parseTime('2026-11-20T10:29:05'),
    pid: 4711,
    source: 'alltick',
  },
  ...{ start: parseTime('2026-11-19T08:55'), store: 'sqlite:hk_market.db', store_bytes: 1.2e9, wal_bytes: 4.1e6 },
  ...{ waiting_bytes: 0, ticks_per_second: 1_234.5, queue_seconds: 0.0043, commit_p50: 0.8, commit_p99: 4.3 },
  ...{ latency_p50: 45, latency_p99: 1_200, received: 1_234_567, stored: 1_234_560, duplicates: 7 },
  ...{ rejected: { price: 1, malformed: 2 }, flagged: { odd_lot: 12 }, gaps: 3, gaps_today: 2, holes: 1 },
  ...{ reconnects: 4, bytes: 9e8, process_cpu: 0.123, process_memory: 9.5e7 },
  symbols: [
    { symbol: '00005.HK', age: 130 },
    { symbol: '00700.HK', age: 0.4 },
    { symbol: '09988.HK', age: null },
  ],
}

describe('a recorder at a glance', () => {
  it('is a few lines, its state and what is wrong first', () => {
    expect(renderGlance(RECORD, ZONE, PLAIN).split('\n')).toEqual([
      'recorder 4711  degraded since 10:29:05',
      '  why       no trade of any symbol for 90 s',
      '  from      alltick',
      '  into      sqlite:hk_market.db, since 2026-11-19 08:55:00',
      '  ticks     1,234.5/s, 1,234,567 received, 7 of them again',
      '  lag       to commit 0.80 ms / 4.3 ms, queue 4.3 ms, from the exchange 45.0 ms / 1.20 s',
      '  symbols   00005.HK 2m, 00700.HK 0s, 1 without a tick yet',
      '  gaps      2 today, 1 unfilled of this run, 4 reconnects',
      '  doubtful  3 rejected, 12 flagged',
      '  store     1.2 GB, log 4.1 MB',
      '  process   0.123 CPUs, 95.0 MB of memory',
      '  machine   cpu 10.0% of 2, memory 1.0 GB of 8.0 GB, disk 20.0 GB of 100.0 GB, network 5.0 kB/s in, 100 B/s out, event loop late by 1.0 ms',
    ])
  })

  it('names a few of many symbols, those that came longest ago', () => {
    const symbols = Array.from({ length: 20 }, (_, i) => ({ symbol: `S${i}`, age: 100 - i }))
    const line = renderGlance({ ...RECORD, symbols }, ZONE, PLAIN).split('\n')[6]
    expect(line).toBe('  symbols   S0 1m, S1 1m, S2 1m, S3 1m, S4 1m, S5 1m, 14 more since')
  })

  it('that waits, or does not answer, is told without figures that it has not', () => {
    const waiting = { ...NOTHING, ...MACHINE, timestamp: 0, state: 'closed', detail: 'waiting', pid: 1 } as const
    const lines = renderGlance({ ...waiting, store: 'sqlite:a.db' }, ZONE, PLAIN).split('\n')
    expect(lines.map((line) => line.split(/ {2,}/)[1])).toEqual(['closed', 'why', 'into', 'machine'])
  })

  it('shows no sign that steers a terminal, whatever a feed said', () => {
    const text = renderGlance({ ...RECORD, detail: 'lost: \u001b[31mevil\u0007', source: 'a\nb' }, ZONE, PLAIN)
    expect(text).not.toMatch(/\p{Cc}(?<!\n)/u)
    expect(text.split('\n')).toHaveLength(12)
  })

  it('is no recorder where none runs', () => {
    const [title, machine] = renderGlance(machineAlone(QUIET_MACHINE), ZONE, PLAIN).split('\n')
    expect(title).toBe('no recorder runs on this machine')
    expect(machine).toMatch(/^ {2}machine {3}cpu 10\.0% of 2/)
  })
})

describe('health as time goes on', () => {
  const table = (width: number, ...records: HealthRecord[]) =>
    renderTable(healthColumns(ZONE), records, width, PLAIN).split('\n')

  it('is a line for each look, with what is wrong at its end', () => {
    const [, , recorder, alone] = table(200, RECORD, machineAlone(QUIET_MACHINE))
    expect(recorder).toMatch(
      /^10:30:00 +4711 +degraded +1,234\.5 +0s +4\.3 ms +4\.3 ms +2 +10\.0% +12\.5% +20\.0% +5\.0 kB\/s +100 B\/s +no trade of any symbol for 90 s$/,
    )
    expect(alone).toMatch(/^10:00:00 +– +none +– +– +– +– +– +10\.0%/)
  })

  it('keeps time, state, ticks and CPU on a narrow terminal', () => {
    const [titles] = table(40, RECORD)
    expect(titles!.trim().split(/ +/)).toEqual(['time', 'state', 'ticks/s', 'cpu'])
  })
})

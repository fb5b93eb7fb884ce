import { describe, expect, it } from 'vitest'
import type { Bar } from '../../src/core/market/bar.ts'
import type { Gap, Status } from '../../src/core/market/event.ts'
import { parseTime } from '../../src/core/market/time.ts'
import type { BacktestRecord } from '../../src/core/statistics/volatility/backtest-record.ts'
import type { VolatilityRecord } from '../../src/core/statistics/volatility/record.ts'
import { backtestColumns, backtestLegend } from '../../src/core/terminal/backtest-columns.ts'
import { DESCRIPTION_COLUMNS } from '../../src/core/terminal/description-columns.ts'
import { alertLine, gapLine, leaveLine, standingLine, statusLine } from '../../src/core/terminal/lines.ts'
import { barColumns, gapColumns } from '../../src/core/terminal/market-columns.ts'
import { createPalette } from '../../src/core/terminal/palette.ts'
import { renderProbe } from '../../src/core/terminal/probe.ts'
import { renderProgress } from '../../src/core/terminal/progress.ts'
import type { ProbeRow, RunSummary } from '../../src/core/terminal/records.ts'
import { createRowPrinter } from '../../src/core/terminal/row-printer.ts'
import { mostUnusualFirst, volatilityColumns } from '../../src/core/terminal/signal-columns.ts'
import { renderSummary } from '../../src/core/terminal/summary.ts'
import { renderTable } from '../../src/core/terminal/table.ts'
import { displayWidth } from '../../src/core/terminal/width.ts'
import { createZone } from '../../src/core/terminal/zone.ts'

const PLAIN = createPalette(false)
const ZONE = createZone()
const AT = parseTime('2026-11-23T10:42')

function bar(change: Partial<Bar> = {}): Bar {
  return {
    type: 'bar',
    symbol: '00700.HK',
    start: AT,
    end: AT + 300_000,
    open: 412.2,
    high: 414,
    low: 411.8,
    close: 412.6,
    volume: 1_234_500,
    turnover: 509_000_000,
    vwap: 412.3456,
    mean: 412.43,
    trades: 1_234,
    final: true,
    has_gap: false,
    ...change,
  }
}

function volatility(change: Partial<VolatilityRecord> = {}): VolatilityRecord {
  return {
    type: 'volatility',
    symbol: '00700.HK',
    timestamp: AT,
    last_price: 412.2,
    volatility: 0.00061,
    annualized: 0.384,
    usual: 0.00032,
    ratio: 1.9,
    percentile: 97.4,
    threshold: 0.00055,
    volume_ratio: 2.3,
    state: 'alert',
    event: 'enter',
    samples: 30,
    estimator: 'grid-std',
    window: '30m',
    seasonal: true,
    ...change,
  }
}

describe('a table of a backtest', () => {
  const row: BacktestRecord = {
    ...{ type: 'backtest', symbol: '00700.HK', threshold: 'seasonal', quantile: 0.925, days: 487, alerts: 1391 },
    ...{ alerts_per_day: 2.8563, early_share: 0.1318, early_days_share: 1, base_rate: 0.2041, hit_rate: 0.512 },
    ...{ lift: 2.5086, scored: 374, horizon: '30m', window: '20m', estimator: 'grid-std' },
  }
  const nothing: BacktestRecord = {
    ...{ ...row, symbol: null, threshold: 'flat', quantile: 0.9, days: 0, alerts: 0, scored: 0, alerts_per_day: null },
    ...{ early_share: null, early_days_share: null, base_rate: null, hit_rate: null, lift: null },
  }
  const table = (width: number) => renderTable(backtestColumns(), [row, nothing], width, PLAIN).split('\n')

  it('shows everything when there is room', () => {
    const [titles, , line, last] = table(120).map((text) => text.split(/ {2,}/))
    expect(titles!.join()).toBe('symbol,threshold,q,days,alerts,a day,early,of days,base,scored,hit,lift')
    expect(line!.join(' ')).toBe('00700.HK seasonal 0.925 487 1,391 2.86 13.2% 100.0% 20.4% 374 51.2% 2.51x')
    expect(last!.join(' ')).toBe('together flat 0.9 0 0 – – – – 0 – –')
  })

  it('keeps what is judged in 80 columns, and the legend too', () => {
    const lines = table(80)
    expect(lines[0]!.split(/ {2,}/).join()).toBe('symbol,threshold,q,alerts,a day,early,of days,base,hit,lift')
    for (const line of [...lines, ...backtestLegend(row)]) expect(displayWidth(line)).toBeLessThanOrEqual(80)
    expect(backtestLegend(row).join()).toContain('the next 30m above 1.25x its usual')
  })
})

describe('a table of bars', () => {
  const print = (width: number, ...bars: Bar[]): string[] =>
    createRowPrinter(barColumns(ZONE), width, PLAIN).print(bars).trimEnd().split('\n')

  it('shows all of a bar when there is room', () => {
    const [titles, line] = print(Number.POSITIVE_INFINITY, bar())
    expect(titles?.split(/ {2,}/)).toEqual([
      'symbol',
      'start',
      'open',
      'high',
      'low',
      'close',
      'volume',
      'turnover',
      'VWAP',
      'mean',
      'trades',
      'note',
    ])
    expect(line?.split(/ {2,}/)).toEqual([
      '00700.HK',
      '2026-11-23 10:42:00',
      '412.20',
      '414.00',
      '411.80',
      '412.60',
      '1.23M',
      '509M',
      '412.346',
      '412.430',
      '1,234',
    ])
  })

  it('marks what is not final, revised or crossed by a gap', () => {
    const [, line] = print(200, bar({ final: false, has_gap: true, revision: 2 }))
    expect(line).toMatch(/open, gap, revision 2$/)
  })

  it('shows an empty bar and an index without figures they do not have', () => {
    const empty = {
      open: Number.NaN,
      high: Number.NaN,
      low: Number.NaN,
      close: Number.NaN,
      vwap: null,
      volume: 0,
      turnover: 0,
    }
    const [, line] = print(200, bar(empty))
    expect(line).not.toContain('NaN')
    expect(line).toContain('–')
  })

  it('keeps close and volume at 80 cells, on one line each', () => {
    const lines = print(80, bar(), bar())
    for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(80)
    expect(lines[0]).toMatch(/close +volume/)
    expect(lines[0]).not.toContain('mean')
  })

  it('repeats its titles when the columns had to change', () => {
    const printer = createRowPrinter(barColumns(ZONE), 80, PLAIN)
    expect(printer.print([bar()])).toContain('symbol')
    expect(printer.print([bar()])).not.toContain('symbol')
    expect(
      printer.print([bar({ open: 123_456_789, high: 123_456_789, low: 123_456_789, close: 123_456_789 })]),
    ).toContain('symbol')
  })
})

describe('volatility', () => {
  it('of the newest records stands with the most unusual first', () => {
    const rows = [
      volatility({ symbol: '00005.HK', ratio: 0.8 }),
      volatility({ symbol: 'HSI', ratio: null, percentile: null }),
      volatility({ symbol: '00700.HK', ratio: 9, timestamp: AT - 60_000 }),
      volatility({ symbol: '00700.HK', ratio: 1.9 }),
      volatility({ symbol: '09988.HK', ratio: null, percentile: 60 }),
    ]
    expect(mostUnusualFirst(rows).map(({ symbol, ratio }) => [symbol, ratio])).toEqual([
      ['00700.HK', 1.9],
      ['00005.HK', 0.8],
      ['09988.HK', null],
      ['HSI', null],
    ])
  })

  it('has a table with a rule under its titles', () => {
    const lines = renderTable(
      volatilityColumns(ZONE),
      [volatility(), volatility({ usual: null, state: 'normal', event: null })],
      120,
      PLAIN,
    ).split('\n')
    expect(lines[1]).toMatch(/^─+( +─+)+$/)
    expect(lines[2]).toMatch(
      /00700.HK +2026-11-23 10:42:00 +412.20 +0.0610% +0.0320% +1.90x +97.4 +0.0550% +2.30x +alert ▲$/,
    )
    expect(lines[3]).toMatch(/–.*normal$/)
  })

  it('has a column for the share of jumps where there is one', () => {
    const rows = [volatility({ jump_share: 0.612 }), volatility({ jump_share: null })]
    const [titles, , first, second] = renderTable(volatilityColumns(ZONE, false, true), rows, 140, PLAIN).split('\n')
    expect(titles).toMatch(/turnover +jumps +state$/)
    expect(first).toMatch(/2\.30x +61\.2% +alert ▲$/)
    expect(second).toMatch(/2\.30x +– +alert ▲$/)
    expect(renderTable(volatilityColumns(ZONE), rows, 140, PLAIN)).not.toContain('jumps')
  })

  it('can be shown per year', () => {
    const [titles, , row] = renderTable(volatilityColumns(ZONE, true), [volatility()], 130, PLAIN).split('\n')
    expect(titles).toMatch(/ vol p\.a\. +usual p\.a\. +ratio +pct +threshold p\.a\. /)
    expect(row).toMatch(/ 38\.4% +20\.1% +1\.90x +97\.4 +34\.6% /)
    const still = volatility({ volatility: 0, annualized: 0 })
    expect(renderTable(volatilityColumns(ZONE, true), [still], 130, PLAIN)).toMatch(/ 0\.0% +– +1\.90x +97\.4 +– /)
  })

  it('that alerts says how unusual it is in one line', () => {
    expect(alertLine(volatility(), ZONE, PLAIN)).toBe(
      '10:42 00700.HK ALERT volatility 38 % p.a. = 1.9x usual for 10:42 (97th percentile), turnover 2.3x',
    )
  })

  it('whose alert stood before its reader came says since when, of another day with its date', () => {
    const row = volatility({ event: null })
    const line = (now: number) => standingLine(row, row.timestamp - 11 * 60_000, now, ZONE, PLAIN)
    expect(line(row.timestamp)).toMatch(/^10:42 00700.HK ALERT since 10:31 volatility 38 % p.a. = 1.9x usual for 10:42/)
    expect(line(row.timestamp + 86_400_000)).toMatch(/ALERT since 2026-11-23 10:31 volatility/)
  })

  it('that alerts leaves out what is not known', () => {
    const bare = volatility({ annualized: null, ratio: null, threshold: null, percentile: null, volume_ratio: null })
    expect(alertLine(bare, ZONE, PLAIN)).toBe('10:42 00700.HK ALERT volatility 0.061 %')
  })

  it('that alerts is measured by the threshold where nothing is known to be usual', () => {
    const index = volatility({ symbol: 'HSI', ratio: null, usual: null, volume_ratio: null, percentile: 93.5 })
    expect(alertLine(index, ZONE, PLAIN)).toBe(
      '10:42 HSI ALERT volatility 38 % p.a. = 1.1x threshold (93rd percentile)',
    )
  })

  it('that alerts is one line of at most 100 cells', () => {
    const much = volatility({ annualized: 3.84, ratio: 19.4, percentile: 100, volume_ratio: 123.4 })
    expect(displayWidth(alertLine(much, ZONE, PLAIN))).toBeLessThanOrEqual(100)
  })

  it.each([
    [1, '1st'],
    [2.9, '2nd'],
    [93, '93rd'],
    [11, '11th'],
    [100, '100th'],
  ])('at percentile %d is the %s', (percentile, text) => {
    expect(alertLine(volatility({ percentile }), ZONE, PLAIN)).toContain(`(${text} percentile)`)
  })

  it('that calms down says so', () => {
    expect(leaveLine(volatility({ event: 'leave' }), ZONE, PLAIN)).toBe('10:42 00700.HK back to normal, last 412.20')
  })
})

describe('a probe', () => {
  const good: ProbeRow = {
    url: 'wss://quote.alltick.io/quote-stock-b-ws-api',
    dns: 1.2,
    tcp: 34.5,
    tls: 72,
    upgrade: 35.2,
    total: 142.9,
    reached: true,
    status: 101,
    failed: null,
    remedy: null,
  }
  const bad: ProbeRow = {
    ...good,
    url: 'wss://quote.tradeswitcher.com/quote-stock-b-ws-api',
    tcp: null,
    tls: null,
    upgrade: null,
    total: null,
    reached: false,
    status: null,
    failed: { phase: 'tcp', code: 'TIMEOUT' },
    remedy: 'a firewall blocks port 443: allow it, or set HTTPS_PROXY',
  }

  it('is a table of phases at 80 cells with the whole remedy below', () => {
    const lines = renderProbe([good, bad], 80, PLAIN).split('\n')
    expect(lines[0]?.split(/ {2,}/)).toEqual(['endpoint', 'DNS', 'TCP', 'TLS', 'upgrade', 'total', 'state'])
    expect(lines[2]).toMatch(/^quote\.alltick\.io +1\.2 ms +34\.5 ms +72\.0 ms +35\.2 ms +143 ms +ok$/)
    expect(lines[3]).toMatch(/^quote\.trade.+ +1\.2 ms( +–){4} +TCP timed out$/)
    expect(lines.at(-1)).toBe(`✗ ${bad.url}: ${bad.remedy}`)
    for (const line of lines.slice(0, 4)) expect(displayWidth(line)).toBeLessThanOrEqual(80)
  })

  it('that was answered otherwise names the answer', () => {
    const refused = { ...good, status: 403, remedy: 'reached; it wants a token' }
    const lines = renderProbe([refused], 100, PLAIN).split('\n')
    expect(lines[2]).toMatch(/HTTP 403$/)
    expect(lines.at(-1)).toBe(`✗ ${good.url}: reached; it wants a token`)
    expect(renderProbe([{ ...bad, failed: { phase: 'dns', code: 'ENOTFOUND' } }], 100, PLAIN)).toContain(
      'DNS ENOTFOUND',
    )
    expect(renderProbe([{ ...bad, failed: null }], 100, PLAIN), 'a probe that was stopped').toMatch(/–$/m)
  })

  it('of a session shows its heartbeat and first tick', () => {
    const lines = renderProbe([{ ...good, heartbeat: 36.1, first_tick: 1_250 }, bad], 120, PLAIN).split('\n')
    expect(lines[0]).toMatch(/heartbeat +first tick +state$/)
    expect(lines[2]).toMatch(/36\.1 ms +1\.25 s +ok$/)
    expect(lines[3]).toMatch(/– +– +TCP timed out$/)
  })

  it('tells endpoints of one host apart by their paths', () => {
    const other = { ...good, url: 'wss://quote.alltick.io/quote-b-ws-api' }
    expect(renderProbe([good, other], 200, PLAIN)).toContain('wss://quote.alltick.io/quote-b-ws-api')
  })

  it('of nothing but healthy endpoints has no remedies', () => {
    expect(renderProbe([good], 120, PLAIN).split('\n')).toHaveLength(3)
  })
})

describe('a gap', () => {
  const gap: Gap = {
    type: 'gap',
    source: 'alltick',
    symbol: null,
    from: AT,
    to: AT + 12_000,
    cause: 'disconnect',
    volume: null,
    filled_by: 'second feed',
  }

  it('is a line, with the day of its end only where that is another', () => {
    expect(gapLine(gap, ZONE, PLAIN)).toBe(
      'gap alltick all symbols 2026-11-23 10:42:00 to 10:42:12 (disconnect, filled by second feed)',
    )
    expect(gapLine({ ...gap, to: AT + 86_400_000 }, ZONE, PLAIN)).toContain('to 2026-11-24 10:42:00')
  })

  it('is a row of a table', () => {
    expect(renderTable(gapColumns(ZONE), [gap], 120, PLAIN).split('\n').at(-1)).toMatch(
      /^alltick +all +2026-11-23 10:42:00 +2026-11-23 10:42:12 +disconnect +– +second feed$/,
    )
  })
})

describe('a status', () => {
  const status: Status = {
    type: 'status',
    source: 'alltick',
    symbol: null,
    state: 'lost',
    timestamp: AT,
    detail: 'reset\u001b[2J\nnext attempt in 3 s',
  }

  it('is one line without escape sequences', () => {
    expect(statusLine(status, ZONE, PLAIN)).toBe('10:42:00 alltick lost: reset next attempt in 3 s')
    expect(statusLine({ ...status, symbol: '00700.HK', state: 'halted', detail: '' }, ZONE, PLAIN)).toBe(
      '10:42:00 alltick 00700.HK halted',
    )
  })
})

describe('the summary of a run', () => {
  const summary: RunSummary = {
    source: 'alltick',
    received: 49_830,
    stored: 49_818,
    duplicates: 10,
    rejected: { price: 2, volume: 0 },
    flagged: { suspect_price: 1, odd_lot: 412 },
    gaps: 1,
    reconnects: 1,
    latency_p50: 0.84,
    latency_p99: 12.3,
    commit_p50: 0.4,
    commit_p99: 2.8,
    durability: 'power',
    bytes: 14_200_000,
  }

  it('tells what came, what was doubtful and why', () => {
    expect(renderSummary(summary, PLAIN).split('\n')).toEqual([
      'summary of alltick',
      '  received    49,830',
      '  stored      49,818',
      '  duplicates  10',
      '  rejected    2 (price 2)',
      '  flagged     413 (odd_lot 412, suspect_price 1)',
      '  gaps        1',
      '  reconnects  1',
      '  latency     0.84 ms p50, 12.3 ms p99',
      '  commit      0.40 ms p50, 2.8 ms p99',
      '  durability  power',
      '  bytes       14.2 MB',
    ])
  })

  it('says nothing of a latency or of bytes that there were not', () => {
    const text = renderSummary({ ...summary, latency_p50: null, latency_p99: null, bytes: 0 }, PLAIN)
    expect(text).not.toMatch(/latency|bytes/)
  })
})

describe('a summary of fields', () => {
  it('writes the figures of a field as its tables do', () => {
    const type = 'description' as const
    const rows = [
      { type, field: 'last_price', count: 1_330, mean: 480.08181, std: 1.906756, min: 476.2, median: 479.8, max: 485 },
      {
        type,
        field: 'volatility',
        count: 320,
        mean: 0.0007372,
        std: 0.0000976,
        min: 0,
        median: 0.00074,
        max: 0.000975,
      },
      { type, field: 'ratio', count: 320, mean: 1.052823, std: 0.1554402, min: 0.4611696, median: 1.077, max: 1.33694 },
      {
        type,
        field: 'turnover',
        count: 66,
        mean: 43479910,
        std: 39812250,
        min: 20686840,
        median: 35490620,
        max: 2.8e8,
      },
      { type, field: 'samples', count: 330, mean: 28.5, std: 5.154896, min: 0, median: 30, max: 30 },
      { type, field: 'unheard_of', count: 2, mean: 0.123456789, std: 1, min: 0, median: 1, max: 12_345 },
    ]
    expect(renderTable(DESCRIPTION_COLUMNS, rows, 100, PLAIN).split('\n')).toEqual([
      'field       count       mean       std      min   median      max',
      '──────────  ─────  ─────────  ────────  ───────  ───────  ───────',
      'last_price  1,330    480.082     1.907  476.200  479.800  485.000',
      'volatility    320    0.0737%  0.00976%     0.0%  0.0740%  0.0975%',
      'ratio         320      1.05x     0.16x    0.46x    1.08x    1.34x',
      'turnover       66      43.5M     39.8M    20.7M    35.5M     280M',
      'samples       330       28.5       5.2        0       30       30',
      'unheard_of      2  0.1234568         1        0        1   12,345',
    ])
  })
})

describe('progress', () => {
  it('shows share, count, rate and the time left', () => {
    expect(renderProgress({ done: 31_000, total: 50_000, elapsedMs: 2_500, unit: 'ticks' }, 80)).toBe(
      '████████████░░░░░░░░   62%  31,000 ticks  12.4K/s  2s left',
    )
  })

  it('is never full before the end, nor longer than the terminal', () => {
    expect(renderProgress({ done: 99_999, total: 100_000, elapsedMs: 1_000, unit: 'ticks' }, 80)).toContain(' 99%')
    expect(displayWidth(renderProgress({ done: 1, total: 2, elapsedMs: 1, unit: 'ticks' }, 30))).toBeLessThanOrEqual(30)
  })

  it('without a known total counts', () => {
    expect(renderProgress({ done: 5, total: null, elapsedMs: 0, unit: 'bars' }, 80)).toBe('5 bars  0/s')
  })
})

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { rows } from '../e2e/hkq.ts'
import { blocksOf, textOf } from './blocks.ts'
import { installHkq, pythonWith, runModule, runPython, runShell } from './page-programs.ts'
import { type Figures, referenceOf } from './pandas-reference.ts'

const PAGE = 'docs/from-pandas.md'
const PANDAS = blocksOf(PAGE, 'python').join('\n')

/** What the page's Python calls each figure. */
const PANDAS_FIGURES = `{
  'value': df['amount'], 'spread': df['width'], 'mean': clock['last_price'], 'volume': clock['volume'],
  'open': ohlc['open'], 'high': ohlc['high'], 'low': ohlc['low'], 'close': ohlc['close'], 'vwap': ohlc['vwap'],
  'volatility': volatility, 'byCount': by_count, 'threshold': threshold,
  'alerts': [round(t.timestamp() * 1000) - 8 * 3600_000 for t in alerts], 'volumeRatio': volume_ratio,
  'meanSummary': summary['last_price'][['count', 'mean', 'std', 'min', '50%', 'max']],
  'volumeSummary': summary['volume'][['count', 'mean', 'std', 'min', '50%', 'max']],
  'kernel': wrong, 'newest': [newest()], 'handed': bars['close'],
}`

/** What its JavaScript calls them. */
const LIBRARY_FIGURES = `{
  value: amounts, spread: widths, mean: means.map(([mean]) => mean), volume: means.map(([, volume]) => volume),
  open: ohlc.map(([open]) => open), high: ohlc.map(([, high]) => high), low: ohlc.map(([, , low]) => low),
  close: ohlc.map(([, , , close]) => close), vwap: ohlc.map(([, , , , vwap]) => vwap),
  volatility: [...deviations], byCount: [...byCount], threshold: records.map(({ threshold }) => threshold),
  alerts: alerts.map(({ timestamp }) => timestamp), volumeRatio: confirmed.map((record) => record.volume_ratio),
  meanSummary: summary.values.slice(0, 6).map(([mean]) => mean),
  volumeSummary: summary.values.slice(0, 6).map(([, volume]) => volume),
  right: [...right], strategy: records.map(({ volatility }) => volatility), live: live.map(({ timestamp }) => timestamp),
  handed: session.map(({ close }) => close), shape: handed.shape,
}`

const folder = mkdtempSync(join(tmpdir(), 'hkq-from-pandas-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
installHkq(folder)
const shell = runShell(PAGE, folder)
const library = runModule(blocksOf(PAGE, 'js').join('\n'), LIBRARY_FIGURES, folder)
const python = pythonWith('pandas', 'numpy')
const pandas = python === undefined ? null : runPython(python, PANDAS, PANDAS_FIGURES, folder)
const reference = referenceOf(join(folder, 'hk_market.db'), '00700.HK')
const command = figuresOfCommands()

/** The columns that the page's commands wrote. */
function figuresOfCommands(): Figures {
  const clock = columns('clock.csv')
  const summary = JSON.parse(file('summary.json')) as (Record<string, number> & { field: string })[]
  const described = (name: string): number[] => {
    const found = summary.find(({ field }) => field === name)!
    return ['count', 'mean', 'std', 'min', 'median', 'max'].map((figure) => found[figure]!)
  }
  return {
    value: columns('ticks.csv').value!,
    spread: columns('columns.csv').spread!,
    ...{ mean: clock.mean!, volume: clock.volume!, vwap: clock.vwap! },
    ...{ open: clock.open!, high: clock.high!, low: clock.low!, close: clock.close! },
    ...{ volatility: columns('volatility.csv').volatility!, threshold: columns('volatility.csv').threshold! },
    byCount: columns('by-count.csv').volatility!,
    alerts: rows<{ timestamp: string }>(file('alerts.ndjson')).map(({ timestamp }) => Date.parse(timestamp)),
    volumeRatio: columns('confirmed.csv').volume_ratio!,
    ...{ meanSummary: described('mean'), volumeSummary: described('volume') },
    handed: columns('bars.csv').close!,
  }
}

function file(name: string): string {
  return readFileSync(join(folder, name), 'utf8')
}

/** The numbers of a CSV file by column; null where a cell is empty. */
function columns(name: string): Record<string, (number | null)[]> {
  const [header, ...lines] = file(name).trimEnd().split('\n')
  const cells = lines.map((line) => line.split(','))
  const named = header!.split(',').map((column, i): [string, (number | null)[]] => {
    return [column, cells.map((row) => (row[i] === '' ? null : Number(row[i])))]
  })
  return Object.fromEntries(named)
}

/** First place where two lists of figures differ by more than 1e-9 of their size, else null. */
function difference(found: Figures[string], expected: Figures[string]): unknown {
  if (found.length !== expected.length) return { found: found.length, expected: expected.length }
  const at = expected.findIndex((value, i) => {
    const [a, b] = [found[i] ?? Number.NaN, value ?? Number.NaN]
    return Number.isNaN(a) || Number.isNaN(b)
      ? Number.isNaN(a) !== Number.isNaN(b)
      : Math.abs(a - b) > 1e-9 * Math.abs(b)
  })
  return at < 0 ? null : { at, found: found[at], expected: expected[at] }
}

describe('the page for those who come from pandas', () => {
  it.each(shell)('runs $code', ({ status, stdout, shown }) => {
    expect(status).toBe(0)
    const lines = (text: string): string =>
      text
        .split('\n')
        .map((line) => line.trimEnd())
        .join('\n')
    if (shown !== null) expect(lines(stdout)).toContain(lines(shown))
  })

  it('has Python that defines what is compared, and that Python can read', () => {
    const names = ['df', 'clock', 'ohlc', 'volatility', 'by_count', 'threshold', 'alerts', 'volume_ratio', 'summary']
    for (const name of [...names, 'wrong', 'newest', 'bars']) {
      expect(PANDAS_FIGURES).toMatch(new RegExp(`\\b${name}\\b`))
      expect(PANDAS).toMatch(new RegExp(`^(${name}(, above)? = |def ${name}\\()`, 'm'))
    }
    if (pythonWith('ast') === undefined) return
    const read = spawnSync(pythonWith('ast')!, ['-c', 'import ast, sys; ast.parse(sys.stdin.read())'], {
      input: PANDAS,
    })
    expect(String(read.stderr)).toBe('')
  })

  it.each(Object.keys(reference))(
    'gives the same %s everywhere: command, library, pandas, plain arithmetic',
    (name) => {
      expect(reference[name]!.length).toBeGreaterThan(5)
      expect(difference(command[name]!, reference[name]!), 'command').toBeNull()
      expect(difference(library[name]!, reference[name]!), 'library').toBeNull()
      if (pandas !== null) expect(difference(pandas[name]!, reference[name]!), 'pandas').toBeNull()
    },
  )

  it('hands on the same bars, however they are handed', () => {
    expect(difference(command.handed!, library.handed!)).toBeNull()
    expect(library.shape).toEqual([command.handed!.length, 15])
    if (pandas !== null) expect(difference(pandas.handed!, command.handed!)).toBeNull()
  })

  it('follows with the records that the batch gives, and goes live by the minute', () => {
    const followed = rows<{ volatility: number | null }>(file('followed.ndjson')).map(({ volatility }) => volatility)
    expect(followed.length).toBeGreaterThan(100)
    expect(difference(followed, reference.volatility!.slice(0, followed.length))).toBeNull()
    expect(difference(library.strategy!, reference.volatility!)).toBeNull()
    expect(library.live).toHaveLength(330)
    if (pandas !== null) expect(difference(pandas.newest!, reference.byCount!.slice(-1))).toBeNull()
  })

  it('counts the alerts as they are', () => {
    const values = reference.volatility!.filter((value) => !Number.isNaN(value)) as number[]
    const sorted = values.sort((a, b) => a - b)
    const h = 0.9 * (sorted.length - 1)
    const level = sorted[Math.floor(h)]! + (sorted[Math.ceil(h)]! - sorted[Math.floor(h)]!) * (h % 1)
    const naive = values.filter((value) => value > level).length
    const confirmed = file('confirmed.csv').match(/,enter,/g)!.length
    expect(textOf(PAGE)).toContain(`${naive.toLocaleString('en')} times here`)
    expect(textOf(PAGE)).toContain(`it is ${reference.alerts!.length} times`)
    expect(textOf(PAGE)).toContain(`${confirmed} alerts are left`)
  })

  it('says what the kernel gives, and what is right', () => {
    const values = Array.from({ length: 31 }, (_, i) => (i === 10 ? 26000.2 : 26000.1))
    const wrong = kernel(values, 10)
    if (pandas !== null) expect(difference(pandas.kernel!, wrong)).toBeNull()
    const [still, moved] = [wrong[30]!, wrong[10]!]
    expect(wrong.slice(0, 10).every(Number.isNaN)).toBe(true)
    expect(textOf(PAGE)).toMatch(
      new RegExp(`NaN or ${still.toFixed(6)}, where it is 0.0316228 it gives ${moved.toFixed(7)}\\.`),
    )
    const exact = Math.sqrt((26000.2 - 26000.1) ** 2 / 10)
    library.right!.forEach((value, i) => {
      if (i === 0) expect(value).toBeNull()
      else if (i < 10 || i > 19) expect(value).toBe(0)
      else expect(Math.abs(value! / exact - 1)).toBeLessThan(1e-9)
    })
  })
})

/** The kernel of the page: sums, and sums of squares, that come and go. */
function kernel(values: readonly number[], n: number): number[] {
  let [total, squares] = [0, 0]
  return values.map((value, i) => {
    total += value
    squares += value * value
    if (i >= n) {
      total -= values[i - n]!
      squares -= values[i - n]! ** 2
    }
    return i < n - 1 ? Number.NaN : Math.sqrt((squares - (total * total) / n) / (n - 1))
  })
}

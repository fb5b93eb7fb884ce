import { HOUR, MINUTE, timeOfDay } from '../market/time.ts'
import type { Board, Row } from './board.ts'
import { type Column, fitColumns, rowLine, titleLine, wantedWidths } from './columns.ts'
import { age, amount, change, changePercent, count, finePrice, NONE, price, spread } from './figures.ts'
import { bySign, type Palette } from './palette.ts'
import { sparkline } from './sparkline.ts'
import { displayWidth, truncate } from './width.ts'
import { createZone, type Zone } from './zone.ts'

/** How the live table is drawn. `now` is of the clock the source follows. */
export interface BoardView {
  readonly width: number
  readonly height: number
  readonly palette: Palette
  readonly now: number
  readonly zone?: Zone
}

const FLASH = 600
const STALE = 30_000
const SPARK = 16

/**
 * The live table as text, at most `height` lines of at most `width` cells: a state line, the titles, one line a symbol,
 * and what the day's figures cover. Less important columns go first when the terminal is narrow.
 */
export function renderBoard(board: Board, view: BoardView): string {
  const { width, height, palette, now, zone = createZone() } = view
  const rows = [...board.rows.values()]
  const room = Math.max(1, height - 3)
  const shown = rows.length <= room ? rows : rows.slice(0, Math.max(1, room - 1))
  const columns = boardColumns(now)
  const fitted = fitColumns(columns, wantedWidths(columns, shown), width)
  const lines = [
    stateLine(board, width, palette, now, zone),
    titleLine(fitted, palette),
    ...shown.map((row) => rowLine(fitted, row, palette)),
  ]
  if (shown.length < rows.length) {
    lines.push(palette.faint(truncate(`… ${rows.length - shown.length} more symbols below`, width)))
  }
  lines.push(palette.faint(truncate(coverage(board, zone), width)))
  return lines.slice(0, Math.max(1, height)).join('\n')
}

function boardColumns(now: number): Column<Row>[] {
  const figure = { align: 'right' } as const
  return [
    {
      title: 'symbol',
      align: 'left',
      rank: 0,
      text: (row) => row.symbol,
      paint: (row, p) => (row.halted ? p.warning : p.strong),
    },
    { title: 'name', align: 'left', rank: 4, least: 10, flexible: true, text: (row) => truncate(row.name ?? NONE, 18) },
    { ...figure, title: 'last', rank: 0, least: 8, text: lastText, paint: (row, p) => lastPaint(row, p, now) },
    { ...figure, title: 'change', rank: 6, least: 7, text: (row) => change(changeOf(row)), paint: byChange },
    { ...figure, title: '%', rank: 1, least: 7, text: (row) => changePercent(fractionOf(row)), paint: byChange },
    { ...figure, title: 'bid size', rank: 9, least: 6, text: (row) => amount(row.bid_size), paint: (_, p) => p.faint },
    { ...figure, title: 'bid', rank: 2, least: 8, text: (row) => price(row.bid) },
    { ...figure, title: 'ask', rank: 2, least: 8, text: (row) => price(row.ask) },
    { ...figure, title: 'ask size', rank: 9, least: 6, text: (row) => amount(row.ask_size), paint: (_, p) => p.faint },
    { ...figure, title: 'spread', rank: 12, least: 6, text: spreadText },
    { ...figure, title: 'low', rank: 10, least: 8, text: (row) => price(row.low) },
    { ...figure, title: 'high', rank: 10, least: 8, text: (row) => price(row.high) },
    { ...figure, title: 'VWAP', rank: 11, least: 8, text: vwapText },
    { ...figure, title: 'volume', rank: 5, least: 6, text: (row) => amount(row.volume) },
    { ...figure, title: 'turnover', rank: 8, least: 8, text: (row) => amount(row.turnover) },
    {
      title: 'day',
      align: 'left',
      rank: 7,
      least: SPARK,
      text: (row) => sparkline(row.path.points, SPARK),
      paint: byChange,
    },
    {
      ...figure,
      title: 'age',
      rank: 3,
      least: 3,
      text: (row) => ageText(row, now),
      paint: (row, p) => agePaint(row, p, now),
    },
  ]
}

function changeOf({ last, prev_close }: Row): number | null {
  return last === null || prev_close === null ? null : last - prev_close
}

function fractionOf(row: Row): number | null {
  const difference = changeOf(row)
  return difference === null || !row.prev_close ? null : difference / row.prev_close
}

function byChange(row: Row, palette: Palette): (text: string) => string {
  return bySign(palette, changeOf(row) ?? row.direction)
}

function lastText(row: Row): string {
  const arrow = row.direction > 0 ? '▲' : row.direction < 0 ? '▼' : ' '
  return `${arrow}${price(row.last)}`
}

/** The last price stands out for a moment after it changed. */
function lastPaint(row: Row, palette: Palette, now: number): (text: string) => string {
  const paint = bySign(palette, row.direction)
  return now - row.changed_at < FLASH ? (text) => palette.strong(paint(text)) : paint
}

function spreadText({ bid, ask }: Row): string {
  return bid === null || ask === null ? NONE : spread(ask - bid)
}

function vwapText({ value, volume }: Row): string {
  return value === null || !volume ? NONE : finePrice(value / volume)
}

function ageText({ tick_at, halted }: Row, now: number): string {
  return halted ? 'halt' : tick_at === null ? NONE : age(now - tick_at)
}

function agePaint({ tick_at, halted }: Row, palette: Palette, now: number): (text: string) => string {
  return halted || (tick_at !== null && now - tick_at > STALE) ? palette.warning : palette.faint
}

const STATE_SIGNS: Readonly<Record<string, string>> = { up: '●', connecting: '○', waiting: '○', lost: '✗', ended: '■' }

function stateLine(board: Board, width: number, palette: Palette, now: number, zone: Zone): string {
  const states = [...board.feeds].map(([source, { state, detail }]) => {
    const word = state === 'up' || detail === '' ? state : `${state}: ${detail}`
    return { sign: STATE_SIGNS[state] ?? '●', state, text: `${source} ${word}` }
  })
  const right = zone.clock(now)
  const left =
    states.length === 0 ? '○ waiting for data' : states.map(({ sign, text }) => `${sign} ${text}`).join('   ')
  const cut = truncate(left, Math.max(0, width - right.length - 2))
  const paint = states.some(({ state }) => state === 'lost' || state === 'waiting') ? palette.warning : palette.good
  const space = ' '.repeat(Math.max(1, width - displayWidth(cut) - right.length))
  return width < right.length + 2 ? truncate(left, width) : `${paint(cut)}${space}${palette.faint(right)}`
}

/** Figures of the day begin when watching began: said unless that was before the opening. */
function coverage({ ticks, gaps, lastGap, rejected, warning, firstTickAt }: Board, zone: Zone): string {
  const parts = [`${count(ticks)} ${ticks === 1 ? 'tick' : 'ticks'}`]
  if (firstTickAt !== null && timeOfDay(firstTickAt) > 9 * HOUR + 31 * MINUTE) {
    parts.push(`day figures since ${zone.minute(firstTickAt)}`)
  }
  if (lastGap)
    parts.push(
      `${gaps} ${gaps === 1 ? 'gap' : 'gaps'}, last ${zone.clock(lastGap.from)} to ${zone.clock(lastGap.to)} (${lastGap.cause})`,
    )
  if (rejected > 0) parts.push(`${count(rejected)} rejected`)
  if (warning) parts.push(`warning: ${warning}`)
  return parts.join(' · ')
}

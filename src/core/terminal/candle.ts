import type { ValueScale } from './value-scale.ts'

/** Prices of a bar, or of several joined. */
export interface Candle {
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
}

/** What covers half a cell: nothing, the wick (low to high), the body (open to close). */
type Half = 0 | 1 | 2

/** Levels of half a row, counted from the lowest. */
interface Levels {
  readonly body: readonly [low: number, high: number]
  readonly wick: readonly [low: number, high: number]
}

/** A cell of a thin rising candle by what its upper and its lower half show. */
const THIN: readonly (readonly [string, string, string])[] = [
  [' ', '╷', '╻'],
  ['╵', '│', '╽'],
  ['╹', '╿', '┃'],
]
const WIDEST = 9

/** Signs of a rising and a falling candle of this width, for a legend. */
export function candleSigns(width: number): { up: string; down: string } {
  return bodyWidth(width) === 1 ? { up: '┃', down: '█' } : { up: '┌┐', down: '██' }
}

/** Cells of the body of a candle in a place so many cells wide: an odd number, the wick is in its middle. */
export function bodyWidth(width: number): number {
  if (width < 4) return 1
  const wanted = Math.floor(width * 0.75)
  return Math.min(WIDEST, wanted % 2 === 0 ? wanted - 1 : wanted)
}

/**
 * A candle from top to bottom, every line `width` cells. Shape tells the direction without colour: a falling body is
 * solid, a rising one is a thin line or, where there is room, a hollow box.
 */
export function candleLines(candle: Candle, scale: ValueScale, width: number): string[] {
  const { open, high, low, close } = candle
  const level = (value: number): number =>
    Math.max(0, Math.min(2 * scale.rows - 1, Math.floor((scale.row(value) + 0.5) * 2)))
  const levels: Levels = {
    body: [level(Math.min(open, close)), level(Math.max(open, close))],
    wick: [level(low), level(high)],
  }
  const body = bodyWidth(width)
  const cellsOf = close < open ? solid : body === 1 ? thin : hollow
  return Array.from({ length: scale.rows }, (_, line) => cellsOf(levels, scale.rows - 1 - line, body).padEnd(width))
}

function halves({ body, wick }: Levels, row: number): [upper: Half, lower: Half] {
  const half = (at: number): Half => (at >= body[0] && at <= body[1] ? 2 : at >= wick[0] && at <= wick[1] ? 1 : 0)
  return [half(2 * row + 1), half(2 * row)]
}

function thin(levels: Levels, row: number): string {
  const [upper, lower] = halves(levels, row)
  return THIN[upper]![lower]!
}

function solid(levels: Levels, row: number, width: number): string {
  const [upper, lower] = halves(levels, row)
  if (upper !== 2 && lower !== 2) return centred(THIN[upper]![lower]!, width)
  return (upper === 0 ? '▄' : lower === 0 ? '▀' : '█').repeat(width)
}

/** A box over the rows that the body touches; a body within one row is a line. */
function hollow({ body, wick }: Levels, row: number, width: number): string {
  const [bottom, top] = [body[0] >> 1, body[1] >> 1]
  if (row < bottom || row > top) return centred(thin({ wick, body: NOWHERE }, row), width)
  const above = wick[1] > 2 * top + 1
  const below = wick[0] < 2 * bottom
  const edge = (sign: string): string => centred(sign, width - 2, '─')
  if (top === bottom) return centred(above && below ? '┼' : above ? '┴' : below ? '┬' : '─', width, '─')
  if (row === top) return `┌${edge(above ? '┴' : '─')}┐`
  if (row === bottom) return `└${edge(below ? '┬' : '─')}┘`
  return `│${' '.repeat(width - 2)}│`
}

const NOWHERE = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] as const

function centred(sign: string, width: number, around = ' '): string {
  const side = around.repeat((width - 1) / 2)
  return side + sign + side
}

import type { VolatilityRecord } from '../statistics/volatility/record.ts'
import { type ChartView, frame, frameWidth, inColumns, largest } from './chart-frame.ts'
import { percent } from './figures.ts'

const BLOCKS = ' ▁▂▃▄▅▆▇█'
const THRESHOLD = '─'

interface Column {
  readonly start: number
  readonly value: number
  readonly threshold: number | null
  readonly state: VolatilityRecord['state']
}

/**
 * Volatility of one symbol as an area under its threshold, one column an evaluation point; of more points than columns
 * each column shows its highest. An empty text when there is nothing to draw.
 * @param annualized whether to draw figures per year
 */
export function renderVolatilityChart(
  records: readonly VolatilityRecord[],
  view: ChartView,
  annualized = false,
): string {
  const known = records.filter(({ volatility }) => volatility !== null)
  if (known.length === 0) return ''
  const scaled = known.map((record) => scale(record, annualized))
  const top = largest(scaled.map(({ value, threshold }) => Math.max(value, threshold ?? 0)))
  const room = Math.max(1, view.width - frameWidth([percent(top), percent(top / 2), percent(0)]))
  const columns = inColumns(scaled, room).map(highest)
  const { height, palette, zone } = view
  const lines = Array.from({ length: height }, (_, line) => {
    const floor = height - 1 - line
    return columns.map((column) => cell(column, floor, top, height, view)).join('')
  })
  const [first, last] = [known[0]!, known.at(-1)!]
  const per = annualized ? 'volatility per year' : 'volatility'
  const title = `${last.symbol}  ${per} (${last.estimator}, ${last.window})  ${zone.local(first.timestamp).slice(0, 16)} to ${zone.local(last.timestamp).slice(0, 16)}`
  const times = columns.map(({ start }) => start)
  return frame({ title, lines, columns: columns.length, label: percent, top, bottom: 0, times }, { ...view, palette })
}

function scale(
  { timestamp, volatility, annualized: yearly, threshold, state }: VolatilityRecord,
  annualized: boolean,
): Column {
  const factor = annualized && yearly !== null && volatility ? yearly / volatility : 1
  return {
    start: timestamp,
    value: volatility! * factor,
    threshold: threshold === null ? null : threshold * factor,
    state,
  }
}

function highest(group: readonly Column[]): Column {
  const peak = group.reduce((most, column) => (column.value > most.value ? column : most))
  return { ...peak, start: group[0]!.start }
}

/** One cell of a column: `floor` counts lines from the bottom. */
function cell(
  { value, threshold, state }: Column,
  floor: number,
  top: number,
  height: number,
  { palette }: ChartView,
): string {
  const eighths = top > 0 ? Math.round((value / top) * height * 8) - floor * 8 : 0
  const block = BLOCKS[Math.max(0, Math.min(8, eighths))]!
  if (block === ' ') {
    const here = threshold !== null && top > 0 && Math.min(height - 1, Math.floor((threshold / top) * height)) === floor
    return here ? palette.faint(THRESHOLD) : ' '
  }
  return state === 'alert'
    ? palette.alert(block)
    : state === 'unconfirmed'
      ? palette.warning(block)
      : palette.good(block)
}

import { DAY } from '../../core/market/time.ts'
import { moment } from '../clock.ts'
import { type Desk, nameOf } from '../desk/desk.ts'
import type { Watched } from '../desk/watched.ts'
import { element, Field } from '../dom.ts'
import { price } from '../figures.ts'
import { isChinese, text } from '../texts/texts.ts'

/** How long a summary stands, ms. */
const RENEWED = 5_000

/** The chart in words, for those who cannot see it, and where there is nothing to see. */
export class ChartWords {
  readonly #note = new Field(element('chart-note'))
  readonly #summary = new Field(element('chart-summary'))
  #writtenAt = Number.NEGATIVE_INFINITY

  /** Another symbol, interval or language: what stands there is true no more. */
  renew(): void {
    this.#writtenAt = Number.NEGATIVE_INFINITY
  }

  /** There is no symbol to show. */
  nothing(): void {
    this.#note.set(text('chart.empty'))
  }

  paint({ symbol, every, timeline, decimals }: Watched, desk: Desk): void {
    this.#note.set(timeline.points.length === 0 ? text('chart.empty') : '')
    if (performance.now() - this.#writtenAt < RENEWED) return
    this.#writtenAt = performance.now()
    const bars = timeline.points.flatMap(({ bar }) => bar ?? [])
    const [first, last] = [bars[0], bars.at(-1)]
    if (first === undefined || last === undefined) return
    const figures = Object.fromEntries(
      (['open', 'high', 'low', 'close'] as const).map((name) => [name, price(last[name], decimals)]),
    )
    const name = `${symbol} ${nameOf(desk.rows.get(symbol), isChinese())}`
    const range = { from: moment(first.start, timeline.every < DAY), to: moment(last.start, timeline.every < DAY) }
    this.#summary.set(text('chart.summary', { name, every, bars: bars.length, ...range, ...figures }))
  }
}

import type { ChartBar, ChartVolatility } from '../../core/dashboard/protocol.ts'
import { DAY } from '../../core/market/time.ts'
import { moment } from '../clock.ts'
import type { Point } from '../desk/timeline.ts'
import { Field, make } from '../dom.ts'
import { amount, changePercent, count, NONE, percent, price, ratio, tone } from '../figures.ts'
import { type Key, text } from '../texts/texts.ts'

const BAR = ['open', 'high', 'low', 'closing', 'watch.change', 'volume', 'turnover', 'vwap', 'feed.ticks'] as const
const VOLATILITY = ['volatility', 'usual', 'threshold', 'turnover-ratio'] as const
type Name = (typeof BAR)[number] | (typeof VOLATILITY)[number]

/** The figures of one step of the chart, as text over it. */
export class Legend {
  readonly #time: Field
  readonly #gap: Field
  readonly #values = new Map<Name, Field>()
  readonly #names: { readonly key: Key; readonly field: Field }[] = []

  constructor(bar: HTMLElement, volatility: HTMLElement) {
    this.#time = new Field(make('span', 'legend-time'))
    this.#gap = new Field(make('span', 'legend-gap'))
    bar.append(this.#time.element, this.#gap.element, ...BAR.map((name) => this.#entry(name)))
    volatility.append(...VOLATILITY.map((name) => this.#entry(name)))
    this.translate()
  }

  translate(): void {
    for (const { key, field } of this.#names) field.set(text(key))
  }

  show(point: Point | undefined, record: ChartVolatility | null, decimals: number): void {
    const bar = point?.bar ?? null
    this.#time.set(point ? moment(point.start, point.end - point.start < DAY / 8) : '')
    this.#gap.set(bar?.has_gap ? text('chart.gap') : '')
    this.#showBar(bar, decimals)
    this.#set('volatility', percent(record?.volatility ?? null))
    this.#set('usual', percent(record?.usual ?? null))
    this.#set('threshold', percent(record?.threshold ?? null))
    this.#set('turnover-ratio', ratio(record?.volume_ratio ?? null))
  }

  #showBar(bar: ChartBar | null, decimals: number): void {
    const figure = (name: 'open' | 'high' | 'low' | 'close'): string => (bar ? price(bar[name], decimals) : NONE)
    const moved = bar ? bar.close / bar.open - 1 : null
    this.#set('open', figure('open'))
    this.#set('high', figure('high'))
    this.#set('low', figure('low'))
    this.#values.get('closing')!.set(figure('close'), tone(moved))
    this.#values.get('watch.change')!.set(changePercent(moved), tone(moved))
    this.#set('volume', amount(bar?.volume ?? null))
    this.#set('turnover', amount(bar?.turnover ?? null))
    this.#set('vwap', price(bar?.vwap ?? null, 3))
    this.#set('feed.ticks', count(bar?.trades ?? null))
  }

  #set(name: Name, value: string): void {
    this.#values.get(name)!.set(value)
  }

  #entry(name: Name): HTMLElement {
    const title = new Field(make('span', 'legend-name'))
    const value = new Field(make('span', 'legend-value'))
    this.#names.push({ key: name, field: title })
    this.#values.set(name, value)
    return make('span', `legend-entry legend-${name.replace('.', '-')}`, title.element, value.element)
  }
}

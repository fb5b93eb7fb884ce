const WIDTH = 62
const HEIGHT = 22
const NAMESPACE = 'http://www.w3.org/2000/svg'

/** The day in small: closes of its minutes against the close before it. */
export class Sparkline {
  readonly element = document.createElementNS(NAMESPACE, 'svg')
  readonly #line = document.createElementNS(NAMESPACE, 'path')
  readonly #base = document.createElementNS(NAMESPACE, 'path')

  constructor() {
    this.element.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`)
    this.element.setAttribute('class', 'spark')
    this.element.setAttribute('aria-hidden', 'true')
    this.#base.setAttribute('class', 'spark-base')
    this.#line.setAttribute('class', 'spark-line')
    this.element.append(this.#base, this.#line)
  }

  show(trend: readonly number[], last: number | null, before: number | null): void {
    const values = last === null ? trend : [...trend, last]
    this.#line.setAttribute('d', values.length < 2 ? '' : lineOf(values, before))
    const y = values.length < 2 || before === null ? null : yOf(before, ...rangeOf(values, before))
    this.#base.setAttribute('d', y === null ? '' : `M0 ${y}H${WIDTH}`)
  }
}

function lineOf(values: readonly number[], before: number | null): string {
  const [low, high] = rangeOf(values, before)
  const step = WIDTH / (values.length - 1)
  return values.map((value, i) => `${i === 0 ? 'M' : 'L'}${(i * step).toFixed(1)} ${yOf(value, low, high)}`).join('')
}

function rangeOf(values: readonly number[], before: number | null): readonly [number, number] {
  const all = before === null ? values : [...values, before]
  return [Math.min(...all), Math.max(...all)]
}

function yOf(value: number, low: number, high: number): string {
  return (high === low ? HEIGHT / 2 : 1 + ((high - value) / (high - low)) * (HEIGHT - 2)).toFixed(1)
}

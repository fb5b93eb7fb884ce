import type { Bar } from '../../market/bar.ts'
import type { Quote, Tick } from '../../market/event.ts'
import { BarSeries } from './bar-series.ts'
import { GridSeries } from './grid-series.ts'
import type { Settings } from './options.ts'
import type { Point, Series } from './record.ts'
import { TickSeries } from './tick-series.ts'

/** The series of one symbol that the estimator asks for. @param emit called with every point, in order of time */
export function seriesOf(settings: Settings, emit: (point: Point) => void): Series<Tick | Quote | Bar> {
  const { name } = settings.estimator
  const Kind = name === 'tick-std' ? TickSeries : name === 'grid-std' ? GridSeries : BarSeries
  return new Kind(settings, emit)
}

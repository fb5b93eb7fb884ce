import type { Bar } from '../../market/bar.ts'
import type { Quote, Tick } from '../../market/event.ts'
import { BarSeries } from './bar-series.ts'
import { GridSeries } from './grid-series.ts'
import type { Settings } from './options.ts'
import type { Point, Series } from './record.ts'
import { TickSeries } from './tick-series.ts'

/**
 * The series of one symbol that the estimator asks for.
 * @param emit called with every point, in order of time
 * @param onTooLate told of each trade (its time, epoch ms) whose point has been given
 */
export function seriesOf(
  settings: Settings,
  emit: (point: Point) => void,
  onTooLate?: (time: number) => void,
): Series<Tick | Quote | Bar> {
  const { name } = settings.estimator
  if (name === 'grid-std') return new GridSeries(settings, emit, onTooLate)
  return name === 'tick-std' ? new TickSeries(settings, emit) : new BarSeries(settings, emit)
}

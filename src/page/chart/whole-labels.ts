import type { ISeriesApi, PriceFormatCustom, SeriesType } from 'lightweight-charts'
import { price } from '../figures.ts'

/** Half of the height of a figure, px. */
const HALF = 4
/** Height of the axis's name, px. */
const NAME = 16

/** How a series writes prices with so many decimals, under the name of its axis. */
export function priceLabels(series: ISeriesApi<SeriesType>, decimals: number): { priceFormat: PriceFormatCustom } {
  const formatter = (value: number): string => price(value, decimals)
  return wholeLabels(series, { minMove: 10 ** -decimals, formatter, covered: NAME })
}

/**
 * How a series writes its prices, on the axis without the labels that an edge of the pane would cut.
 * @param covered what of the axis its name covers at the top of the pane, px
 */
export function wholeLabels(
  series: ISeriesApi<SeriesType>,
  { formatter, minMove, covered = 0 }: Pick<PriceFormatCustom, 'formatter' | 'minMove'> & { covered?: number },
): { priceFormat: PriceFormatCustom } {
  // A series without values, which another's may stand beside, knows no heights.
  const isWhole = (value: number): boolean => {
    const y = series.priceToCoordinate(value)
    return y === null || (y >= covered + HALF && y <= series.getPane().getHeight() - HALF)
  }
  const tickmarksFormatter = (values: readonly number[]): string[] =>
    values.map((value) => (isWhole(value) ? formatter(value as never) : ''))
  return { priceFormat: { type: 'custom', minMove, formatter, tickmarksFormatter } }
}

import type { ISeriesApi } from 'lightweight-charts'
import { describe, expect, it } from 'vitest'
import { priceLabels, wholeLabels } from '../../src/page/chart/whole-labels.ts'

/** A series in a pane of 100 px that shows 0 at its bottom and 100 at its top. */
const series = {
  priceToCoordinate: (value: number) => 100 - value,
  getPane: () => ({ getHeight: () => 100 }),
} as unknown as ISeriesApi<'Line'>

describe('labels of a price axis', () => {
  it('are left out where an edge of the pane would cut them', () => {
    const { priceFormat } = wholeLabels(series, { minMove: 1, formatter: String })
    const labels = priceFormat.tickmarksFormatter!([0, 3, 4, 50, 96, 97] as never)
    expect(labels).toEqual(['', '', '4', '50', '96', ''])
  })

  it('are all there of a series without values', () => {
    const empty = { ...series, priceToCoordinate: () => null } as unknown as typeof series
    const { priceFormat } = wholeLabels(empty, { minMove: 1, formatter: String })
    expect(priceFormat.tickmarksFormatter!([0, 50, 97] as never)).toEqual(['0', '50', '97'])
  })

  it('make room for the name of the axis, and have the decimals of the prices', () => {
    const { priceFormat } = priceLabels(series, 3)
    expect(priceFormat.tickmarksFormatter!([50, 80, 81] as never)).toEqual(['50.000', '80.000', ''])
    expect([priceFormat.minMove, priceFormat.formatter(-1e-17 as never)]).toEqual([0.001, '0.000'])
  })
})

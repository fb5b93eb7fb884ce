import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY, HOUR, MINUTE, parseTime } from '../../src/core/market/time.ts'
import { stretchesOf } from '../../src/core/terminal/chart-breaks.ts'
import { evenly, plotted, stretched, widthOf } from '../../src/core/terminal/chart-columns.ts'

const at = (text: string): number => parseTime(`2026-11-${text}`)
const moment = (time: number) => ({ start: time, end: time })
const minutes = (from: string, count: number, step = 1): number[] =>
  Array.from({ length: count }, (_, i) => at(from) + i * step * MINUTE)
const day = (date: string): number[] => [...minutes(`${date}T09:31`, 150), ...minutes(`${date}T13:01`, 180)]
const shape = (times: readonly number[], columns: number): string[] =>
  stretchesOf(times, moment, columns).map(({ after, items }) => `${after ?? 'first'} ${items.length}`)

describe('the breaks of a chart', () => {
  it('are lunch and nights', () => {
    expect(shape([...day('19'), ...day('20')], 80)).toEqual(['first 150', 'pause 180', 'night 150', 'pause 180'])
  })

  it('are where data is missing for five minutes and two steps', () => {
    expect(shape([...minutes('20T10:00', 10), ...minutes('20T10:14', 10)], 80)).toEqual(['first 10', 'pause 10'])
    expect(shape([...minutes('20T10:00', 10), ...minutes('20T10:13', 10)], 80)).toEqual(['first 20'])
    expect(shape([...minutes('20T10:00', 10, 5), ...minutes('20T10:54', 10, 5)], 80)).toEqual(['first 20'])
  })

  it('are left out by kind where they have no room, and between days', () => {
    expect(shape([...day('19'), ...day('20')], 20)).toEqual(['first 330', 'night 330'])
    expect(shape([...day('19'), ...day('20')], 7)).toEqual(['first 660'])
    expect(
      shape(
        [0, 1, 2, 5, 6].map((n) => at('16T16:00') + n * DAY),
        80,
      ),
    ).toEqual(['first 5'])
  })
})

/** Times with breaks of every kind. */
const times = fc
  .array(fc.constantFrom(0, 1_000, MINUTE, 6 * MINUTE, HOUR, 17 * HOUR), { minLength: 1, maxLength: 400 })
  .map((steps) => {
    let time = at('02T09:30')
    return steps.map((step) => {
      time += step
      return time
    })
  })
const room = fc.integer({ min: 1, max: 250 })

describe('the places of a chart', () => {
  it('stretched over the width fill it, and show every item once and in order', () => {
    fc.assert(
      fc.property(times, room, (items, cells) => {
        const places = stretched(items, moment, cells)
        expect(widthOf(places)).toBe(cells)
        expect(places.flatMap((place) => place.items)).toEqual(items)
      }),
    )
  })

  it('of one width show every item once, and leave less than a cell a place free', () => {
    fc.assert(
      fc.property(times, room, (items, cells) => {
        const places = evenly(items, moment, cells)
        expect(new Set(places.map(({ width }) => width)).size).toBe(1)
        expect(places.flatMap((place) => place.items)).toEqual(items)
        expect(widthOf(places)).toBeLessThanOrEqual(cells)
        expect(cells - widthOf(places)).toBeLessThan(places.length)
      }),
    )
  })

  it('lie side by side, one cell apart at a break', () => {
    fc.assert(
      fc.property(times, room, fc.constantFrom(stretched, evenly), (items, cells, layOut) => {
        let next = 0
        for (const { at: cell, width, after } of layOut(items, moment, cells)) {
          expect(cell).toBe(next + (after === null ? 0 : 1))
          expect(width).toBeGreaterThan(0)
          next = cell + width
        }
      }),
    )
  })

  it('are never shared across a break that is shown', () => {
    const places = evenly([...day('19'), ...day('20')], moment, 60)
    for (const { items } of places) expect(items.at(-1)! - items[0]!).toBeLessThan(HOUR)
    expect(places.filter(({ after }) => after !== null)).toHaveLength(3)
  })

  it('become lines with a dotted line for a night and a free cell for a pause', () => {
    const items = [...minutes('19T10:00', 3), ...minutes('19T13:00', 3), ...minutes('20T10:00', 3)]
    const lines = plotted(
      stretched(items, moment, 29),
      2,
      ({ width }) => ['a', 'b'].map((cell) => cell.repeat(width)),
      String,
    )
    expect(lines).toEqual(['aaaaaaaaa aaaaaaaaa┊aaaaaaaaa', 'bbbbbbbbb bbbbbbbbb┊bbbbbbbbb'])
  })
})

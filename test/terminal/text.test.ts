import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  age,
  amount,
  bytes,
  change,
  changePercent,
  count,
  milliseconds,
  NONE,
  percent,
  price,
  ratio,
  spread,
} from '../../src/core/terminal/figures.ts'
import { PathSample } from '../../src/core/terminal/path-sample.ts'
import { sanitise } from '../../src/core/terminal/sanitise.ts'
import { sparkline } from '../../src/core/terminal/sparkline.ts'
import { displayWidth, fit, truncate } from '../../src/core/terminal/width.ts'
import { createZone, isoOf } from '../../src/core/terminal/zone.ts'

describe('text from outside', () => {
  it.each([
    ['colours', '\u001b[31mred\u001b[0m', 'red'],
    ['cursor moves', 'a\u001b[2J\u001b[1;1Hb', 'ab'],
    ['a title', '\u001b]0;owned\u0007name', 'name'],
    ['a link', '\u001b]8;;http://x\u001b\\text\u001b]8;;\u001b\\', 'text'],
    ['eight-bit sequences', '\u009b31mred\u009d0;t\u009c', 'red'],
    ['an unfinished sequence', 'name\u001b[', 'name'],
    ['a bell, a backspace, a null', 'a\u0007b\u0008c\u0000', 'abc'],
    ['line breaks', 'one\r\ntwo\tthree\u2028four', 'one two three four'],
    ['a right-to-left override', 'abc\u202edcba\u202c', 'abcdcba'],
    ['invisible characters', 'a\u200bb\ufeffc\u2066d', 'abcd'],
    ['half a surrogate pair', 'a\ud800b', 'a\ufffdb'],
  ])('loses %s', (_, dirty, clean) => expect(sanitise(dirty)).toBe(clean))

  it('keeps names in any script', () => {
    for (const name of ['騰訊控股', 'HSBC HOLDINGS', 'Café – №1', '美團－Ｗ']) expect(sanitise(name)).toBe(name)
  })

  it('never contains a control character, whatever came', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(sanitise(text)).not.toMatch(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u)
      }),
    )
  })
})

describe('width on the screen', () => {
  it('counts a Chinese character as two cells and a combining mark as none', () => {
    expect(displayWidth('騰訊控股')).toBe(8)
    expect(displayWidth('－Ｗ')).toBe(4)
    expect(displayWidth('e\u0301')).toBe(1)
    expect(displayWidth('▁█–…▲')).toBe(5)
  })

  it('cuts between characters and says so', () => {
    expect(truncate('騰訊控股', 8)).toBe('騰訊控股')
    expect(truncate('騰訊控股', 7)).toBe('騰訊控…')
    expect(truncate('騰訊控股', 6)).toBe('騰訊…')
    expect(truncate('abc', 0)).toBe('')
  })

  it('is exact after fitting, for any text and width', () => {
    const texts = fc.stringMatching(/^[a-z騰訊Ｗ é]{0,12}$/)
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 20 }), fc.constantFrom('left', 'right'), (text, width, align) => {
        expect(displayWidth(fit(text, width, align as 'left'))).toBe(width)
      }),
    )
  })
})

describe('a figure for people', () => {
  it.each([
    [price(412.2), '412.20'],
    [price(0.285), '0.285'],
    [price(0.44), '0.440'],
    [price(24310.55), '24,310.55'],
    [change(4.6), '+4.60'],
    [change(-0.005), '-0.005'],
    [change(0), '0.00'],
    [change(412.4 - 412.2), '+0.20'],
    [spread(0.2), '0.20'],
    [spread(-0.05), '-0.05'],
    [changePercent(0.0125), '+1.25%'],
    [changePercent(-0.00001), '0.00%'],
    [percent(0.384), '38.4%'],
    [percent(0.00061), '0.0610%'],
    [percent(0), '0.0%'],
    [ratio(1.9), '1.90x'],
    [count(49830), '49,830'],
    [amount(999), '999'],
    [amount(9999), '9,999'],
    [amount(9999.7), '10.0K'],
    [amount(12_400), '12.4K'],
    [amount(999_999), '1.00M'],
    [amount(3_210_000), '3.21M'],
    [amount(1_050_000_000), '1.05B'],
    [bytes(999), '999 B'],
    [bytes(14_200_000), '14.2 MB'],
    [bytes(2_500_000_000), '2.5 GB'],
    [age(400), '0s'],
    [age(59_999), '59s'],
    [age(3_600_000), '1h'],
    [age(-5), '0s'],
    [milliseconds(0.84), '0.84 ms'],
    [milliseconds(1250), '1.25 s'],
  ])('reads %s', (text, expected) => expect(text).toBe(expected))

  it('that is unknown or not a number is a dash', () => {
    for (const figure of [price, change, changePercent, percent, ratio, count, amount, milliseconds]) {
      expect(figure(null)).toBe(NONE)
      expect(figure(Number.NaN)).toBe(NONE)
    }
  })
})

describe('a sparkline', () => {
  it('runs from the lowest to the highest value', () => expect(sparkline([1, 2, 3, 8], 10)).toBe('▁▂▃█'))
  it('of a price that stands still is flat', () => expect(sparkline([5, 5, 5], 10)).toBe('▄▄▄'))
  it('of no price is empty', () => expect(sparkline([], 10)).toBe(''))
  it('of many values keeps its width and the last value', () => {
    expect(sparkline([...Array(99).fill(1), 2], 10)).toBe('▁▁▁▁▁▁▁▁▁█')
  })
})

describe('a sampled path', () => {
  it('never holds more points than its capacity, and ends with the last price', () => {
    const times = fc.array(fc.tuple(fc.integer({ min: 0, max: 30_000_000 }), fc.integer({ min: 1, max: 999 })), {
      minLength: 1,
    })
    fc.assert(
      fc.property(times, (events) => {
        const path = new PathSample(16)
        events.sort(([a], [b]) => a - b)
        for (const [time, price] of events) path.add(time, price)
        expect(path.points.length).toBeLessThanOrEqual(16)
        expect(path.points.at(-1)).toBe(events.at(-1)![1])
        const prices = new Set(events.map(([, price]) => price))
        expect(path.points.every((point) => prices.has(point))).toBe(true)
      }),
    )
  })

  it('keeps the newest price when it makes room', () => {
    const path = new PathSample(4, 1_000)
    path.add(0, 10)
    path.add(2_000, 12)
    path.add(5_000, 13)
    expect(path.points).toEqual([10, 12, 13])
  })

  it('carries the price over silent stretches', () => {
    const path = new PathSample(8, 1_000)
    path.add(0, 10)
    path.add(3_500, 11)
    expect(path.points).toEqual([10, 10, 10, 11])
  })
})

describe('a time zone', () => {
  const noon = Date.UTC(2026, 6, 1, 4, 0)

  it('is Hong Kong unless another is asked for', () => {
    expect(createZone().local(noon)).toBe('2026-07-01 12:00:00')
    expect(isoOf(createZone())(noon)).toBe('2026-07-01T12:00:00.000+08:00')
    expect(createZone('Europe/London').clock(noon)).toBe('05:00:00')
    expect(isoOf(createZone('America/New_York'))(noon)).toBe('2026-07-01T00:00:00.000-04:00')
    expect(isoOf(createZone('Asia/Kolkata'))(noon)).toBe('2026-07-01T09:30:00.000+05:30')
    expect(isoOf(createZone('UTC'))(noon)).toBe('2026-07-01T04:00:00.000+00:00')
  })

  it('changes its offset at the hour daylight saving ends', () => {
    const zone = createZone('Europe/London')
    const change = Date.UTC(2026, 9, 25, 1, 0)
    expect([zone.minute(change - 60_000), zone.minute(change)]).toEqual(['01:59', '01:00'])
  })

  it('gives a text that means the same moment', () => {
    const formats = ['Asia/Hong_Kong', 'UTC', 'America/St_Johns', 'Pacific/Auckland'].map((name) =>
      isoOf(createZone(name)),
    )
    fc.assert(
      fc.property(fc.constantFrom(...formats), fc.integer({ min: 0, max: 4e12 }), (iso, time) => {
        expect(Date.parse(iso(time))).toBe(time)
      }),
    )
  })
})

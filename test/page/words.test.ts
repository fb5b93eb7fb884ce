import { afterEach, describe, expect, it } from 'vitest'
import {
  amount,
  bytes,
  change,
  changePercent,
  decimalsOf,
  milliseconds,
  percent,
  price,
} from '../../src/page/figures.ts'
import { PacedPanels } from '../../src/page/paced-panels.ts'
import { en, type Key } from '../../src/page/texts/en.ts'
import { languageOf, speak, text, textOf } from '../../src/page/texts/texts.ts'
import { zhHans } from '../../src/page/texts/zh-hans.ts'
import { zhHant } from '../../src/page/texts/zh-hant.ts'
import { Backoff } from '../../src/page/wire/backoff.ts'

afterEach(() => speak('en'))

describe('figures', () => {
  it('are told with the decimals that a tick size needs', () => {
    expect([price(24_310.5, 2), price(7.185, 3), price(null, 2)]).toEqual(['24,310.50', '7.185', '–'])
    expect([decimalsOf([412.2, 0.5]), decimalsOf([412.2, 7.185]), decimalsOf([null])]).toEqual([2, 3, 2])
  })

  it('have their sign, and none at zero', () => {
    expect([change(4.6, 2), change(-0.005, 3), change(0, 2)]).toEqual(['+4.60', '−0.005', '0.00'])
    expect([changePercent(0.0125), changePercent(-0.3), changePercent(null)]).toEqual(['+1.25%', '−30.00%', '–'])
    expect([percent(0.00123), percent(0)]).toEqual(['0.123%', '0.0%'])
  })

  it('are large amounts in the units of the language', () => {
    const amounts = (): string[] => [9_800, 123_456, 105_000_000, 2.4e12].map(amount)
    expect(amounts()).toEqual(['9,800', '123K', '105M', '2.40T'])
    speak('zh-Hant')
    expect(amounts()).toEqual(['9,800', '12.3萬', '1.05億', '2.40萬億'])
    speak('zh-Hans')
    expect(amounts()).toEqual(['9,800', '12.3万', '1.05亿', '2.40万亿'])
  })

  it('are bytes and times', () => {
    expect([bytes(1.42e8), bytes(2e9), bytes(512)]).toEqual(['142.0 MB', '2.0 GB', '512 B'])
    expect([milliseconds(0.84), milliseconds(84.2), milliseconds(1_250)]).toEqual(['0.8 ms', '84 ms', '1.25 s'])
    expect([900_000, 7 * 3_600_000, -3.2 * 86_400_000].map(milliseconds)).toEqual(['15.0 min', '7.0 h', '-3.2 d'])
  })
})

describe('texts', () => {
  it('put the same things in, in every language', () => {
    const holes = (words: string): string[] => [...words.matchAll(/\{\w+\}/g)].map(([hole]) => hole).sort()
    for (const key of Object.keys(en) as Key[]) {
      expect([key, holes(zhHant[key]), holes(zhHans[key])]).toEqual([key, holes(en[key]), holes(en[key])])
    }
  })

  it('put text in as it is, braces and dollars too', () => {
    expect(text('refused', { reason: '{reason} $& <b>' })).toBe('hkq refused: {reason} $& <b>')
  })

  it('are the word itself where it is none that is known', () => {
    expect([textOf('flag', 'odd_lot'), textOf('flag', 'new_flag'), textOf('feed', 'toString')]).toEqual([
      ...['odd lot', 'new_flag', 'toString'],
    ])
  })

  it('are in the language that the browser asks for', () => {
    const asked: [string, string][] = [
      ['zh-HK', 'zh-Hant'],
      ['zh-TW', 'zh-Hant'],
      ['zh-Hant-HK', 'zh-Hant'],
      ['zh-CN', 'zh-Hans'],
      ['zh-Hans-HK', 'zh-Hans'],
      ['zh', 'zh-Hans'],
      ['en-GB', 'en'],
      ['fr', 'en'],
    ]
    for (const [tag, language] of asked) expect([tag, languageOf([tag])]).toEqual([tag, language])
    expect(languageOf(['fr-FR', 'zh-HK', 'en'])).toBe('zh-Hant')
  })
})

describe('attempts to connect', () => {
  it('wait 0.3 s at first and never more than 5 s', () => {
    const backoff = new Backoff()
    expect(Array.from({ length: 7 }, () => backoff.next())).toEqual([300, 600, 1_200, 2_400, 4_800, 5_000, 5_000])
    backoff.reset()
    expect(backoff.next()).toBe(300)
  })
})

describe('parts of the page', () => {
  it('are painted at their own pace, and what is not due comes later', () => {
    const painted: string[] = []
    const panels = new PacedPanels([
      { pace: 0, paint: () => painted.push('price') },
      { pace: 100, paint: () => painted.push('list') },
    ])
    const turn = (now: number, isNews: boolean): [boolean, string] => [
      panels.paint(now, isNews),
      painted.splice(0).join(' '),
    ]
    expect(turn(0, true)).toEqual([false, 'price list'])
    expect(turn(16, true)).toEqual([true, 'price'])
    expect(turn(32, false)).toEqual([true, ''])
    expect(turn(100, false)).toEqual([false, 'list'])
    expect(turn(116, false)).toEqual([false, ''])
    panels.hurry()
    expect(turn(120, true)).toEqual([false, 'price list'])
  })
})

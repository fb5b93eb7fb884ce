import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  choice,
  choices,
  duration,
  integer,
  interval,
  listenPlace,
  type Parser,
  percentOrOff,
  port,
  portOrOff,
  positive,
  quantile,
  repeated,
  time,
  timeZone,
  tradingDays,
  until,
  window,
} from '../../src/commands/_values.ts'
import { HkqError } from '../../src/core/errors.ts'
import { formatIso } from '../../src/core/market/time.ts'

/** The message of a refusal. */
function refusal<T>(parse: Parser<T>, text: string): string {
  try {
    parse(text)
  } catch (error) {
    expect(error).toBeInstanceOf(HkqError)
    expect((error as HkqError).exitCode, 'a wrong value is a usage error').toBe(2)
    return (error as HkqError).message
  }
  return `"${text}" was accepted`
}

describe('a duration', () => {
  it.each([
    ['100ms', 100],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['1.5h', 5_400_000],
    ['1d', 86_400_000],
  ])('%s is %d ms', (text, ms) => expect(duration(text)).toBe(ms))

  it.each(['', '5', '0s', '-5m', '5M', '5 m', '5x', '1e3s', '5m30s', 'Infinitys', '0.1ms'])('is not "%s"', (text) => {
    expect(refusal(duration, text)).toContain(`unknown duration "${text}"`)
  })

  it.each([
    ['5min', '5m'],
    ['30 sec', '30s'],
    ['2hours', '2h'],
    ['5M', '5m'],
  ])('"%s" is answered with "%s"', (text, slip) => {
    expect(refusal(duration, text)).toContain(`did you mean "${slip}"?`)
  })

  it('reads every whole number of every unit', () => {
    const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), fc.constantFrom('ms', 's', 'm', 'h', 'd'), (n, unit) => {
        expect(duration(`${n}${unit}`)).toBe(n * units[unit])
      }),
    )
  })
})

describe('a window', () => {
  it('is a length of time or a number of ticks', () => {
    expect(window('30m')).toEqual({ ms: 1_800_000 })
    expect(window('1800t')).toEqual({ ticks: 1800 })
  })

  it('of one tick has no deviation and is refused', () => {
    expect(refusal(window, '1t')).toContain('at least 2')
    expect(refusal(window, '1.5t')).toContain('1800t')
  })
})

describe('an interval of bars', () => {
  it.each(['1s', '10s', '30s', '60s', '1m', '7m', '1h', '3h'])('may be %s', (text) => {
    expect(interval(text)).toBe(duration(text))
  })

  it('of 1d is a trading day, which 24h is not', () => {
    expect(interval('1d')).toBe(86_400_000)
    expect(refusal(interval, '24h')).toContain('did you mean "1d"?')
  })

  it.each(['7s', '90s', '500ms', '2d', '25h', '0m', '1.5s', 'banana', '1w'])('is not "%s"', (text) => {
    expect(refusal(interval, text)).toContain(`unknown interval "${text}"`)
  })
})

describe('a number of trading days', () => {
  it('is written 20d', () => expect(tradingDays('20d')).toBe(20))
  it.each(['20', '0d', '1.5d', '30m'])('is not "%s"', (text) => {
    expect(refusal(tradingDays, text)).toContain('e.g. 20d')
  })
})

describe('a moment', () => {
  const now = Date.UTC(2026, 10, 23, 2, 0) // 10:00 in Hong Kong
  const iso = (text: string): string => formatIso(time(text, now))

  it.each([
    ['2026-11-23', '2026-11-23T00:00:00.000+08:00'],
    ['2026-11-23T09:30', '2026-11-23T09:30:00.000+08:00'],
    ['2026-11-23 09:30:15.5', '2026-11-23T09:30:15.500+08:00'],
    ['2026-11-23T09:30Z', '2026-11-23T17:30:00.000+08:00'],
    ['09:30', '2026-11-23T09:30:00.000+08:00'],
    ['16:00:03', '2026-11-23T16:00:03.000+08:00'],
    ['-2h', '2026-11-23T08:00:00.000+08:00'],
    ['-1d', '2026-11-22T10:00:00.000+08:00'],
    ['now', '2026-11-23T10:00:00.000+08:00'],
  ])('%s is %s', (text, expected) => expect(iso(text)).toBe(expected))

  it("takes a bare clock time as Hong Kong's day, whatever day it is elsewhere", () => {
    const lateInLondon = Date.UTC(2026, 10, 22, 23, 0) // 07:00 on the 23rd in Hong Kong
    expect(formatIso(time('09:30', lateInLondon))).toBe('2026-11-23T09:30:00.000+08:00')
  })

  it.each(['2026-02-30', '25:00', '09:60', 'yesterday', '', '-', '-2', '2h', '1700000000', '2026-11'])(
    'is not "%s"',
    (text) => expect(refusal((value) => time(value, now), text)).toContain(`unknown time "${text}"`),
  )

  it.each([
    ['9:30', '09:30'],
    ['20261123', '2026-11-23'],
    ['2026/11/3', '2026-11-03'],
    ['nwo', 'now'],
  ])('"%s" is answered with "%s"', (text, slip) => {
    expect(refusal((value) => time(value, now), text)).toContain(`did you mean "${slip}"?`)
  })

  it('to stop at may be the close', () => {
    expect(until('close', now)).toBe('close')
    expect(until('11:00', now)).toBe(now + 3_600_000)
    expect(refusal((value) => until(value, now), 'clsoe')).toContain('did you mean "close"?')
  })
})

describe('a percentage', () => {
  it.each([
    ['20%', 0.2],
    ['0.2', 0.2],
    ['150%', 1.5],
    ['off', false],
  ])('%s is %s', (text, value) => expect(percentOrOff(text)).toBe(value))

  it('of 20 without its sign is asked about', () => {
    expect(refusal(percentOrOff, '20')).toContain('did you mean "20%"?')
  })

  it.each(['0', '0%', '-5%', 'of', '%', '5 %'])('is not "%s"', (text) => {
    expect(refusal(percentOrOff, text)).toContain('use 20%, 0.2 or off'.slice(4))
  })
})

describe('a number', () => {
  it('is whole and inside its bounds', () => {
    const depth = integer(1, 10, 'depth')
    expect(depth('10')).toBe(10)
    expect(refusal(depth, '11')).toBe('unknown depth "11": use a whole number from 1 to 10')
    for (const text of ['0', '1.5', '', 'ten', '1e1', '0x5']) expect(refusal(depth, text)).toContain(`"${text}"`)
  })

  it('of a port is at most 65535, and off where it may be', () => {
    expect(port('0')).toBe(0)
    expect(refusal(port, '70000')).toContain('65535')
    expect(portOrOff('off')).toBe(false)
    expect(portOrOff('8765')).toBe(8765)
    expect(refusal(portOrOff, 'of')).toContain('did you mean "off"?')
  })

  it('of a ratio is above 0', () => {
    expect(positive()('1.5')).toBe(1.5)
    for (const text of ['0', '-1', 'NaN', 'Infinity', '1e3', '']) expect(refusal(positive(), text)).toContain('above 0')
  })

  it('of a quantile lies between 0 and 1', () => {
    expect(quantile('0.9')).toBe(0.9)
    expect(refusal(quantile, '90')).toContain('did you mean "0.9"?')
    for (const text of ['0', '1', '-0.1', '']) expect(refusal(quantile, text)).toContain('between 0 and 1')
  })
})

describe('a choice', () => {
  const align = choice('alignment', ['session', 'clock'])

  it('is one of its words', () => expect(align('clock')).toBe('clock'))

  it('that is a slip is answered with the nearest word and all of them', () => {
    expect(refusal(align, 'sesion')).toBe('unknown alignment "sesion": did you mean "session"? Use session or clock')
    expect(refusal(align, 'CLOCK')).toContain('did you mean "clock"?')
  })

  it('of several takes a list or all', () => {
    const include = choices('flag', ['late', 'odd_lot'])
    expect(include('odd_lot,late,late')).toEqual(['odd_lot', 'late'])
    expect(include('odd_lot', ['late'])).toEqual(['late', 'odd_lot'])
    expect(include('all')).toEqual(['late', 'odd_lot'])
    expect(refusal(include, 'late,odd')).toContain('unknown flag "odd"')
  })

  it('of a time zone is an IANA name', () => {
    expect(timeZone('Asia/Hong_Kong')).toBe('Asia/Hong_Kong')
    expect(refusal(timeZone, 'Asia/HongKong')).toContain('did you mean "Asia/Hong_Kong"?')
  })
})

describe('a refusal', () => {
  it('never repeats an escape sequence to the terminal', () => {
    expect(refusal(duration, '\u001b[31m5m\u202e')).toBe(
      'unknown duration "?[31m5m?": use a number above 0 and ms, s, m, h or d, e.g. 5m',
    )
  })
})

describe('a repeated option', () => {
  it('keeps every value in order', () => {
    const durations = repeated(duration)
    expect(durations('2s', durations('1s', undefined))).toEqual([1_000, 2_000])
  })
})

describe('a place to listen at', () => {
  it.each([
    ['9464', '127.0.0.1', 9464],
    ['0', '127.0.0.1', 0],
    ['0.0.0.0:9464', '0.0.0.0', 9464],
    ['recorder.internal:80', 'recorder.internal', 80],
    ['[::1]:9464', '::1', 9464],
    ['[::]:0', '::', 0],
  ])('%s is %s, port %d', (text, host, number) => expect(listenPlace(text)).toEqual({ host, port: number }))

  it.each([
    '',
    'x',
    ':9464',
    '127.0.0.1',
    '127.0.0.1:x',
    '::1:9464',
    'http://127.0.0.1:9464',
    'a b:1',
    '70000',
    'a:70000',
    '-1',
  ])('is not "%s"', (text) => {
    expect(refusal(listenPlace, text)).toMatch(/^unknown port ".*": use /)
  })
})

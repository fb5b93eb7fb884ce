import { describe, expect, it } from 'vitest'
import { choiceParam, numberParam, param, parseAddress } from '../../src/core/address/address.ts'

const source = (text: string) => parseAddress(text, 'source')

describe('an address', () => {
  it.each([
    ['hk_market.db', 'sqlite', 'hk_market.db'],
    ['sqlite:/data/a.db', 'sqlite', '/data/a.db'],
    ['sqlite:///data/a.db', 'sqlite', '/data/a.db'],
    ['csv:ticks', 'csv', 'ticks'],
    ['bars.csv.gz', 'csv', 'bars.csv.gz'],
    ['ndjson:day.ndjson', 'ndjson', 'day.ndjson'],
    ['-', '-', ''],
    ['sim:', 'sim', ''],
    ['SIM:?seed=7', 'sim', ''],
    ['raw:frames', 'raw', 'frames'],
  ])('reads %s as %s', (text, scheme, path) => {
    expect(source(text)).toMatchObject({ scheme, path, text })
  })

  it.each([
    'alltick:?endpoint=wss://host/path?token=abcdef',
    'alltick:?endpoint=wss%3A%2F%2Fhost%2Fpath%3Ftoken%3Dabcdef&plan=free',
    'alltick:?endpoint=wss://user:abcdef@host/path',
    'tutorial:?endpoint=wss%3a%2f%2fuser%3aabcdef%40host',
  ])('is shown without the secrets in it: %s', (text) => {
    expect(source(text).text).not.toContain('abcdef')
    expect(source(text).params.get('endpoint')!.join()).toContain('abcdef')
    for (const wrong of [`${text}&bogus=1`, text.replace(/^/, 'x'), text.replace(':', ':x')])
      expect(() => source(wrong)).toThrow(/^(?!.*abcdef).*host/)
  })

  it('keeps every value of a repeated option, in order', () => {
    const address = source('alltick:?endpoint=ws://127.0.0.1:1/a&endpoint=ws://127.0.0.1:2/b&plan=free')
    expect(address.params.get('endpoint')).toEqual(['ws://127.0.0.1:1/a', 'ws://127.0.0.1:2/b'])
    expect(param(address, 'plan')).toBe('free')
  })

  it.each([
    ['sqllite:a.db', /unknown address "sqllite:a.db": did you mean "sqlite:"\?/],
    ['whatever', /unknown address "whatever": use one of/],
    ['sim:?spead=2', /unknown option "spead" in address "sim:\?spead=2": did you mean "speed"\?/],
    ['sim:fast', /nothing may stand between "sim:" and "\?", found "fast"/],
    ['sqlite:', /"sqlite:" names no file: write sqlite:NAME/],
    ['sqlite::memory:', /"sqlite::memory:" would keep nothing, it names no file: write sqlite:NAME/],
    ['sqlite: :memory: ', /would keep nothing/],
    ['sqlite: ', /would keep nothing/],
    ['sqlite:a.db ', /begins or ends its file's name with a space: write sqlite:a\.db$/],
    ['ws://127.0.0.1:8765', /cannot be a source/],
  ])('refuses %s with what to write instead', (text, words) => {
    expect(() => source(text)).toThrow(words)
  })

  it('refuses a vendor as a sink', () => {
    expect(() => parseAddress('alltick:', 'sink')).toThrow(/"alltick:" cannot be a sink: use one of/)
  })

  it('refuses an option value that is no number in range, or not one of the choices', () => {
    expect(numberParam(source('sim:?rate=2.5'), 'rate', 0)).toBe(2.5)
    expect(() => numberParam(source('sim:?rate=-1'), 'rate', 0)).toThrow(/"rate=-1".*use a number from 0/)
    expect(() => numberParam(source('sim:?rate='), 'rate', 0)).toThrow(/use a number/)
    expect(() => choiceParam(source('alltick:?token=abcdef'), 'token', ['off'])).toThrow(/^"token=\*\*\*"(?!.*abcdef)/)
    expect(() => choiceParam(source('csv:a.csv?label=middle'), 'label', ['start', 'end'])).toThrow(/use start or end/)
  })
})

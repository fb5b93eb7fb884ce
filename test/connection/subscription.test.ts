import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Subscription } from '../../src/core/connection/subscription.ts'
import type { Request } from '../../src/core/connection/vendor.ts'
import { infoway } from '../../src/core/connection/vendors/infoway.ts'
import { fakeVendor } from './fake-vendor.ts'

const vendor = fakeVendor(['ws://127.0.0.1/'])
const refusal = (id: number | null) =>
  ({ type: 'refused', kind: null, code: 600, message: 'code invalid', verdict: 'symbols', id }) as const

/** A server that refuses lists with a bad code; answers each request at once. Returns what it streams at the end. */
function converse(
  subscription: Subscription,
  bad: (symbol: string, kind: string) => boolean,
  requests = 10_000,
): Map<string, readonly string[]> {
  const streams = new Map<string, readonly string[]>()
  for (let request = subscription.next(); request !== undefined && requests-- > 0; request = subscription.next()) {
    const { kind, symbols, id } = request as Request
    if (symbols.some((symbol) => bad(symbol, kind))) subscription.refused(refusal(id))
    else {
      streams.set(kind, symbols)
      subscription.accepted(id, null)
    }
  }
  return streams
}

const codes = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${String(i + 1).padStart(5, '0')}.HK`)

describe('a subscription', () => {
  it('ends with exactly the symbols that are good, whichever are bad and for which kind', () => {
    const indices = fc.uniqueArray(fc.nat(39), { maxLength: 10 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), indices, indices, fc.nat(30), (count, trades, quotes, cutAfter) => {
        const symbols = codes(count)
        const badTrades = new Set(trades.map((i) => symbols[i]))
        const badQuotes = new Set(quotes.map((i) => symbols[i]))
        const good = symbols.filter((symbol) => !badTrades.has(symbol))
        fc.pre(good.length > 0)
        const bad = (symbol: string, kind: string): boolean =>
          badTrades.has(symbol) || (kind === 'quotes' && badQuotes.has(symbol))
        const subscription = new Subscription(vendor, symbols, 5)
        converse(subscription, bad, cutAfter)
        subscription.reconnected()
        const streams = converse(subscription, bad)
        const withQuotes = good.filter((symbol) => !badQuotes.has(symbol))
        expect([...(streams.get('trades') ?? [])].sort()).toEqual(good)
        expect([...(streams.get('quotes') ?? [])].sort()).toEqual(withQuotes)
        expect(subscription.active).toEqual(good)
        expect(subscription.hasNext).toBe(false)
      }),
    )
  })

  it('remembers what was refused over reconnects: one request a kind', () => {
    const subscription = new Subscription(vendor, codes(9), 5)
    const bad = (symbol: string): boolean => symbol === '00003.HK'
    converse(subscription, bad)
    subscription.reconnected()
    const again: string[] = []
    converse(subscription, (_, kind) => {
      again.push(kind)
      return false
    })
    expect(new Set(again)).toEqual(new Set(['trades', 'quotes']))
    expect(again).toHaveLength(16)
  })

  it('needs about log2 of the list a bad code, not one request a symbol', () => {
    let requests = 0
    const subscription = new Subscription(vendor, codes(1_000), 0)
    const bad = new Set(['00123.HK', '00777.HK'])
    for (let request = subscription.next(); request !== undefined; request = subscription.next()) {
      requests++
      if (request.symbols.some((symbol) => bad.has(symbol))) subscription.refused(refusal(request.id))
      else subscription.accepted(request.id, null)
    }
    expect(requests).toBeLessThan(50)
  })

  it('keeps asking for what is known to be good while it searches', () => {
    const subscription = new Subscription(vendor, codes(8), 0)
    let good: readonly string[] = []
    for (let request = subscription.next(); request !== undefined; request = subscription.next()) {
      expect(request.symbols).toEqual(expect.arrayContaining([...good]))
      if (request.symbols.includes('00006.HK')) subscription.refused(refusal(request.id))
      else {
        good = request.symbols
        subscription.accepted(request.id, null)
      }
    }
    expect(good).toHaveLength(7)
  })

  it('asks for nothing else until the search is over', () => {
    const subscription = new Subscription(vendor, codes(2), 5)
    subscription.refused(refusal(subscription.next()!.id))
    expect(subscription.next()).toMatchObject({ kind: 'trades', symbols: ['00001.HK'] })
    expect(subscription.next()).toBeUndefined()
    expect(subscription.hasNext).toBe(false)
  })

  it('fails the oldest unanswered request where a refusal names none', () => {
    const subscription = new Subscription(vendor, codes(2), 5)
    subscription.next()
    subscription.next()
    subscription.refused(refusal(null))
    expect(subscription.next()).toMatchObject({ kind: 'trades', symbols: ['00001.HK'] })
  })

  it('takes a refusal seriously that comes after the waiting was given up', () => {
    const subscription = new Subscription(vendor, codes(2), 0)
    const request = subscription.next()!
    subscription.expired(request)
    expect(subscription.hasNext).toBe(false)
    subscription.refused(refusal(request.id))
    expect(subscription.next()).toMatchObject({ symbols: ['00001.HK'] })
  })

  it('is not moved by answers to nothing', () => {
    const subscription = new Subscription(vendor, codes(2), 0)
    subscription.accepted(99, null)
    subscription.accepted(null, null)
    expect(subscription.refused(refusal(99))).toBeUndefined()
    expect(subscription.next()).toMatchObject({ symbols: codes(2) })
  })

  it('ends a search with a vendor that contradicts itself, with a warning', () => {
    const subscription = new Subscription(vendor, codes(2), 0)
    subscription.refused({ ...refusal(subscription.next()!.id) })
    subscription.accepted(subscription.next()!.id, null)
    subscription.refused(refusal(subscription.next()!.id))
    const last = subscription.next()!
    expect(last.symbols).toEqual(['00001.HK'])
    expect(subscription.refused(refusal(last.id))).toMatchObject({ symbol: null })
    expect(subscription.next()).toBeUndefined()
  })
})

describe('a subscription with a vendor whose requests add up', () => {
  it('leaves the connection with exactly the symbols wanted last, however they changed meanwhile', () => {
    const adding = infoway()
    const set = fc.uniqueArray(fc.nat(9), { minLength: 1, maxLength: 6 })
    const step = fc.record({ wanted: set, sends: fc.nat(5), reconnects: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
        const symbols = codes(10)
        const subscription = new Subscription(adding, codes(3), 5)
        const streams = { trades: new Set<string>(), books: new Set<string>() }
        const send = (most: number): void => {
          for (let sent = 0; sent < most && subscription.hasNext; sent++) {
            const request = subscription.next()
            if (request === undefined) return
            const { code, data } = JSON.parse(request.frame)
            const stream = code === 10000 || code === 11000 ? streams.trades : streams.books
            for (const symbol of data.codes.split(',')) code < 11000 ? stream.add(symbol) : stream.delete(symbol)
            if (code < 11000) subscription.accepted(request.id, null)
          }
        }
        for (const { wanted, sends, reconnects } of steps) {
          send(sends)
          if (reconnects) {
            streams.trades.clear()
            streams.books.clear()
            subscription.reconnected()
          }
          subscription.replace(wanted.map((i) => symbols[i]!))
        }
        send(1_000)
        const wanted = steps.at(-1)!.wanted.map((i) => symbols[i]!)
        expect([...streams.trades].sort()).toEqual([...wanted].sort())
        expect([...streams.books].sort()).toEqual([...wanted].sort())
        expect(subscription.hasNext).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  it('cancels nothing on a new connection, which has nothing', () => {
    const subscription = new Subscription(infoway(), codes(3), 5)
    converse(subscription, () => false)
    subscription.replace(codes(1))
    expect(JSON.parse(subscription.next()!.frame)).toMatchObject({ code: 11000, data: { codes: '00002.HK,00003.HK' } })
    subscription.reconnected()
    expect(JSON.parse(subscription.next()!.frame)).toMatchObject({ code: 10000, data: { codes: '00001.HK' } })
  })
})

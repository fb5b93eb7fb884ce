import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { tutorial } from '../../../src/core/connection/vendors/tutorial.ts'
import { Sessions } from '../../../src/core/market/session.ts'
import { decodeOn, type FixtureRow, vendorContract } from '../../contracts/vendor.ts'

const file = new URL('../../fixtures/tutorial/frames.json', import.meta.url)

vendorContract('tutorial', {
  vendor: () => tutorial(),
  fixtures: JSON.parse(readFileSync(file, 'utf8')) as FixtureRow[],
  codes: { '00700.HK': '00700.HK', '01810.HK': '01810.HK', HSI: 'HSI' },
})

describe("the tutorial's dialect", () => {
  it('subscribes and pings in its own words', () => {
    const vendor = tutorial()
    const frames = vendor.subscribe(['HSI', '00700.HK'], { depth: 0 }).map(({ frame }) => frame)
    expect(frames).toEqual(['{"action":"subscribe","symbols":["HSI","00700.HK"]}'])
    expect(vendor.heartbeat.frame()).toBe('{"action":"ping"}')
    expect(vendor.heartbeat).toMatchObject({ everyMs: 30_000, answerWithinMs: null })
  })

  it('numbers the trades of one millisecond anew on every connection, so that a trade sent again is the same trade', () => {
    const frame = JSON.stringify({ symbol: '700', timestamp: '2023-08-15 14:30:25', last_price: 1, volume: 1 })
    const connection = (): unknown[] => {
      const decoder = tutorial().openDecoder({ sessions: new Sessions(), depth: 0 })
      return [frame, frame, frame].map((text) => (decodeOn(decoder, text).events[0] as { seq: unknown }).seq)
    }
    expect(connection()).toEqual([0, 1, 2])
    expect(connection()).toEqual([0, 1, 2])
  })
})

import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { openSource } from '../../src/core/address/open-source.ts'
import { systemClock } from '../../src/core/clock.ts'
import { showSource } from '../../src/core/dashboard/show.ts'
import { createValidator, validate } from '../../src/core/validation/validator.ts'
import { HOSTILE_VALUES, polluted } from '../support/hostile.ts'
import { until } from '../support/manual-clock.ts'
import { looking, sessions } from './support.ts'

const TICK = { type: 'tick', symbol: '00700.HK', timestamp: '2026-11-20T10:00:00+08:00', last_price: 600, volume: 100 }
const FIELDS = [
  'symbol',
  'timestamp',
  'last_price',
  'volume',
  'turnover',
  'seq',
  'source',
  'side',
  'trade_type',
  'flags',
]

describe('what anybody writes into a stream', () => {
  it.each(HOSTILE_VALUES)(
    '%s in any field of a tick is shown as text or not at all, and the page goes on',
    async (_, json) => {
      const stdin = new PassThrough()
      for (const field of FIELDS) {
        const record = JSON.stringify({ ...TICK, [field]: 'HERE' }).replace('"HERE"', () => json)
        stdin.write(`${record}\n`)
      }
      stdin.end(`${JSON.stringify({ ...TICK, timestamp: '2026-11-20T10:01:00+08:00', last_price: 601, seq: 7 })}\n`)
      const source = await openSource('-', { stdin, sessions })
      const validator = createValidator({
        sessions,
        now: Date.now,
        monotonic: () => 0,
        instruments: new Map(),
        live: false,
        maxJump: null,
      })
      const context = {
        symbols: [],
        sessions,
        settings: { sessions },
        clock: systemClock,
        signal: new AbortController().signal,
      }
      const show = showSource(source, validate(source, validator), context)
      await show.done
      const view = looking({ desk: show.desk, past: show.past, now: show.now })
      await view.watch('00700.HK', '1m')
      await view.paint(1_000)
      await until(() => view.page.frames.length >= 2)
      expect(view.page.rows.get('00700.HK')).toMatchObject({ last_price: 601 })
      const shown = JSON.stringify(view.page.messages)
      expect(shown).not.toMatch(/\\u00(0[0-8bcef]|1[0-9a-f]|7f|9[0-9a-f])|\\ud[89a-f]|\u202e/i)
      expect(shown.length).toBeLessThan(40_000)
      expect(polluted()).toBe(false)
      await view.leave()
    },
  )
})

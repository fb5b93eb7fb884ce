import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, it, onTestFinished } from 'vitest'
import type { Tick } from '../../../src/core/market/event.ts'
import { openSqlite } from '../../../src/core/storage/sqlite.ts'
import { openTest, ownDatabase, withInflux } from '../../support/influx.ts'
import { collect, tick } from '../sample.ts'

interface Frame {
  data: { seq: number; tick_time: number; price: string; volume: string; turnover: string }
}

/** Real trades in tape order, many of which share their millisecond: see the README beside the file. */
const TRADES: readonly Tick[] = gunzipSync(
  readFileSync(resolve(import.meta.dirname, '../../fixtures/real-trades.alltick.ndjson.gz')),
)
  .toString()
  .trim()
  .split('\n')
  .map((line) => {
    const { seq, tick_time: timestamp, price, volume, turnover } = (JSON.parse(line) as Frame).data
    const amounts = { last_price: Number(price), volume: Number(volume), turnover: Number(turnover) }
    return tick({ symbol: '01299.HK', timestamp, seq, ...amounts })
  })

withInflux(() => {
  it('gives the rows and minutes of real trades that SQLite gives; a second time changes nothing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hkq-influx-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const sqlite = await openSqlite(join(folder, 'x.db'), { mode: 'record' })
    const influx = await openTest(ownDatabase())
    for (let i = 0; i < TRADES.length; i += 512) {
      const batch = TRADES.slice(i, i + 512)
      expect(await influx.write(batch)).toEqual(await sqlite.write(batch))
    }
    for (let i = 0; i < TRADES.length; i += 700) {
      const batch = TRADES.slice(i, i + 700)
      expect(await influx.write(batch)).toEqual({ stored: 0, duplicates: batch.length })
    }
    expect(await collect(influx.read({}))).toEqual(await collect(sqlite.read({})))
    expect(await collect(influx.ticks('01299.HK', {}))).toHaveLength(3_000)
    expect(await collect(influx.minutes('01299.HK', {}))).toEqual(await collect(sqlite.minutes('01299.HK', {})))
    await sqlite.close()
    await influx.close()
  })
})

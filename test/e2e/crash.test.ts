import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { parseTime } from '../../src/core/market/time.ts'
import { wireServer } from '../support/alltick-wire.ts'
import { CANARY } from '../support/canary.ts'
import { hkq, hkqUntil, query, start, workdir } from './hkq.ts'

const FROM = parseTime('2023-08-15T10:00')

interface Row {
  seq: number
  time: number
}

/** What another program sees in the store. */
const visible = (file: string): Row[] => query(file, 'SELECT seq, time FROM tick ORDER BY time, seq')

const gapsOf = (file: string): { start: number; finish: number; cause: string }[] =>
  query(file, 'SELECT start, finish, cause FROM gap ORDER BY start')

describe('a recorder that is killed', () => {
  it('loses nothing that was stored, doubles nothing, resumes, and writes each hole down', async () => {
    const cwd = workdir()
    const file = join(cwd, 'hk_market.db')
    const server = await wireServer({ live: { code: '700.HK', perSecond: 2_000, from: FROM } })
    const args = ['record', '00700.HK', '--from', `alltick:?endpoint=${server.url}`, '--relay', 'off']
    const env = { HKQ_ALLTICK_TOKEN: CANARY }
    const pauses = [150, 37, 420, 5, 260]
    for (const [run, pause] of pauses.entries()) {
      const before = visible(file).length
      const recorder = start(args, { cwd, env })
      while (visible(file).length === before) await sleep(2)
      if (run === 0) {
        const second = await hkq(args, { cwd, env })
        expect(second).toMatchObject({ code: 7, stdout: '' })
        expect(second.stderr).toMatch(/^hkq: another recorder \(process \d+\) holds "hk_market.db".*\n$/)
      }
      await sleep(pause)
      const acknowledged = visible(file)
      recorder.kill('SIGKILL')
      await once(recorder, 'exit')
      expect(visible(file).slice(0, acknowledged.length)).toEqual(acknowledged)
    }
    const before = visible(file).length
    const last = await hkqUntil([...args, '--json'], { cwd, env }, () => visible(file).length > before)
    const rows = visible(file)
    const summary = JSON.parse(last.stdout)
    expect(last.code, 'holes in a session').toBe(3)
    expect(summary.received).toBe(summary.stored)

    const stored = new Set(rows.map(({ seq }) => seq))
    expect(stored.size, 'nothing doubled').toBe(rows.length)
    for (let connection = 0; connection <= pauses.length; connection++) {
      const sent = server.sent.filter((trade) => trade.connection === connection).map(({ seq }) => seq)
      const kept = sent.filter((seq) => stored.has(seq))
      expect(kept.length).toBeGreaterThan(0)
      expect(kept, 'a beginning of what was sent, nothing left out').toEqual(sent.slice(0, kept.length))
    }
    const holes = rows.flatMap(({ seq, time }, i) => {
      const next = rows[i + 1]
      return next && next.seq !== seq + 1 ? [{ start: time, finish: next.time, cause: 'restart' }] : []
    })
    expect(holes).toHaveLength(pauses.length)
    expect(gapsOf(file)).toEqual(holes)
  })
})

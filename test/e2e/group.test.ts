import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { openSink } from '../../src/core/address/open-sink.ts'
import { at, tick } from '../storage/sample.ts'
import { dropSchema, isServed as hasPostgres, newSchema, SERVER, sql } from '../support/postgres.ts'
import { isServed, NATS, type QueueServer, REDIS } from '../support/queues.ts'
import { finished, says, start, workdir } from './hkq.ts'

const SYMBOLS = ['00700.HK', '00005.HK', '09988.HK']
const TRADES = 30_000
/** Those that wait when the recorders begin. */
const BACKLOG = 20_000

const trades = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => {
    const number = from + i
    return tick({ symbol: SYMBOLS[number % 3]!, seq: number, timestamp: at('10:00:00.000') + (number >> 2) })
  })

/** Appends trades, five an entry: more entries of a backlog than recorders fetch ahead. */
async function publish(address: string, from: number, to: number): Promise<void> {
  const sink = await openSink(address)
  for (let i = from; i < to; i += 15) await sink.write(trades(i, Math.min(i + 15, to)))
  await sink.close()
}

async function killed(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

const absent: QueueServer[] = []
for (const server of [REDIS, NATS]) if (!hasPostgres || !(await isServed(server))) absent.push(server)

describe.each([REDIS, NATS])('three recorders of one group behind a queue of $scheme', (server) => {
  it.skipIf(absent.includes(server))(
    'store each trade once, by number, where one is killed -9 in the middle',
    async () => {
      const [schema, queue] = [newSchema(), server.name()]
      onTestFinished(async () => {
        await dropSchema(schema)
        await server.remove(server.at, queue)
      })
      const address = `${server.scheme}://${server.at}/${queue}`
      const args = ['record', '--from', address, '--to', `${SERVER}?schema=${schema}`, '--json']
      const recorders = [0, 1, 2].map(() => start(args, { cwd: workdir() }))
      const ends = recorders.map((one) => finished(one))
      const stored = async (): Promise<number> =>
        (await sql<{ count: number }>(`SELECT count(*)::int AS count FROM ${schema}.ticks`).catch(() => []))[0]
          ?.count ?? 0
      const waitFor = (least: number) =>
        vi.waitFor(async () => expect(await stored()).toBeGreaterThanOrEqual(least), { timeout: 30_000, interval: 20 })

      await Promise.all(recorders.map((one) => says(one, /\bup\b/)))
      for (const one of recorders) one.kill('SIGSTOP')
      await publish(address, 0, BACKLOG)
      for (const one of recorders) one.kill('SIGCONT')
      await waitFor(BACKLOG / 5)
      const [victim, ...others] = recorders as [ChildProcess, ...ChildProcess[]]
      await killed(victim)
      const atKill = { stored: await stored(), left: await server.leftBehind(server.at, queue, 'hkq', victim.pid!) }
      await publish(address, BACKLOG, TRADES)
      await waitFor(TRADES)
      await vi.waitFor(async () => expect(await server.unread(server.at, queue, 'hkq')).toBe(0), { timeout: 25_000 })
      for (const other of others) other.kill('SIGINT')
      const summaries = (await Promise.all(ends.slice(1))).map(({ code, stdout }) => {
        expect(code).toBe(0)
        return JSON.parse(stdout) as { stored: number; gaps: number }
      })

      const rows = await sql<{ number: number; symbol: string }>(
        `SELECT seq::int AS number, symbol FROM ${schema}.ticks ORDER BY seq`,
      )
      expect(rows).toEqual(trades(0, TRADES).map(({ seq, symbol }) => ({ number: seq, symbol })))
      expect(await sql(`SELECT * FROM ${schema}.gaps`)).toEqual([])
      expect(atKill.stored, 'it was killed in the middle').toBeLessThan(BACKLOG)
      const left = atKill.left || (await server.leftBehind(server.at, queue, 'hkq', victim.pid!))
      expect(left, 'while it held what it had not committed').toBeGreaterThan(0)
      for (const { stored, gaps } of summaries) {
        expect(gaps).toBe(0)
        expect(stored, 'both took a part').toBeGreaterThan(0)
      }
    },
  )
})

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { openSink } from '../../src/core/address/open-sink.ts'
import { at, tick } from '../storage/sample.ts'
import { dropSchema, isServed as hasPostgres, newSchema, SERVER, sql } from '../support/postgres.ts'
import { isServed, NATS, type QueueServer, REDIS } from '../support/queues.ts'
import { finished, start, workdir } from './hkq.ts'

const SYMBOLS = ['00700.HK', '00005.HK', '09988.HK']
const TRADES = 30_000

const trades = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => {
    const number = from + i
    return tick({ symbol: SYMBOLS[number % 3]!, seq: number, timestamp: at('10:00:00.000') + (number >> 2) })
  })

/** Appends trades, ten or so an entry. */
async function publish(address: string, from: number, to: number): Promise<void> {
  const sink = await openSink(address)
  for (let i = from; i < to; i += 30) await sink.write(trades(i, Math.min(i + 30, to)))
  await sink.close()
}

async function killed(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

const servers: QueueServer[] = []
for (const server of [REDIS, NATS]) if (hasPostgres && (await isServed(server))) servers.push(server)

describe.each(servers)('three recorders of one group behind a queue of $scheme', (server) => {
  it(`store every one of ${TRADES} trades once, by number, where one is killed -9 in the middle`, async () => {
    const [schema, queue] = [newSchema(), server.name()]
    onTestFinished(async () => {
      await dropSchema(schema)
      await server.remove(server.at, queue)
    })
    const address = `${server.scheme}://${server.at}/${queue}`
    const args = ['record', '--from', address, '--to', `${SERVER}?schema=${schema}`, '--json']
    const recorders = [0, 1, 2].map(() => start(args, { cwd: workdir() }))
    const ends = recorders.map(finished)
    const stored = async (): Promise<number> =>
      (await sql<{ count: number }>(`SELECT count(*)::int AS count FROM ${schema}.ticks`).catch(() => []))[0]?.count ??
      0
    const waitFor = (least: number) =>
      vi.waitFor(async () => expect(await stored()).toBeGreaterThanOrEqual(least), { timeout: 30_000, interval: 50 })

    await publish(address, 0, TRADES / 2)
    await waitFor(TRADES / 6)
    const [victim, ...others] = recorders as [ChildProcess, ...ChildProcess[]]
    await killed(victim)
    const atKill = { stored: await stored(), left: await server.leftBehind(server.at, queue, 'hkq', victim.pid!) }
    await publish(address, TRADES / 2, TRADES)
    await waitFor(TRADES)
    await vi.waitFor(async () => expect(await server.unread(server.at, queue, 'hkq')).toBe(0), { timeout: 15_000 })
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
    expect(atKill.stored, 'it was killed in the middle').toBeLessThan(TRADES / 2)
    const left = atKill.left || (await server.leftBehind(server.at, queue, 'hkq', victim.pid!))
    expect(left, 'while it held what it had not committed').toBeGreaterThan(0)
    for (const { stored, gaps } of summaries) {
      expect(gaps).toBe(0)
      expect(stored, 'everybody took a part').toBeGreaterThan(0)
    }
    const byOthers = summaries.reduce((sum, { stored }) => sum + stored, 0)
    expect(byOthers, 'the one that was killed too').toBeLessThan(TRADES)
  }, 60_000)
})

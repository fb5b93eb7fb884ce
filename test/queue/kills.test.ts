import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openSink } from '../../src/core/address/open-sink.ts'
import { numbersIn, rows, start, workdir } from '../e2e/hkq.ts'
import { at, tick } from '../storage/sample.ts'
import { isServed, NATS, type QueueServer, REDIS } from '../support/queues.ts'

const BIN = resolve(import.meta.dirname, '../../bin/hkq.js')
const SYMBOLS = ['00700.HK', '00005.HK', '09988.HK']
/** How often a recorder is killed. */
const KILLS = Number(process.env.HKQ_KILLS ?? 20)

const folders: string[] = []
const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function record(from: string, to: string): ChildProcess {
  const home = mkdtempSync(join(tmpdir(), 'hkq-kills-'))
  folders.push(home)
  const child = spawn(process.execPath, [BIN, 'record', '--from', from, '--to', to, '-q'], {
    cwd: home,
    stdio: 'ignore',
    env: { PATH: process.env.PATH ?? '', HOME: home, XDG_RUNTIME_DIR: home },
  })
  children.push(child)
  return child
}

async function killed(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}

/** Numbered trades of three symbols, until it is stopped. */
function produce(address: string): { stop: () => Promise<number> } {
  let [isOver, sent] = [false, 0]
  const done = (async () => {
    const sink = await openSink(address)
    for (; !isOver; await delay(5)) {
      const batch = Array.from({ length: 10 }, () => {
        const number = sent++
        return tick({ symbol: SYMBOLS[number % 3]!, seq: number, timestamp: at('10:00:00.000') + number })
      })
      await sink.write(batch)
    }
    await sink.close()
    return sent
  })()
  return {
    stop: () => {
      isOver = true
      return done
    },
  }
}

describe.skipIf(!(await isServed(REDIS)) || !(await isServed(NATS))).each([REDIS, NATS])(
  'a recorder behind a queue of $scheme',
  (server: QueueServer) => {
    it(`that is killed -9 ${KILLS} times while trades come loses none and doubles none`, async () => {
      const queue = server.name()
      const address = `${server.scheme}://${server.at}/${queue}`
      const folder = mkdtempSync(join(tmpdir(), 'hkq-kills-'))
      folders.push(folder)
      const path = join(folder, 'a.db')
      try {
        const producer = produce(address)
        for (let kill = 0; kill < KILLS; kill++) {
          const recorder = record(address, `sqlite:${path}`)
          await delay(700 + 37 * (kill % 7))
          await killed(recorder)
        }
        const sent = await producer.stop()
        record(address, `sqlite:${path}`)
        while (numbersIn(path).length < sent) await delay(200)
        expect(numbersIn(path)).toEqual(Array.from({ length: sent }, (_, number) => number))
        await expect.poll(() => server.unread(server.at, queue, 'hkq')).toBe(0)
      } finally {
        await server.remove(server.at, queue)
      }
    }, 120_000)
  },
)

describe.skipIf(!(await isServed(REDIS)))('a stream of a queue', () => {
  it('shows every symbol where none is named', async () => {
    const queue = REDIS.name()
    const address = `redis://${REDIS.at}/${queue}`
    const sink = await openSink(address)
    try {
      const { stdout, stderr } = start(['stream', '--from', address, '--count', '2', '--json'], { cwd: workdir() })
      stderr!.once('data', () => void sink.write([tick({ seq: 1 }), tick({ symbol: '09988.HK', seq: 2 })]))
      const symbols = rows<{ symbol: string }>(await text(stdout!)).map(({ symbol }) => symbol)
      expect(symbols.sort()).toEqual(['00700.HK', '09988.HK'])
    } finally {
      await sink.close()
      await REDIS.remove(REDIS.at, queue)
    }
  })
})

describe.skipIf(!(await isServed(REDIS)))('a recorder of a queue', () => {
  it('takes every symbol where none is named, whatever a configuration watches', async () => {
    const queue = REDIS.name()
    const address = `redis://${REDIS.at}/${queue}`
    const home = mkdtempSync(join(tmpdir(), 'hkq-queue-config-'))
    folders.push(home)
    try {
      const sink = await openSink(address)
      await sink.write([tick({ seq: 1 }), tick({ symbol: '09988.HK', seq: 2 })])
      await sink.close()
      writeFileSync(join(home, 'hkq.config.json'), '{"symbols":["700"]}')
      const child = spawn(process.execPath, [BIN, 'record', '--from', address, '--to', 'a.db', '-q'], {
        ...{ cwd: home, stdio: 'ignore', env: { PATH: process.env.PATH ?? '', HOME: home, XDG_RUNTIME_DIR: home } },
      })
      children.push(child)
      await vi.waitFor(() => expect(numbersIn(join(home, 'a.db'))).toEqual([1, 2]), { timeout: 25_000 })
    } finally {
      await REDIS.remove(REDIS.at, queue)
    }
  })
})

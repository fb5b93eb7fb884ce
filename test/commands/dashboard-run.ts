import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { main } from '../../src/cli.ts'
import type { Io } from '../../src/commands/_io.ts'
import { systemClock } from '../../src/core/clock.ts'
import type { ServerMessage } from '../../src/core/dashboard/protocol.ts'
import { workdir } from '../e2e/hkq.ts'
import { until } from '../support/manual-clock.ts'

/** The command in this process, with a page of its own. */
export function run(args: readonly string[], { cwd = workdir(), env = {} as Io['env'] } = {}) {
  mkdirSync(join(cwd, 'dashboard'), { recursive: true })
  writeFileSync(join(cwd, 'dashboard', 'index.html'), '<!doctype html>')
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const interrupt = new AbortController()
  let told = ''
  stderr.on('data', (chunk) => {
    told += chunk
  })
  const io: Io = {
    ...{ stdin, stdout, stderr, env: { XDG_RUNTIME_DIR: cwd, ...env }, cwd, home: cwd, built: cwd, clock: systemClock },
    ...{
      random: Math.random,
      interrupted: interrupt.signal,
      meantToBeStopped: false,
      ignoresHangup: false,
      exitCode: 0,
    },
  }
  const ran = main(['dashboard', '--port', '0', ...args], io)
  const end = async (): Promise<number> => {
    interrupt.abort('SIGINT')
    await ran
    return io.exitCode
  }
  onTestFinished(async () => void (await end()))
  return {
    ...{ io, ran, end },
    told: () => told,
    url: async (): Promise<string> => {
      await until(() => /dashboard at (\S+)/.test(told))
      return /dashboard at (\S+)/.exec(told)![1]!
    },
  }
}

/** What a page at this address is sent. */
export async function open(url: string, token?: string) {
  const given = ((await (await fetch(new URL('/session', url))).json()) as { token: string | null }).token
  const messages: ServerMessage[] = []
  const socket = new URL('/socket', url.replace('http', 'ws'))
  const ws = new WebSocket(socket, ['hkq.v1', `hkq.token.${token ?? given}`], { origin: new URL(url).origin })
  onTestFinished(() => ws.terminate())
  ws.on('message', (data) => {
    const message = JSON.parse(String(data)) as ServerMessage
    messages.push(message)
    if (message.type === 'frame') ws.send(JSON.stringify({ type: 'painted', n: message.n }))
  })
  await once(ws, 'open')
  const feeds = () => messages.flatMap((message) => (message.type === 'frame' ? (message.feeds ?? []) : []))
  return {
    ws,
    messages,
    given,
    feeds,
    rows: () => messages.flatMap((one) => (one.type === 'frame' ? (one.rows ?? []) : [])),
  }
}

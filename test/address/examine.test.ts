import { createServer, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { examined } from '../support/examined.ts'

const ADDRESSES = [
  ['store', 'postgres://u:kept-to-itself@HOST/d'],
  ['store', 'influxdb://u:kept-to-itself@HOST/d'],
  ['queue', 'redis://:kept-to-itself@HOST/q'],
  ['queue', 'redis://HOST/q'],
  ['queue', 'nats://u:kept-to-itself@HOST/q'],
] as const

/** A server that takes connections and says nothing. */
async function silent(): Promise<string> {
  const sockets: Socket[] = []
  const server = createServer((socket) => void sockets.push(socket.on('error', () => {})))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `127.0.0.1:${(server.address() as { port: number }).port}`
}

describe('a server that is looked at', () => {
  it('that is not there is a failure with what to do, and no password in it', async () => {
    for (const [name, address] of ADDRESSES) {
      const { names, of, text } = await examined(address.replace('HOST', '127.0.0.1:1'))
      expect([address, names]).toEqual([address, [name]])
      expect(of(name)).toMatch(/^failure \| .*127\.0\.0\.1.*(ECONNREFUSED|not answer).* \| (see that|check)/)
      expect(text).not.toContain('kept-to-itself')
    }
  })

  it('that takes the connection and says nothing is given up within seconds', { timeout: 30_000 }, async () => {
    const host = await silent()
    const found = await Promise.all(ADDRESSES.map(([, address]) => examined(address.replace('HOST', host))))
    for (const [i, [name]] of ADDRESSES.entries())
      expect(found[i]!.of(name)).toMatch(/^failure \| "[^"]*127\.0\.0\.1:\d+.* \| see that the server runs/)
    expect(found[1]!.text).toContain('does not answer (The operation was aborted due to timeout)')
  })

  it('is none where an address leads to files', async () => {
    for (const address of ['sqlite:x.db', 'csv:ticks', '-']) expect((await examined(address)).names).toEqual([])
  })
})

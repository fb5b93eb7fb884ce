import { once } from 'node:events'
import net from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { FaultProxy } from '../support/fault-proxy.ts'
import { ManualClock, turn, until } from '../support/manual-clock.ts'

/** A socket and all that it has heard. */
class Ear {
  readonly socket: net.Socket
  text = ''
  /** When each read came, by the clock of the test. */
  readonly reads: { at: number; bytes: number }[] = []
  ended = false
  error: string | undefined

  constructor(socket: net.Socket, clock: ManualClock) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.text += chunk.toString('latin1')
      this.reads.push({ at: clock.monotonic(), bytes: chunk.length })
    })
    socket.on('end', () => {
      this.ended = true
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code
    })
  }
}

/** A client and a server that see each other through the proxy only. */
async function world() {
  const clock = new ManualClock()
  const peers: Ear[] = []
  const server = net.createServer({ allowHalfOpen: true }, (socket) => peers.push(new Ear(socket, clock)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy = await FaultProxy.open({ target: (server.address() as net.AddressInfo).port, clock, random: () => 1 })
  const clients: Ear[] = []
  onTestFinished(async () => {
    for (const { socket } of [...clients, ...peers]) socket.destroy()
    server.close()
    await proxy.close()
  })
  const dial = (): Ear => {
    const client = new Ear(net.connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true }), clock)
    clients.push(client)
    return client
  }
  const connect = async (): Promise<{ client: Ear; peer: Ear }> => {
    const before = peers.length
    const client = dial()
    await until(() => peers.length > before)
    return { client, peer: peers[before]! }
  }
  return { clock, proxy, dial, connect, peers }
}

/** Long enough on the wire for whatever is on its way to arrive. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn()
}

describe('a proxy without faults', () => {
  it('passes bytes, ends and resets on, both ways', async () => {
    const { connect } = await world()
    const { client, peer } = await connect()
    client.socket.write('ask')
    await until(() => peer.text === 'ask')
    peer.socket.end('answer')
    await until(() => client.text === 'answer' && client.ended)
    client.socket.write(' more')
    await until(() => peer.text === 'ask more')
    client.socket.end()
    await until(() => peer.ended)

    const other = await connect()
    other.peer.socket.resetAndDestroy()
    await until(() => other.client.error === 'ECONNRESET')
  })

  it('holds a fast sender back at the pace of a slow reader', async () => {
    const { connect } = await world()
    const { client, peer } = await connect()
    client.socket.pause()
    const block = Buffer.alloc(1 << 20)
    let sent = 0
    for (; peer.socket.writableLength < 4 * block.length && sent < 64; sent++) {
      peer.socket.write(block)
      await settled()
    }
    expect(sent, 'the bytes wait at the sender').toBeLessThan(64)
    client.socket.resume()
    await until(() => client.reads.reduce((sum, { bytes }) => sum + bytes, 0) === sent * block.length)
  })
})

describe('the faults of the proxy', () => {
  it('latency: everything arrives later by the time and its jitter, in order, one direction or both', async () => {
    const { clock, proxy, connect } = await world()
    const { client, peer } = await connect()
    const lift = proxy.inject({ kind: 'latency', ms: 400, jitterMs: 100 }, 'to-client')
    client.socket.write('up')
    await until(() => peer.text === 'up')
    peer.socket.write('one')
    await settled()
    await clock.advance(100)
    peer.socket.write('two')
    await settled()
    await clock.advance(399)
    await settled()
    expect(client.text).toBe('')
    await clock.advance(1)
    await until(() => client.text === 'one')
    await clock.advance(99)
    await settled()
    expect(client.text).toBe('one')
    await clock.advance(1)
    await until(() => client.text === 'onetwo')
    peer.socket.write('three')
    await settled()
    expect(client.text).toBe('onetwo')
    await lift()
    await until(() => client.text === 'onetwothree')
  })

  it('down: cuts who is connected and refuses who comes, until it is lifted, on the same port', async () => {
    const { proxy, connect, dial } = await world()
    const { client, peer } = await connect()
    const lift = proxy.inject({ kind: 'down' })
    await until(() => client.ended && peer.ended)
    const refused = dial()
    await until(() => refused.error === 'ECONNREFUSED')
    const { port } = proxy
    await lift()
    expect(proxy.port).toBe(port)
    const again = await connect()
    again.client.socket.write('back')
    await until(() => again.peer.text === 'back')
  })

  it('bandwidth: no more bytes a second than it says', async () => {
    const { clock, proxy, connect } = await world()
    const { client, peer } = await connect()
    const lift = proxy.inject({ kind: 'bandwidth', bytesPerSecond: 1_000 })
    peer.socket.write('x'.repeat(3_000))
    await settled()
    for (const second of [1, 2]) {
      for (let i = 0; i < 20; i++) {
        await clock.advance(50)
        await settled()
      }
      expect(client.text.length).toBe(second * 1_000 + 50)
    }
    await lift()
    await until(() => client.text.length === 3_000)
  })

  it('slow close: the end is told late, the bytes before it are not', async () => {
    const { clock, proxy, connect } = await world()
    const { client, peer } = await connect()
    proxy.inject({ kind: 'slow-close', ms: 5_000 }, 'to-client')
    peer.socket.end('bye')
    await until(() => client.text === 'bye')
    await settled()
    await clock.advance(4_999)
    await settled()
    expect(client.ended).toBe(false)
    await clock.advance(1)
    await until(() => client.ended)
  })

  it('black hole: nothing arrives, not even an end; the connection that lost bytes goes with the fault', async () => {
    const { clock, proxy, connect } = await world()
    const { client, peer } = await connect()
    const bystander = await connect()
    const lift = proxy.inject({ kind: 'black-hole' }, 'to-client')
    client.socket.write('heard')
    await until(() => peer.text === 'heard')
    peer.socket.end('lost')
    await settled()
    await clock.advance(3_600_000)
    await settled()
    expect(client).toMatchObject({ text: '', ended: false, error: undefined })
    await lift()
    await until(() => client.ended)
    expect(client.text).toBe('')
    bystander.peer.socket.write('unharmed')
    await until(() => bystander.client.text === 'unharmed')
  })

  it('black hole for running connections: those to come are spared', async () => {
    const { proxy, connect } = await world()
    const { client, peer } = await connect()
    proxy.inject({ kind: 'black-hole', running: true })
    const next = await connect()
    peer.socket.write('lost')
    next.peer.socket.write('heard')
    await until(() => next.client.text === 'heard')
    await settled()
    expect(client.text).toBe('')
  })

  it('black hole with a timeout: the connection ends after it', async () => {
    const { clock, proxy, connect } = await world()
    proxy.inject({ kind: 'black-hole', closeAfterMs: 2_000 })
    const { client } = await connect()
    await settled()
    await clock.advance(1_999)
    await settled()
    expect(client.ended).toBe(false)
    await clock.advance(1)
    await until(() => client.ended)
  })

  it('reset: running connections and new ones are reset, on both sides', async () => {
    const { clock, proxy, connect } = await world()
    const { client, peer } = await connect()
    const lift = proxy.inject({ kind: 'reset', afterMs: 300 })
    const next = await connect()
    await settled()
    expect([client.error, next.client.error]).toEqual([undefined, undefined])
    await clock.advance(300)
    for (const ear of [client, peer, next.client, next.peer]) await until(() => ear.error === 'ECONNRESET')
    await lift()
    const last = await connect()
    await settled()
    await clock.advance(300)
    await settled()
    expect(last.client.error).toBeUndefined()
  })

  it('slicer: everything arrives in pieces with a pause after each', async () => {
    const { clock, proxy, connect } = await world()
    const { client, peer } = await connect()
    proxy.inject({ kind: 'slicer', bytes: 3, variation: 1, pauseMs: 10 })
    peer.socket.write('abcdefghij')
    for (let i = 0; i < 3; i++) {
      await settled()
      await clock.advance(10)
    }
    await settled()
    expect(client.text).toBe('abcdefghij')
    expect(client.reads).toEqual([
      { at: 0, bytes: 4 },
      { at: 10, bytes: 4 },
      { at: 20, bytes: 2 },
    ])
  })

  it('data limit: so many bytes pass on each connection, then it ends', async () => {
    const { proxy, connect } = await world()
    const lift = proxy.inject({ kind: 'data-limit', bytes: 7 }, 'to-client')
    for (let i = 0; i < 2; i++) {
      const { client, peer } = await connect()
      peer.socket.write('12345')
      await until(() => client.text === '12345')
      peer.socket.write('67890')
      await until(() => client.ended)
      expect(client.text).toBe('1234567')
    }
    await lift()
    const { client, peer } = await connect()
    peer.socket.write('1234567890')
    await until(() => client.text === '1234567890')
  })

  it('tells of what it passed on and when it accepted, and knows when nobody is left', async () => {
    const { clock, proxy, connect } = await world()
    const seen: string[] = []
    proxy.onForwarded = (direction, bytes) => seen.push(`${direction} ${bytes}`)
    await clock.advance(50)
    const { client, peer } = await connect()
    client.socket.end('ask')
    await until(() => peer.text === 'ask')
    peer.socket.end('answer')
    await until(() => client.ended)
    expect(seen).toEqual(['to-server 3', 'to-client 6'])
    expect(proxy.accepted).toEqual([50])
    await until(() => proxy.size === 0)
  })
})

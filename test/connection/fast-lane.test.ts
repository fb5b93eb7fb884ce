import { PassThrough } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as ws from 'ws'
import { openFastLane, type Take } from '../../src/core/connection/fast-lane.ts'
import { MAX_PAYLOAD } from '../../src/core/connection/socket.ts'

// the library's own reader, which its types do not tell
const { Receiver } = ws as unknown as { Receiver: new (options: { maxPayload: number }) => PassThrough }

interface Outcome {
  readonly log: string[]
  readonly taken: string[]
  /** Listeners of the socket's bytes at the end. */
  readonly listeners: number
}

/** What is heard of the reads, with a lane where `take` is given. The library's side is as in its WebSocket. */
async function heard(reads: readonly Buffer[], take?: (text: string) => boolean): Promise<Outcome> {
  const log: string[] = []
  const taken: string[] = []
  const socket = new PassThrough()
  const receiver = new Receiver({ maxPayload: MAX_PAYLOAD })
  const library = (chunk: Buffer): void => void receiver.write(chunk)
  const leave = (): void => void socket.off('data', library)
  socket.on('data', library)
  receiver.on('message', (data: Buffer, isBinary: boolean) => log.push(`${isBinary ? 'binary' : 'text'} ${data}`))
  receiver.on('ping', (data: Buffer) => log.push(`ping ${data}`))
  receiver.on('pong', (data: Buffer) => log.push(`pong ${data}`))
  receiver.on('conclude', (code: number, reason: Buffer) => {
    log.push(`close ${code} ${reason}`)
    leave()
  })
  receiver.on('error', ({ code }: Error & { code?: string }) => {
    log.push(`error ${code}`)
    leave()
  })
  if (take) {
    const offered: Take = (bytes, start, end) => {
      const text = bytes.toString('utf8', start, end)
      if (!take(text)) return false
      log.push(`text ${text}`)
      taken.push(text)
      return true
    }
    openFastLane(socket, { take: offered, passed: () => {} })
  }
  for (const chunk of reads) {
    socket.emit('data', Buffer.from(chunk))
    await setImmediate()
  }
  return { log, taken, listeners: socket.listenerCount('data') }
}

/** A frame as a server sends it, or not: `first` is its first byte. */
function frame(first: number, payload: string | Buffer, mask = 0): Buffer {
  const body = Buffer.from(payload)
  const { length } = body
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10)
  head[0] = first
  head[1] = mask | (length < 126 ? length : length < 65_536 ? 126 : 127)
  if (head.length === 4) head.writeUInt16BE(length, 2)
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([head, ...(mask ? [Buffer.from([1, 2, 3, 4])] : []), body])
}

const text = (payload: string): Buffer => frame(0x81, payload)
const isUsual = (payload: string): boolean => payload.startsWith('u')

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [...at, bytes.length].map((end, i) => bytes.subarray(at[i - 1] ?? 0, end))
}

const payload = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ maxLength: 20 }).map((rest) => `u${rest}`),
  fc.constantFrom(125, 126, 127, 400, 65_535, 65_536).map((length) => `u${'x'.repeat(length - 1)}`),
)
const short = fc.string({ maxLength: 20 })
const ordinary = fc.oneof(
  { weight: 8, arbitrary: payload.map(text) },
  short.map((data) => frame(0x89, data)),
  short.map((data) => frame(0x8a, data)),
)
const special = fc.oneof(
  payload.map((data) => frame(0x82, data)),
  fc.tuple(payload, short, payload).map(([a, b, c]) => Buffer.concat([frame(0x01, a), frame(0x89, b), frame(0x80, c)])),
  payload.map((data) => Buffer.concat([frame(0x01, data), text(data)])),
  short.map((reason) => frame(0x88, Buffer.concat([Buffer.from([3, 232]), Buffer.from(reason)]))),
  payload.map((data) => frame(0x81, data, 0x80)),
  fc.constantFrom(0x80, 0x83, 0x8b, 0x91, 0xa1, 0xc1, 0x09, 0x08).map((first) => frame(first, 'u')),
  fc.constantFrom(0x88, 0x89, 0x8a).map((first) => frame(first, 'u'.repeat(126))),
  fc.constant(Buffer.from([0x81, 127, 0, 0, 0, 0, 0, 16, 0, 1])),
  fc.constant(Buffer.from([0x88, 1, 3])),
)

describe('a fast lane', () => {
  it('changes nothing of what is heard, however the bytes are cut and whatever breaks the protocol', async () => {
    const frames = fc.array(fc.oneof({ weight: 6, arbitrary: ordinary }, { weight: 1, arbitrary: special }), {
      maxLength: 12,
    })
    await fc.assert(
      fc.asyncProperty(frames, fc.array(fc.nat(), { maxLength: 8 }), async (frames, places) => {
        const reads = cut(Buffer.concat(frames), places)
        const { log } = await heard(reads)
        expect((await heard(reads, isUsual)).log).toEqual(log)
      }),
      { numRuns: 500 },
    )
  })

  it('takes what comes whole in one read and leaves alone what it is told to', async () => {
    const bytes = Buffer.concat([text('u1'), text('other'), frame(0x89, 'p'), text('u2'), text(`u${'x'.repeat(300)}`)])
    const { log, taken } = await heard([bytes], isUsual)
    expect(taken).toEqual(['u1', 'u2', `u${'x'.repeat(300)}`])
    expect(log).toEqual(['text u1', 'text other', 'ping p', 'text u2', `text u${'x'.repeat(300)}`])
  })

  it('leaves a message that was cut, at any place, to the library, and takes the next one', async () => {
    const bytes = Buffer.concat([text('u1'), text(`u${'x'.repeat(300)}`), text('u3')])
    for (let at = 5; at < 5 + 303; at++) {
      const { log, taken } = await heard(cut(bytes, [at]), isUsual)
      expect(taken).toEqual(['u1', 'u3'])
      expect(log).toEqual(['text u1', `text u${'x'.repeat(300)}`, 'text u3'])
    }
  })

  it('reads frames that come byte by byte', async () => {
    const bytes = Buffer.concat([text('u1'), text('u'.repeat(200)), frame(0x89, ''), text('u2')])
    const reads = Array.from(bytes, (byte) => Buffer.from([byte]))
    expect((await heard(reads, isUsual)).log).toEqual(['text u1', `text ${'u'.repeat(200)}`, 'ping ', 'text u2'])
  })

  it('tells the end of each read, behind its messages', async () => {
    const socket = new PassThrough()
    const told: string[] = []
    socket.on('data', () => told.push('library'))
    openFastLane(socket, { take: () => told.push('taken') > 0, passed: () => told.push('end') })
    socket.emit('data', Buffer.concat([text('a'), text('b'), frame(0x89, '')]))
    expect(told).toEqual(['taken', 'taken', 'library', 'end'])
  })

  it.each([
    ['a fragment', frame(0x01, 'u')],
    ['a binary message', frame(0x82, 'u')],
    ['a long message', text('u'.repeat(65_536))],
    ['a close', frame(0x88, Buffer.from([3, 232]))],
    ['a masked frame', frame(0x81, 'u', 0x80)],
  ])('is over with %s: the library has the socket as before', async (_, odd) => {
    const { taken, listeners } = await heard([Buffer.concat([text('u1'), odd, text('u2')])], isUsual)
    expect(taken).toEqual(['u1'])
    expect(listeners).toBeLessThanOrEqual(1)
  })

  it('leaves text that is no UTF-8 to the library, which refuses it', async () => {
    const bad = frame(0x81, Buffer.from([0x78, 0xff]))
    const reads = [Buffer.concat([text('u1'), bad]), text('u2')]
    expect((await heard(reads)).log).toEqual(['text u1', 'error WS_ERR_INVALID_UTF8'])
    expect((await heard(reads, isUsual)).log.slice(0, 2)).toEqual(['text u1', 'error WS_ERR_INVALID_UTF8'])
  })

  it('is not opened where more than the library reads the socket', () => {
    const socket = new PassThrough()
    const [one, two] = [() => {}, () => {}]
    socket.on('data', one).on('data', two)
    openFastLane(socket, { take: () => true, passed: () => {} })
    expect(socket.listeners('data')).toEqual([one, two])
  })
})

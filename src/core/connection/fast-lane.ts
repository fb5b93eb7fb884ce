import type { Duplex } from 'node:stream'

/** Takes the text message from `start` to `end` of `bytes`, or leaves it alone and says no. Nothing of `bytes` is kept. */
export type Take = (bytes: Buffer, start: number, end: number) => boolean

export interface Lane {
  readonly take: Take
  /** All of one read was offered. */
  readonly passed: () => void
}

const TEXT = 0x81
const PING = 0x89
const PONG = 0x8a
const EMPTY = Buffer.alloc(0)

/**
 * Offers the text messages of an open WebSocket straight from the bytes of a read, before the library that reads it makes
 * a buffer, a check and an event of each: that is what most of the time of a flood goes into. Only messages that came
 * whole in one frame and one read are offered. All other bytes, and what is left alone, go to the library in their order;
 * from the first frame that is no text of at most 64 KiB, ping or pong, it has the connection for itself, so that
 * fragments, closing and every breach of the protocol are its business alone.
 * Source: RFC 6455, section 5.2.
 * @param socket of a client; the library's listener must be the only one that reads it, else nothing is done
 */
export function openFastLane(socket: Duplex, { take, passed }: Lane): void {
  const listeners = socket.listeners('data')
  if (listeners.length !== 1) return
  const library = listeners[0] as (chunk: Buffer) => void
  /** Bytes to come of a frame that the library reads. */
  let left = 0
  /** The header of such a frame as far as it has come. */
  let header = EMPTY

  function read(chunk: Buffer): void {
    if (header.length > 0) completeHeader(chunk)
    let at = Math.min(left, chunk.length)
    left -= at
    let from = 0
    const pass = (to: number): void => {
      if (to > from) library.call(socket, chunk.subarray(from, to))
      from = to
    }
    while (at < chunk.length && left === 0) {
      const size = frameSize(chunk, at)
      if (size === 0) header = Buffer.from(chunk.subarray(at))
      else if (Number.isNaN(size)) close()
      if (!(size > 0)) break
      const end = at + size
      if (end > chunk.length) left = end - chunk.length
      else if (chunk[at] === TEXT) {
        pass(at)
        if (take(chunk, at + (chunk[at + 1]! < 126 ? 2 : 4), end)) from = end
      }
      at = end
    }
    pass(chunk.length)
    passed()
  }

  /** The header that the last read broke off goes on in this one. */
  function completeHeader(chunk: Buffer): void {
    const begun = header.length
    header = Buffer.concat([header, chunk.subarray(0, 4)])
    const size = frameSize(header, 0)
    if (Number.isNaN(size)) close()
    left = size === 0 || Number.isNaN(size) ? chunk.length : size - begun
    if (size !== 0) header = EMPTY
  }

  function close(): void {
    socket.on('data', library)
    socket.off('data', read)
  }

  socket.on('data', read)
  socket.off('data', library)
}

/** Bytes of the frame at `at`: 0 where its header is cut, NaN where it is none that passes here. */
function frameSize(bytes: Buffer, at: number): number {
  const length = bytes[at + 1]
  if (length === undefined) return 0
  const type = bytes[at]
  if (length < 126 && (type === TEXT || type === PING || type === PONG)) return 2 + length
  if (length !== 126 || type !== TEXT) return Number.NaN
  return at + 4 > bytes.length ? 0 : 4 + bytes.readUInt16BE(at + 2)
}

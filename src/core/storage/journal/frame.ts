import { crc32 } from 'node:zlib'

/**
 * How a segment of a journal lies on disk. It begins with a head, then come records, numbers little-endian:
 *
 *     head    "hkqjrnl1", creation time (epoch ms, 64-bit float), CRC-32 of both
 *     record  MARK, length of the payload (32 bits), CRC-32 of length and payload, payload
 *
 * No payload holds the bytes of MARK, since they are none of UTF-8: behind damage the next record is found by them.
 */
const NAME = Buffer.from('hkqjrnl1')
const MARK = Buffer.from([0xff, 0xfe, 0xfd, 0xfc])
export const HEAD_SIZE = NAME.length + 8 + 4
const OVERHEAD = MARK.length + 4 + 4

export function headOf(createdAt: number): Buffer {
  const head = Buffer.alloc(HEAD_SIZE)
  NAME.copy(head)
  head.writeDoubleLE(createdAt, NAME.length)
  head.writeUInt32LE(crc32(head.subarray(0, HEAD_SIZE - 4)), HEAD_SIZE - 4)
  return head
}

/** When a segment was made, epoch ms; null where its head is damaged. */
export function createdAt(segment: Buffer): number | null {
  if (segment.length < HEAD_SIZE || !segment.subarray(0, NAME.length).equals(NAME)) return null
  if (crc32(segment.subarray(0, HEAD_SIZE - 4)) !== segment.readUInt32LE(HEAD_SIZE - 4)) return null
  return segment.readDoubleLE(NAME.length)
}

export function recordOf(payload: Buffer): Buffer {
  const record = Buffer.alloc(OVERHEAD + payload.length)
  MARK.copy(record)
  record.writeUInt32LE(payload.length, MARK.length)
  payload.copy(record, OVERHEAD)
  record.writeUInt32LE(checksum(record), MARK.length + 4)
  return record
}

/** A stretch of a segment up to `end`: a payload with as many unreadable bytes before it, or such bytes alone. */
export interface Piece {
  readonly payload: Buffer | null
  readonly damaged: number
  readonly end: number
}

/** Everything of a segment from byte `start` on, 0 or the end of a piece: whatever is damaged, what is whole is found. */
export function* piecesOf(segment: Buffer, start: number): Generator<Piece> {
  let from = start === 0 && createdAt(segment) !== null ? HEAD_SIZE : start
  while (from < segment.length) {
    let at = from
    let payload = payloadAt(segment, at)
    while (payload === null && at !== -1) {
      at = segment.indexOf(MARK, at + 1)
      if (at !== -1) payload = payloadAt(segment, at)
    }
    if (payload === null) {
      yield { payload, damaged: segment.length - from, end: segment.length }
      return
    }
    const end = at + OVERHEAD + payload.length
    yield { payload, damaged: at - from, end }
    from = end
  }
}

function payloadAt(segment: Buffer, at: number): Buffer | null {
  if (segment.length < at + OVERHEAD || segment.compare(MARK, 0, MARK.length, at, at + MARK.length) !== 0) return null
  const record = segment.subarray(at, at + OVERHEAD + segment.readUInt32LE(at + MARK.length))
  if (record.length < OVERHEAD + record.readUInt32LE(MARK.length)) return null
  return checksum(record) === record.readUInt32LE(MARK.length + 4) ? record.subarray(OVERHEAD) : null
}

function checksum(record: Buffer): number {
  return crc32(record.subarray(OVERHEAD), crc32(record.subarray(MARK.length, MARK.length + 4)))
}

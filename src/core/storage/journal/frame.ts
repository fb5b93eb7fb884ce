import { crc32 } from 'node:zlib'

/**
 * A segment of a journal is records one behind the other, numbers little-endian: MARK, length of the payload (32 bits),
 * CRC-32 of length and payload, payload. No payload holds the bytes of MARK, since they are none of UTF-8: behind damage
 * the next record is found by them. Its last byte is the version of this format.
 */
const MARK = Buffer.from([0xff, 0xfe, 0xfd, 0x01])
const OVERHEAD = MARK.length + 4 + 4

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

/**
 * Everything of a segment from byte `start` on, 0 or the end of a piece: whatever is damaged, what is whole is found.
 * @param length how long the segment was; what is missing at its end is damaged
 */
export function* piecesOf(segment: Buffer, start: number, length = segment.length): Generator<Piece> {
  let from = start
  while (from < length) {
    let at = from
    let payload = payloadAt(segment, at)
    while (payload === null && at !== -1) {
      at = segment.indexOf(MARK, at + 1)
      if (at !== -1) payload = payloadAt(segment, at)
    }
    if (payload === null) {
      yield { payload, damaged: length - from, end: length }
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

import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'

const SIZE = 12

/**
 * A place in a journal, in a file of its own: number of the segment, offset in it, CRC-32. The file may be lost, torn or
 * refused by the disk: then the place is the beginning.
 */
export class PlaceFile {
  /** 0 and 0 where nothing is known. */
  segment = 0
  offset = 0
  readonly #file: number

  constructor(path: string) {
    this.#file = openSync(path, 'a+', 0o600)
    closeSync(this.#file)
    const bytes = readFileSync(path)
    if (bytes.length === SIZE && crc32(bytes.subarray(0, 8)) === bytes.readUInt32LE(8)) {
      this.segment = bytes.readUInt32LE(0)
      this.offset = bytes.readUInt32LE(4)
    }
    this.#file = openSync(path, 'r+')
  }

  move(segment: number, offset: number): void {
    const bytes = Buffer.alloc(SIZE)
    bytes.writeUInt32LE(segment, 0)
    bytes.writeUInt32LE(offset, 4)
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 8)), 8)
    try {
      writeSync(this.#file, bytes, 0, SIZE, 0)
    } catch {}
    this.segment = segment
    this.offset = offset
  }

  close(): void {
    closeSync(this.#file)
  }
}

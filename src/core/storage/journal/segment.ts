import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Durability } from '../../pipeline/source.ts'

/** A file of a journal: the name tells its number and when it was made, epoch ms. */
export interface Segment {
  readonly number: number
  readonly madeAt: number
  size: number
}

const NAME = /^(\d{10})-(\d+)\.journal$/

export function pathOf(directory: string, { number, madeAt }: Segment): string {
  return join(directory, `${String(number).padStart(10, '0')}-${madeAt}.journal`)
}

/** The segments of a directory by number. */
export function segmentsIn(directory: string): Segment[] {
  return readdirSync(directory)
    .flatMap((name) => [NAME.exec(name) ?? []].filter(({ length }) => length > 0))
    .map(([name, number, madeAt]) => {
      const { size } = statSync(join(directory, name!))
      return { number: Number(number), madeAt: Number(madeAt), size }
    })
    .sort((a, b) => a.number - b.number)
}

/** Makes the file of a segment, or leaves nothing behind. @returns its descriptor */
export function createSegment(directory: string, segment: Segment, durability: Durability): number {
  const path = pathOf(directory, segment)
  const file = openSync(path, 'wx', 0o600)
  try {
    if (durability === 'power') syncDirectory(directory)
  } catch (error) {
    closeSync(file)
    rmSync(path, { force: true })
    throw error
  }
  return file
}

/** Writes all of `bytes` at `position`, as safe as asked for, or nothing. */
export function writeWhole(file: number, bytes: Buffer, position: number, durability: Durability): void {
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, position + done)
    if (durability === 'power') fdatasyncSync(file)
  } catch (error) {
    try {
      ftruncateSync(file, position)
    } catch {}
    throw error
  }
}

/** Whether an open file is still the one that its path names: what is written to a removed one is lost. */
export function isInPlace(file: number, path: string): boolean {
  const [own, there] = [fstatSync(file), statSync(path, { throwIfNoEntry: false })]
  return there !== undefined && there.ino === own.ino && there.dev === own.dev
}

/** Whether somebody has removed a file; a disk that fails proves nothing. */
export function isRemoved(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined
  } catch {
    return false
  }
}

function syncDirectory(path: string): void {
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

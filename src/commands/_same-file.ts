import { fstatSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Address, withinPath } from '../core/address/address.ts'
import { HkqError } from '../core/errors.ts'
import type { Io } from './_io.ts'

/**
 * Refuses to write into what is read, whatever its name: a link, another path, or standard output sent into it. A file
 * that grows with what is read from it has no end.
 * @throws HkqError E_USAGE
 */
export function refuseSameFile(sources: readonly Address[], sinks: readonly Address[], io: Io): void {
  const read = new Set(sources.flatMap((address) => namesOf(address, () => io.stdin)))
  for (const sink of sinks) {
    if (!namesOf(sink, () => io.stdout).some((name) => read.has(name))) continue
    throw new HkqError('E_USAGE', `"${sink.text}" is both source and sink: name another`)
  }
}

/** What a place is known by: its path and what is told apart there, and of a file where it is on the disk. None for what has no place. */
function namesOf(address: Address, stream: () => object): readonly string[] {
  const { scheme, path } = address
  const name = `${resolve(path)} ${withinPath(address)}`
  if (scheme !== '-') return path === '' ? [] : [name, ...placeOf(() => statSync(path, { bigint: true }))]
  const { fd } = stream() as { fd?: number }
  return fd === undefined ? [] : placeOf(() => fstatSync(fd, { bigint: true }))
}

function placeOf(stat: () => { dev: bigint; ino: bigint; isFile(): boolean }): readonly string[] {
  try {
    const found = stat()
    return found.isFile() ? [`${found.dev}:${found.ino}`] : []
  } catch {
    return []
  }
}

import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { createGunzip } from 'node:zlib'
import { HkqError, messageOf } from '../errors.ts'

/** A line this long is no record: an unclosed quote, a binary file. */
const LONGEST_LINE = 1 << 20

/** Bytes of a file or a stream and its name in messages. */
export interface Input {
  readonly name: string
  readonly stream: Readable
}

/**
 * @throws HkqError E_STORAGE when there is no such file or it cannot be read
 */
export async function openInput(path: string): Promise<Input> {
  try {
    if (!(await stat(path)).isDirectory()) return { name: path, stream: createReadStream(path) }
  } catch (error) {
    throw unreadable(path, error)
  }
  throw new HkqError('E_STORAGE', `"${path}" is a directory: name a file in it`)
}

function unreadable(path: string, error: unknown): HkqError {
  const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
  const what = missing ? `no such file "${path}": check the name` : `cannot read "${path}": ${messageOf(error)}`
  return new HkqError('E_STORAGE', what, { cause: error })
}

/**
 * The lines of an input without their line ends, as many at a time as have arrived; gzip and a byte-order mark are
 * recognised by their bytes. Closes the stream. Ends quietly when `signal` aborts, even while the input is silent.
 * @throws HkqError E_INPUT on a line beyond 1 MiB or damaged gzip, E_STORAGE when reading fails
 */
export async function* linesOf({ name, stream }: Input, signal?: AbortSignal): AsyncGenerator<string[]> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  let first = true
  for await (const bytes of inflated(name, stream, signal)) {
    let text = rest + decoder.write(bytes)
    if (first && text !== '') {
      first = false
      if (text.startsWith('\ufeff')) text = text.slice(1)
    }
    const lines = text.split('\n')
    rest = lines.pop()!
    if (rest.length > LONGEST_LINE) throw tooLong(name)
    if (lines.length > 0) yield lines.map(withoutReturn)
  }
  rest += decoder.end()
  if (rest !== '') yield [withoutReturn(rest)]
}

export function tooLong(name: string): HkqError {
  return new HkqError('E_INPUT', `"${name}" has a record of more than 1 MiB: is it text, and is every quote closed?`)
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}

async function* inflated(name: string, stream: Readable, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const chunks = chunksOf(name, stream, signal)
  const first = await chunks.next()
  if (first.done) return
  if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) {
    yield first.value
    yield* chunks
    return
  }
  const gunzip = createGunzip()
  const feeding = (async () => {
    gunzip.write(first.value)
    for await (const chunk of chunks) {
      if (!gunzip.write(chunk)) await new Promise((resolve) => gunzip.once('drain', resolve))
    }
    gunzip.end()
  })().catch((error: Error) => gunzip.destroy(error))
  try {
    for await (const chunk of gunzip) yield chunk as Buffer
  } catch (error) {
    if (signal?.aborted) return
    if (error instanceof HkqError) throw error
    throw new HkqError('E_INPUT', `"${name}" is damaged gzip: ${messageOf(error)}`, { cause: error })
  } finally {
    stream.destroy()
    gunzip.destroy()
    void feeding
  }
}

async function* chunksOf(name: string, stream: Readable, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const stop = (): void => void stream.destroy()
  if (signal?.aborted) stop()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    for await (const chunk of stream) yield typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer)
  } catch (error) {
    if (!signal?.aborted) throw unreadable(name, error)
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

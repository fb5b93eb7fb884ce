import type { Writable } from 'node:stream'
import { HkqError, messageOf } from '../errors.ts'

/** Text to a stream that may be slow or go away. */
export interface Writer {
  /** Resolves when the stream takes more, or at once after the reader went away. @throws HkqError E_STORAGE, e.g. a full disk */
  write(text: string): Promise<void>
  /** Resolves when everything written has been handed over. */
  flush(): Promise<void>
  /** Aborts when nobody reads any more (a closed pipe): nothing more need be made. */
  readonly gone: AbortSignal
}

const READER_WENT_AWAY = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END', 'EIO'])

/** Nothing is dropped or reordered on the way; a closed pipe is a quiet end, any other failure an error. */
export function createWriter(stream: Writable): Writer {
  const gone = new AbortController()
  const waiting = new Set<() => void>()
  let failure: HkqError | undefined

  const end = (error?: NodeJS.ErrnoException): void => {
    if (error && !READER_WENT_AWAY.has(error.code ?? '')) {
      failure ??= new HkqError('E_STORAGE', `cannot write the output: ${messageOf(error)}`, { cause: error })
    }
    gone.abort()
    for (const resolve of waiting) resolve()
  }
  stream.on('error', end)
  stream.once('close', () => end())

  const settled = async (wait: (done: () => void) => void): Promise<void> => {
    if (!gone.signal.aborted) {
      const { promise, resolve } = deferred()
      waiting.add(resolve)
      wait(resolve)
      await promise
      waiting.delete(resolve)
    }
    if (failure) throw failure
  }

  return {
    gone: gone.signal,
    write: async (text) => {
      if (failure) throw failure
      if (gone.signal.aborted || text === '') return
      if (!stream.write(text)) await settled((done) => stream.once('drain', done))
    },
    flush: () => settled((done) => stream.write('', () => done())),
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

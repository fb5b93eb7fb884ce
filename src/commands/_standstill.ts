import type { Io, Output } from './_io.ts'

/** How long a reader that takes nothing is waited for once the command is to end, s. */
export const PATIENCE = 10

/**
 * Resolves when the reader of an output has taken nothing for so long after a signal; it counts as one that went away
 * then, so that the command ends. Never resolves else.
 * @param tell called just before
 */
export function standstill(
  { interrupted }: Pick<Io, 'interrupted'>,
  stream: Output,
  tell: () => void = () => {},
): Promise<'stood still'> {
  return new Promise((resolve) => {
    const watch = (): void => {
      if (!String(interrupted.reason).startsWith('SIG')) return
      let [left, seconds] = [0, 0]
      stream.on('drain', () => {
        seconds = 0
      })
      const timer = setInterval(() => {
        const { writableLength } = stream
        seconds = writableLength > 0 && writableLength === left ? seconds + 1 : 0
        left = writableLength
        if (seconds < PATIENCE) return
        clearInterval(timer)
        tell()
        stream.destroy(Object.assign(new Error('nobody reads'), { code: 'EPIPE' }))
        resolve('stood still')
      }, 1_000).unref()
    }
    interrupted.addEventListener('abort', watch, { once: true })
  })
}

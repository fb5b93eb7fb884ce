import { type Io, say } from './_io.ts'

/** How long a reader that takes nothing is waited for once the command is to end, s. */
const PATIENCE = 10

/**
 * Resolves when the reader of standard output has taken nothing for so long after a signal; it counts as one that went away
 * then, so that the command ends. Never resolves else.
 */
export function standstill(io: Io): Promise<'stood still'> {
  const { stdout, interrupted } = io
  return new Promise((resolve) => {
    const watch = (): void => {
      if (!String(interrupted.reason).startsWith('SIG')) return
      let [left, seconds] = [0, 0]
      stdout.on('drain', () => {
        seconds = 0
      })
      const timer = setInterval(() => {
        const { writableLength } = stdout
        seconds = writableLength > 0 && writableLength === left ? seconds + 1 : 0
        left = writableLength
        if (seconds < PATIENCE) return
        clearInterval(timer)
        say(io, `hkq: nobody has read standard output for ${PATIENCE} s: what is left of it is not written`)
        stdout.destroy(Object.assign(new Error('nobody reads'), { code: 'EPIPE' }))
        resolve('stood still')
      }, 1_000).unref()
    }
    interrupted.addEventListener('abort', watch, { once: true })
  })
}

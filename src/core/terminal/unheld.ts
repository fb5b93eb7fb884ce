import type { Writable } from 'node:stream'

/** What Node has below the stream of a terminal (Node.js, lib/tty.js, which makes it wait). */
interface Handle {
  readonly fd?: number
  setBlocking?(isBlocking: boolean): void
}

/** File descriptors that the process was given; the flags of their descriptions are the shell's too. */
const GIVEN = 2

/**
 * Writing to a terminal waits no more: what it does not take at once is kept and goes out later, so that a terminal that is
 * held (Ctrl-S), or whose line stalls, does not hold the work. Streams that are no terminals never wait, and stay as they are; so does
 * a terminal that Node could not open anew for itself.
 */
export function unheld(stream: Writable): void {
  const { _handle: handle } = stream as { _handle?: Handle | null }
  if (handle?.fd !== undefined && handle.fd > GIVEN) handle.setBlocking?.(false)
}

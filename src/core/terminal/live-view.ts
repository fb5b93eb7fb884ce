import type { Writable } from 'node:stream'
import type { Clock } from '../clock.ts'

const HIDE_CURSOR = '\x1b[?25l'
/** Undoes what a live view did to the terminal, for an exit that cannot wait for `close`. */
export const SHOW_CURSOR = '\x1b[?25h'
const SYNC_BEGIN = '\x1b[?2026h'
const SYNC_END = '\x1b[?2026l'
const CLEAR_SCREEN = '\x1b[H\x1b[J'
const CLEAR_BELOW = '\x1b[J'
const CLEAR_TO_END_OF_LINE = '\x1b[K'

/** A terminal as a stream: its size now, and an event when it changes. */
export interface Terminal extends Writable {
  columns?: number
  rows?: number
}

/** A block of text that redraws in place at the end of the terminal's output. */
export interface LiveView {
  /** Says that something changed; it is drawn within the throttle. */
  request(): void
  /** Draws the last state, which stays visible, and restores the cursor. */
  close(): Promise<void>
}

export interface LiveViewOptions {
  readonly terminal: Terminal
  /** The block for this size, lines of at most `width` cells, at most `height` of them. */
  readonly render: (width: number, height: number) => string
  /** Real time, whatever clock the market follows. */
  readonly clock: Clock
  /** Least time between two drawings, ms. */
  readonly throttleMs: number
  /** Longest time without a drawing, ms, so that ages go on. */
  readonly refreshMs?: number
}

/**
 * Redraws without flicker: the cursor goes back to the first line of the block and each line is overwritten, as one
 * synchronised update. The alternate screen is not used, what was above stays. A slow terminal gets fewer drawings.
 */
export function createLiveView({ terminal, render, clock, throttleMs, refreshMs = 1_000 }: LiveViewOptions): LiveView {
  const ending = new AbortController()
  let height = 0
  let drawn = false
  let dirty = false
  let wake: (() => void) | undefined

  const draw = (): void => {
    dirty = false
    if (terminal.destroyed || terminal.writableNeedDrain) return
    const text = render(terminal.columns ?? 80, Math.max(1, (terminal.rows ?? 24) - 1))
    const lines = text.split('\n')
    const home = height > 0 ? `\x1b[${height}A\r` : '\r'
    const body = lines.map((line) => `${line}${CLEAR_TO_END_OF_LINE}\n`).join('')
    terminal.write(`${SYNC_BEGIN}${drawn ? '' : HIDE_CURSOR}${home}${body}${CLEAR_BELOW}${SYNC_END}`)
    height = lines.length
    drawn = true
  }
  /** Lines have been wrapped anew by the terminal, so where the block began is no longer known. */
  const resized = (): void => {
    terminal.write(CLEAR_SCREEN)
    height = 0
    request()
  }
  const request = (): void => {
    dirty = true
    wake?.()
  }
  const run = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      if (!dirty) await pause(refreshMs)
      if (ending.signal.aborted) return
      draw()
      await clock.sleep(throttleMs, ending.signal)
    }
  }
  const pause = async (ms: number): Promise<void> => {
    const stop = new AbortController()
    const woken = new Promise<void>((resolve) => {
      wake = resolve
    })
    await Promise.race([woken, clock.sleep(ms, stop.signal)])
    wake = undefined
    stop.abort()
  }

  terminal.on('resize', resized)
  const running = run()
  return {
    request,
    close: async () => {
      ending.abort()
      wake?.()
      await running
      terminal.off('resize', resized)
      if (terminal.destroyed) return
      if (terminal.writableNeedDrain)
        await new Promise((resolve) => terminal.once('drain', resolve).once('close', resolve))
      draw()
      terminal.write(SHOW_CURSOR)
    },
  }
}

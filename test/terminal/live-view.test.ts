import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { Clock } from '../../src/core/clock.ts'
import { createLiveView, SHOW_CURSOR } from '../../src/core/terminal/live-view.ts'
import { startSpinner } from '../../src/core/terminal/progress.ts'

const PARTS = new RegExp(['\u001b\\[\\??\\d*[A-Za-z]', '[\r\n]', '[^\u001b\r\n]+'].join('|'), 'g')
const HIDE_CURSOR = '\u001b[?25l'

/** A terminal that understands what the live view writes: cursor up, carriage return, clearing. */
class Screen extends Writable {
  columns = 40
  rows = 10
  lines: string[] = ['']
  y = 0
  raw = ''
  drawings = 0

  override _write(chunk: Buffer, _: string, done: () => void): void {
    const text = chunk.toString()
    this.raw += text
    if (text.includes('\u001b[?2026h')) this.drawings++
    for (const [part] of text.matchAll(PARTS)) this.#apply(part)
    done()
  }

  #apply(part: string): void {
    const up = /\[(\d+)A$/.exec(part)
    if (up) this.y = Math.max(0, this.y - Number(up[1]))
    else if (part === '\n') this.lines[++this.y] ??= ''
    else if (part === '\u001b[H') this.y = 0
    else if (part === '\u001b[J') {
      this.lines.length = this.y + 1
      this.lines[this.y] = ''
    } else if (!part.startsWith('\u001b') && part !== '\r') this.lines[this.y] = part
  }
}

/** A clock whose sleepers wake when a test says so. */
class ManualClock implements Clock {
  time = 0
  #sleepers: { until: number; wake: () => void }[] = []
  now = (): number => this.time
  monotonic = (): number => this.time

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      signal?.addEventListener('abort', () => resolve(), { once: true })
      this.#sleepers.push({ until: this.time + ms, wake: resolve })
    })
  }

  async advance(ms: number): Promise<void> {
    this.time += ms
    const due = this.#sleepers.filter(({ until }) => until <= this.time)
    this.#sleepers = this.#sleepers.filter(({ until }) => until > this.time)
    for (const { wake } of due) wake()
    await settle()
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))

function open(block: () => string, throttleMs = 100) {
  const terminal = new Screen()
  const clock = new ManualClock()
  return { terminal, clock, view: createLiveView({ terminal, render: block, clock, throttleMs }) }
}

describe('the live view', () => {
  it('redraws in place and leaves what stood above', async () => {
    let text = 'one\ntwo\nthree'
    const { terminal, clock, view } = open(() => text)
    terminal.write('$ hkq stream\n')
    view.request()
    await settle()
    expect(terminal.lines).toEqual(['$ hkq stream', 'one', 'two', 'three', ''])
    text = 'ONE\nTWO'
    view.request()
    await clock.advance(100)
    expect(terminal.lines, 'a shorter block leaves nothing of the longer one').toEqual([
      '$ hkq stream',
      'ONE',
      'TWO',
      '',
    ])
    await view.close()
  })

  it('draws at most once in the throttle, and the newest state', async () => {
    let n = 0
    const { terminal, clock, view } = open(() => `state ${n}`)
    view.request()
    await settle()
    for (n = 1; n < 50; n++) view.request()
    await settle()
    expect(terminal.drawings).toBe(1)
    await clock.advance(100)
    expect(terminal.drawings).toBe(2)
    expect(terminal.lines[0]).toBe('state 50')
    await view.close()
  })

  it('draws once a second though nothing came, so that ages go on', async () => {
    const { terminal, clock, view } = open(() => 'x')
    await settle()
    await clock.advance(1_000)
    expect(terminal.drawings).toBe(1)
    await clock.advance(100)
    await clock.advance(1_000)
    expect(terminal.drawings).toBe(2)
    await view.close()
  })

  it('hides the cursor and gives it back with the last state on the screen', async () => {
    let text = 'first'
    const { terminal, view } = open(() => text)
    view.request()
    await settle()
    expect(terminal.raw).toContain(HIDE_CURSOR)
    text = 'last'
    await view.close()
    expect(terminal.lines[0]).toBe('last')
    expect(terminal.raw.endsWith(SHOW_CURSOR)).toBe(true)
    expect(terminal.raw, 'the alternate screen would take the last state away').not.toContain('?1049')
  })

  it('takes the new size after a resize and starts on a clear screen', async () => {
    const terminal = new Screen()
    const clock = new ManualClock()
    const view = createLiveView({ terminal, render: (width, height) => `${width}x${height}`, clock, throttleMs: 100 })
    view.request()
    await settle()
    expect(terminal.lines[0]).toBe('40x9')
    terminal.columns = 100
    terminal.rows = 30
    terminal.emit('resize')
    await clock.advance(100)
    expect(terminal.lines).toEqual(['100x29', ''])
    await view.close()
    expect(terminal.listenerCount('resize')).toBe(0)
  })

  it('skips drawings while the terminal is slow', async () => {
    const terminal = new Screen({ highWaterMark: 10 })
    const pending: (() => void)[] = []
    terminal._write = (_chunk, _encoding, done) => void pending.push(done)
    const clock = new ManualClock()
    let drawn = 0
    const view = createLiveView({
      terminal,
      render: () => `a line longer than the mark ${++drawn}`,
      clock,
      throttleMs: 10,
    })
    view.request()
    await settle()
    for (let i = 0; i < 5; i++) {
      view.request()
      await clock.advance(10)
    }
    expect(drawn).toBe(1)
    terminal._write = (_chunk, _encoding, done) => done()
    for (const done of pending) done()
    await view.close()
    expect(drawn, 'the last state is drawn all the same').toBe(2)
  })

  it('ends quietly when the terminal is gone', async () => {
    const { terminal, view } = open(() => 'x')
    view.request()
    await settle()
    terminal.destroy()
    await view.close()
  })
})

describe('the spinner', () => {
  it('writes not one byte where nobody watches', async () => {
    const stream = new Screen()
    const spinner = await startSpinner('connecting', stream, false)
    spinner.update('still connecting')
    spinner.stop()
    expect(stream.raw).toBe('')
  })
})

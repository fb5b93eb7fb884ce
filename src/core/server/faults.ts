import type { Clock } from '../clock.ts'
import { HkqError } from '../errors.ts'
import { canonicalSymbol, toShort } from '../market/symbol.ts'
import { rawFrame } from './frame.ts'

/** One connection as a fault sees it. */
export interface Line {
  readonly clock: Clock
  /** Uniform in [0, 1), seeded by the caller. */
  readonly random: () => number
  /** Aborted when the connection ends. */
  readonly signal: AbortSignal
  write(bytes: string): void
  /** Sends the close frame. */
  close(): void
  /** Ends the TCP connection without a close frame, after `lastBytes`. */
  destroy(lastBytes: string): void
  /** Neither reads nor writes nor closes any more. */
  freeze(): void
}

/** What is on its way out; a close has no bytes of its own here. */
export type Kind = 'push' | 'reply' | 'close'

/** The way of a frame to the socket. */
export type Path = (frame: string, kind: Kind) => void

/** Something that goes wrong on the wire: wraps the rest of the way out, once per connection. */
export type Fault = (line: Line, next: Path) => Path

/** The way out through all faults, the first one met first. */
export function faultyPath(faults: readonly Fault[], line: Line): Path {
  const out: Path = (frame, kind) => (kind === 'close' ? line.close() : line.write(frame))
  return faults.reduceRight((next, fault) => fault(line, next), out)
}

/** Loses a share of the pushes. */
export const drop =
  (share: number): Fault =>
  (line, next) =>
  (frame, kind) => {
    if (kind !== 'push' || line.random() >= share) next(frame, kind)
  }

/** Sends a share of the pushes twice. */
export const duplicate =
  (share: number): Fault =>
  (line, next) =>
  (frame, kind) => {
    next(frame, kind)
    if (kind === 'push' && line.random() < share) next(frame, kind)
  }

/** Sends a share of the pushes after the push that follows them. */
export const reorder =
  (share: number): Fault =>
  (line, next) => {
    let held = ''
    const release = (): void => {
      if (held !== '') next(held, 'push')
      held = ''
    }
    return (frame, kind) => {
      if (kind === 'push' && held === '' && line.random() < share) {
        held = frame
        return
      }
      if (kind === 'close') release()
      next(frame, kind)
      if (kind === 'push') release()
    }
  }

/** Holds every frame back for `ms`, order kept. */
export const delay =
  (ms: number): Fault =>
  (line, next) => {
    const held: { frame: string; kind: Kind; due: number }[] = []
    const release = async (): Promise<void> => {
      for (let first = held[0]; first !== undefined; first = held[0]) {
        const left = first.due - line.clock.monotonic()
        if (left > 0) await line.clock.sleep(left, line.signal)
        next(first.frame, first.kind)
        held.shift()
      }
    }
    return (frame, kind) => {
      held.push({ frame, kind, due: line.clock.monotonic() + ms })
      if (held.length === 1) void release()
    }
  }

/** Sends a frame of random bytes before a share of the pushes: every second one binary, the others text. */
export const garbage =
  (share: number): Fault =>
  (line, next) => {
    let sent = 0
    return (frame, kind) => {
      if (kind === 'push' && line.random() < share) next(rawFrame(1 + (sent++ % 2), noise(line.random)), kind)
      next(frame, kind)
    }
  }

function noise(random: () => number): string {
  const length = 1 + Math.floor(random() * 100)
  return Array.from({ length }, () => String.fromCharCode(32 + Math.floor(random() * 95))).join('')
}

/** Cuts a share of the pushes in the middle of the frame and ends the connection there. */
export const cut =
  (share: number): Fault =>
  (line, next) =>
  (frame, kind) => {
    if (kind === 'push' && line.random() < share) line.destroy(frame.slice(0, Math.ceil(frame.length / 2)))
    else next(frame, kind)
  }

/** Ends every connection `ms` after it opened, without a close frame. */
export const disconnectEvery =
  (ms: number): Fault =>
  (line, next) => {
    void line.clock.sleep(ms, line.signal).then(() => line.signal.aborted || line.destroy(''))
    return next
  }

/** The connection goes dead `ms` after it opened: no frame, no answer, no close. */
export const halfOpen =
  (ms: number): Fault =>
  (line, next) => {
    void line.clock.sleep(ms, line.signal).then(() => line.signal.aborted || line.freeze())
    return next
  }

/** Pushes stop `ms` after the connection opened; requests are still answered. */
export const muteAfter =
  (ms: number): Fault =>
  (line, next) => {
    let mute = false
    void line.clock.sleep(ms, line.signal).then(() => {
      mute = true
    })
    return (frame, kind) => {
      if (kind !== 'push' || !mute) next(frame, kind)
    }
  }

/** Pushes of one symbol stop `ms` after the connection opened; all else goes on. */
export const muteSymbol =
  (symbol: string, ms: number): Fault =>
  (line, next) => {
    const names = [`"code":"${toShort(symbol)}"`, `"symbol":"${symbol}"`]
    const rest = (frame: string, kind: Kind): void => {
      if (kind !== 'push' || !names.some((name) => frame.includes(name))) next(frame, kind)
    }
    let path = ms === 0 ? rest : next
    void line.clock.sleep(ms, line.signal).then(() => {
      path = rest
    })
    return (frame, kind) => path(frame, kind)
  }

const BY_SHARE: Readonly<Record<string, (share: number) => Fault>> = { drop, duplicate, reorder, garbage, cut }
const BY_TIME: Readonly<Record<string, (ms: number) => Fault>> = {
  delay,
  'disconnect-every': disconnectEvery,
  'half-open': halfOpen,
  'mute-after': muteAfter,
}
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

const MUTE_SYMBOL_FORM = 'mute-symbol=00700.HK@10s'

/** Names that parseFault knows, with the form of their value, for help pages. */
export const FAULT_FORMS: readonly string[] = [
  ...Object.keys(BY_SHARE).map((name) => `${name}=0.01`),
  ...Object.keys(BY_TIME).map((name) => `${name}=10s`),
  MUTE_SYMBOL_FORM,
]

/**
 * A fault by its text: `drop=0.01` (share of pushes, 0 to 1), `delay=100ms` (a time: ms, s, m or h),
 * `mute-symbol=00700.HK@30s` (from the opening on without a time).
 * @throws HkqError E_USAGE for unknown names and values
 */
export function parseFault(text: string): Fault {
  const [name = '', value = ''] = text.split('=', 2)
  if (Object.hasOwn(BY_SHARE, name)) {
    const share = /^[\d.]+(e-\d+)?$/.test(value) ? Number(value) : Number.NaN
    if (share >= 0 && share <= 1) return BY_SHARE[name]!(share)
    throw new HkqError('E_USAGE', `fault "${text}": use a share from 0 to 1, e.g. ${name}=0.01`)
  }
  if (Object.hasOwn(BY_TIME, name)) {
    const ms = timeIn(value)
    if (ms !== null) return BY_TIME[name]!(ms)
    throw new HkqError('E_USAGE', `fault "${text}": use a time, e.g. ${name}=10s`)
  }
  if (name === 'mute-symbol') {
    const [code = '', time = '0s'] = value.split('@', 2)
    const symbol = canonicalSymbol(code)
    const ms = timeIn(time)
    if (symbol !== null && ms !== null) return muteSymbol(symbol, ms)
    throw new HkqError('E_USAGE', `fault "${text}": use a symbol and a time, e.g. ${MUTE_SYMBOL_FORM}`)
  }
  throw new HkqError('E_USAGE', `unknown fault "${text}": use one of ${FAULT_FORMS.join(', ')}`)
}

/** Milliseconds of a time such as `10s`, null where it is none. */
function timeIn(text: string): number | null {
  const parts = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text)
  return parts === null ? null : Number(parts[1]) * UNITS[parts[2]!]!
}

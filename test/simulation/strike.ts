import type { Dice } from './dice.ts'
import type { Fault, FaultKind } from './faults.ts'
import type { Network } from './network.ts'
import type { DiskState, Recorder } from './recorder.ts'
import type { AllTickModel } from './server.ts'
import type { Machine } from './virtual-time.ts'
import { GARBAGE } from './wire.ts'

/** What a fault can strike. */
export interface Targets {
  readonly machine: Machine
  readonly server: AllTickModel
  readonly network: Network
  readonly diskState: DiskState
  readonly dice: Dice
  /** Ends the recorder, one way or another, and starts the next one `down` ms later. */
  interrupt(end: (recorder: Recorder) => void, down: number): void
}

type Strike = (targets: Targets, fault: Fault) => (() => void) | undefined

/** A held-up packet is sent again by the system for so long, ms; then the connection is given up. */
const RESENT = 20_000
const FAILURES = [500, 502, 503, 429] as const

/** What each kind does, and how it ends. */
const STRIKES: Readonly<Record<FaultKind, Strike>> = {
  disconnect: ({ server }, { force }) => {
    server.closeAll(force < 0.5 ? 1001 : 1000)
    return undefined
  },
  reset: ({ network }) => {
    network.reset()
    return undefined
  },
  hole: ({ network }, { lasts }) => hole(network, lasts),
  mute: ({ server }) => {
    server.mute(true)
    return () => server.mute(false)
  },
  slow: ({ network: { weather } }, { force }) => {
    const { latency, jitter } = weather
    Object.assign(weather, { latency: 200 + force * 800, jitter: force * 800 })
    return () => Object.assign(weather, { latency, jitter })
  },
  slices: ({ network: { weather } }) => {
    const { slicing } = weather
    weather.slicing = 0.9
    return () => Object.assign(weather, { slicing })
  },
  duplicates: ({ server }) => {
    server.sendsTwice = true
    return () => Object.assign(server, { sendsTwice: false })
  },
  refused: ({ network }) => unreachable(network, 'refused'),
  silent: ({ network }) => unreachable(network, 'silent'),
  http: ({ network }, { force }) => unreachable(network, FAILURES[Math.floor(force * FAILURES.length)]!),
  restart: ({ server, network }) => {
    server.closeAll(1012)
    return unreachable(network, 'refused')
  },
  garbage: ({ server, dice, machine }, { lasts }) => {
    for (let at = 0; at < lasts; at += 1_500) machine.time.after(at, () => server.blurt(dice.pick(GARBAGE)))
    return undefined
  },
  clock: ({ machine }, { lasts, force }) => {
    machine.ahead += (force - 0.5) * 2 * Math.min(lasts, 20_000)
    return undefined
  },
  sleep: ({ machine, network }, { lasts }) => {
    machine.sleep(lasts)
    return hole(network, lasts)
  },
  crash: ({ interrupt }, { lasts }) => {
    interrupt((recorder) => recorder.kill(true), lasts)
    return undefined
  },
  power: ({ interrupt }, { lasts }) => {
    interrupt((recorder) => recorder.kill(false), lasts)
    return undefined
  },
  sigterm: ({ interrupt }, { lasts }) => {
    interrupt((recorder) => recorder.stop(), lasts)
    return undefined
  },
  disk: ({ diskState }) => {
    diskState.isFailing = true
    return () => Object.assign(diskState, { isFailing: false })
  },
  slowdisk: ({ diskState }, { force }) => {
    diskState.slowness = 50 + force ** 2 * 40_000
    return () => Object.assign(diskState, { slowness: 0 })
  },
}

export function strike(targets: Targets, fault: Fault): void {
  const end = STRIKES[fault.kind](targets, fault)
  if (end) targets.machine.time.after(fault.lasts, end)
}

/** Nothing passes; what is held up arrives late or, after too long, never. */
function hole(network: Network, lasts: number): () => void {
  network.weather.isHole = true
  return () => {
    network.weather.isHole = false
    network.clear(lasts > RESENT)
  }
}

/** The connections break, and no other is to be had. */
function unreachable(network: Network, connect: Network['weather']['connect']): () => void {
  network.reset()
  network.weather.connect = connect
  return () => Object.assign(network.weather, { connect: 'open' })
}

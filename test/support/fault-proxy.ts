import { once } from 'node:events'
import net from 'node:net'
import { type Clock, systemClock } from '../../src/core/clock.ts'
import { type Active, type Direction, type Fault, Pipe } from './faulty-pipe.ts'

export type { Direction, Fault } from './faulty-pipe.ts'

export interface FaultProxyOptions {
  /** Port of the server behind, on this machine. */
  readonly target: number
  /** What the faults' times are measured by. */
  readonly clock?: Clock
  /** Uniform in [0, 1): jitter. */
  readonly random?: () => number
}

/** Ends a fault. What it held back goes on its way; a connection that it took bytes of is cut. */
export type Lift = () => Promise<void>

/**
 * A TCP proxy on this machine with toxiproxy's eight faults, put on and lifted while connections run.
 * Source of the list: github.com/Shopify/toxiproxy, README, "Toxics".
 */
export class FaultProxy {
  readonly #options: Required<FaultProxyOptions>
  readonly #faults = new Set<Active>()
  readonly #pairs = new Set<Pair>()
  #server: net.Server
  #port = 0
  /** Monotonic times at which connections were accepted. */
  readonly accepted: number[] = []
  /** Told of everything that was passed on. */
  onForwarded: (direction: Direction, bytes: number) => void = () => {}

  private constructor({ clock = systemClock, random = () => 0.5, target }: FaultProxyOptions) {
    this.#options = { clock, random, target }
    this.#server = this.#newServer()
  }

  static async open(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options)
    while (proxy.#port === 0) await proxy.#listen(20_000 + Math.floor(Math.random() * 10_000))
    return proxy
  }

  /** The same as long as the proxy lives: below the ports that the system hands out, so that nobody takes it while it is down. */
  get port(): number {
    return this.#port
  }

  /** Connections that run through it. */
  get size(): number {
    return this.#pairs.size
  }

  /** Puts a fault on what flows in `direction`, of running connections and of those to come. */
  inject(fault: Fault, direction: Direction | 'both' = 'both'): Lift {
    const active: Active = { fault, direction, lifted: new AbortController() }
    this.#faults.add(active)
    if (fault.kind === 'down') this.#goDown()
    else for (const pair of this.#pairs) pair.meet(active)
    return () => this.#lift(active)
  }

  async close(): Promise<void> {
    for (const pair of this.#pairs) pair.destroy()
    await new Promise<void>((closed) => (this.#server.listening ? this.#server.close(() => closed()) : closed()))
  }

  async #lift(active: Active): Promise<void> {
    if (!this.#faults.delete(active)) return
    active.lifted.abort()
    if (active.fault.kind === 'down') {
      this.#server = this.#newServer()
      await this.#listen(this.#port)
    }
  }

  #goDown(): void {
    this.#server.close()
    for (const pair of this.#pairs) pair.destroy()
  }

  #newServer(): net.Server {
    return net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client))
  }

  /** Listens on `port`, unless another program does. */
  async #listen(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening').then(
      () => {
        this.#port = port
      },
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EADDRINUSE' || this.#port !== 0) throw error
      },
    )
  }

  #accept(client: net.Socket): void {
    const { clock, target } = this.#options
    this.accepted.push(clock.monotonic())
    const server = net.connect({ port: target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    const pair = new Pair(client, server, {
      ...this.#options,
      faults: this.#faults,
      forwarded: (direction, bytes) => this.onForwarded(direction, bytes),
    })
    this.#pairs.add(pair)
    pair.closed.addEventListener('abort', () => this.#pairs.delete(pair))
    for (const active of this.#faults) pair.meet(active)
  }
}

interface PairOptions {
  readonly clock: Clock
  readonly random: () => number
  readonly faults: ReadonlySet<Active>
  readonly forwarded: (direction: Direction, bytes: number) => void
}

/** A client's connection and the one behind it. */
class Pair {
  readonly #client: net.Socket
  readonly #server: net.Socket
  readonly #clock: Clock
  readonly #life = new AbortController()

  constructor(client: net.Socket, server: net.Socket, { clock, random, faults, forwarded }: PairOptions) {
    this.#client = client
    this.#server = server
    this.#clock = clock
    const common = { clock, random, faults, signal: this.#life.signal, cut: () => this.destroy() }
    const toServer = { direction: 'to-server', source: client, target: server } as const
    const toClient = { direction: 'to-client', source: server, target: client } as const
    for (const way of [toServer, toClient])
      new Pipe({ ...common, ...way, forwarded: (bytes) => forwarded(way.direction, bytes) })
    for (const socket of [client, server])
      socket.once('close', () => {
        if (client.destroyed && server.destroyed) this.#life.abort()
      })
  }

  /** Aborts when both sides are closed. */
  get closed(): AbortSignal {
    return this.#life.signal
  }

  /** A fault that acts by itself, not on what flows. */
  meet({ fault, lifted }: Active): void {
    if (fault.kind === 'reset') void this.#after(fault.afterMs ?? 0, lifted.signal, () => this.reset())
    const closesAfter = fault.kind === 'black-hole' ? fault.closeAfterMs : undefined
    if (closesAfter !== undefined) void this.#after(closesAfter, lifted.signal, () => this.destroy())
  }

  destroy(): void {
    this.#client.destroy()
    this.#server.destroy()
    this.#life.abort()
  }

  /** Both sides see "connection reset by peer". */
  reset(): void {
    this.#client.resetAndDestroy()
    this.#server.resetAndDestroy()
    this.#life.abort()
  }

  async #after(ms: number, lifted: AbortSignal, act: () => void): Promise<void> {
    await this.#clock.sleep(ms, AbortSignal.any([lifted, this.#life.signal]))
    if (!lifted.aborted && !this.#life.signal.aborted) act()
  }
}

import { describe, expect, it } from 'vitest'
import { followed } from '../../src/core/dashboard/followed.ts'
import type { MarketEvent } from '../../src/core/market/event.ts'
import { ReopenedStore } from '../../src/core/storage/reopened-store.ts'
import type { Store } from '../../src/core/storage/store.ts'
import { at, tick } from '../storage/sample.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { Disk, MemoryStore } from '../support/memory-store.ts'

class Away extends Error {}

/** One connection to a store behind a network: once it was cut it is of no use again. */
class Connected extends MemoryStore {
  readonly #cut: () => void

  constructor(disk: Disk, cut: () => void) {
    super(disk)
    this.#cut = cut
  }

  override async checkpoints() {
    this.#cut()
    return super.checkpoints()
  }

  override async *read(query: Parameters<Store['read']>[0]) {
    this.#cut()
    yield* super.read(query)
  }
}

function networked(disk: Disk) {
  let [connection, opened, isDown] = [1, 0, false]
  const open = async (): Promise<Store> => {
    if (isDown) throw new Away('no connection')
    opened++
    const own = connection
    return new Connected(disk, () => {
      if (isDown || own !== connection) throw new Away('the connection has ended')
    })
  }
  return {
    open,
    opened: () => opened,
    goAway: (): void => {
      isDown = true
      connection++
    },
    comeBack: (): void => {
      isDown = false
    },
  }
}

async function following(disk: Disk, isAway = (error: unknown): boolean => error instanceof Away) {
  const server = networked(disk)
  const store = new ReopenedStore(await server.open(), server.open, (error) => error instanceof Away)
  const [clock, stop, given] = [new ManualClock(at('10:00:00')), new AbortController(), [] as MarketEvent[]]
  const how = { name: 'postgres://db', isAway, clock, signal: stop.signal, onCaughtUp: () => {} }
  const done = (async () => {
    for await (const batch of followed(store, {}, how)) given.push(...batch)
  })()
  done.catch(() => {})
  return {
    ...{ server, clock, done },
    seqs: () => given.flatMap((event) => (event.type === 'tick' ? [event.seq] : [])),
    states: () =>
      given.flatMap((event) => (event.type === 'status' ? [`${event.source} ${event.state}: ${event.detail}`] : [])),
    stop: async (): Promise<void> => {
      stop.abort()
      await clock.advance(10_000)
      await done
    },
  }
}

const trade = (seq: number) => tick({ seq, timestamp: at('10:00:00') + seq * 1_000 })

describe('a store that is followed', () => {
  it('is read on where it was when it was away meanwhile: each trade once, and the absence told', async () => {
    const disk = new Disk()
    const recorder = new MemoryStore(disk)
    await recorder.write([trade(1), trade(2)])
    const { server, clock, seqs, states, stop } = await following(disk)
    await clock.advance(300)
    server.goAway()
    await clock.advance(30_000)
    await recorder.write([trade(3)])
    server.comeBack()
    await clock.advance(6_000)
    await recorder.write([trade(4)])
    await clock.advance(300)
    expect(seqs()).toEqual([1, 2, 3, 4])
    expect(states()).toEqual(['postgres://db lost: the connection has ended', 'postgres://db up: the store is back'])
    expect(server.opened()).toBe(2)
    await stop()
  })

  it('can be away again and again', async () => {
    const disk = new Disk()
    const recorder = new MemoryStore(disk)
    const { server, clock, seqs, stop } = await following(disk)
    for (let seq = 1; seq <= 5; seq++) {
      await recorder.write([trade(seq)])
      await clock.advance(300)
      server.goAway()
      await clock.advance(300)
      server.comeBack()
      await clock.advance(6_000)
    }
    expect(seqs()).toEqual([1, 2, 3, 4, 5])
    await stop()
  })

  it('ends with what is no absence', async () => {
    const { server, clock, done } = await following(new Disk(), () => false)
    server.goAway()
    await clock.advance(300)
    await expect(done).rejects.toThrow('the connection has ended')
  })
})

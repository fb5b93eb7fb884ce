import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import type { Batches, MarketEvent } from '../market/event.ts'
import type { Sessions } from '../market/session.ts'
import { begun } from '../pipeline/begun.ts'
import { Channel } from '../pipeline/channel.ts'
import type { Checkpoint, Query, Source } from '../pipeline/source.ts'
import type { VolatilityOptions } from '../statistics/volatility/options.ts'
import { Present } from '../storage/present.ts'
import type { Store } from '../storage/store.ts'
import { seamOf } from '../warm-up/history.ts'
import { joined } from '../warm-up/joined.ts'
import { begin, beginningOf } from './beginning.ts'
import { Desk } from './desk.ts'
import { EarlierDays } from './earlier-days.ts'
import { bringFills } from './fills.ts'
import { type Following, followed } from './followed.ts'
import { StoredHistory } from './history.ts'
import { CAUGHT_UP, type Judging, judging, judgingAfter } from './judging.ts'
import { PastReader } from './past.ts'

/** Events that may wait while volatility reads its look-back. */
const WAITING = 500_000

/** What is shown, and how it comes. */
export interface Show {
  readonly desk: Desk
  readonly past: PastReader
  /** Volatility of earlier days, where there is a store. */
  readonly earlier?: EarlierDays
  /** The source's present, epoch ms. */
  readonly now: () => number
  /** Whether a recorder's store is read, which tells no states of a feed. */
  readonly isRecorded: boolean
  /** Resolves when symbols may be asked for. */
  readonly ready: Promise<void>
  /** Ends with the source, or when its signal aborts. */
  readonly done: Promise<void>
  /** Waits for the end and gives back what was opened; nothing can be asked for any more. */
  close(): Promise<void>
}

/** What every show needs. */
export interface ShowContext {
  /** None: all that come. */
  readonly symbols: readonly string[]
  readonly sessions: Sessions
  readonly settings: VolatilityOptions
  /** The machine's. */
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** A source alone: what came since it began. @param events what it delivers, validated */
export function showSource(source: Pick<Source, 'kind' | 'clock'>, events: Batches, context: ShowContext): Show {
  const desk = new Desk(context.sessions)
  for (const symbol of context.symbols) desk.sheet(symbol)
  const present = source.kind === 'live' ? new Present(source.clock, false) : null
  const told = present ? present.of(events) : breathing(events)
  const clock = present ?? source.clock
  const done = play(desk, told, () => clock.now(), judging(source, context.settings))
  done.catch(() => {})
  return {
    ...{ desk, past: new PastReader(desk), now: () => clock.now(), isRecorded: false, ready: Promise.resolve(), done },
    close: () => done.catch(() => {}),
  }
}

/** A store, and what a recorder adds to it; also where it is away meanwhile. */
export async function showStore(
  store: Store,
  { name, isAway = () => false }: { name: string; isAway?: Following['isAway'] },
  context: ShowContext,
): Promise<Show> {
  const { clock, signal } = context
  const show = await showAfter(store, context, clock, (seam, onCaughtUp) =>
    followed(store, queryOf(context, seam), { name, isAway, clock, signal, onCaughtUp }),
  )
  show.desk.feeds.carrier = name
  return show
}

/** A store to which nothing is added. */
export async function showArchive(store: Store, context: ShowContext): Promise<Show> {
  return showAfter(store, context, context.clock, async function* (seam, onCaughtUp) {
    yield* store.read(queryOf(context, seam))
    onCaughtUp()
  })
}

function queryOf({ symbols }: ShowContext, since: number): Query {
  return { ...(symbols.length > 0 && { symbols }), ...(Number.isFinite(since) && { since }) }
}

/** A live source after what a store holds. */
export async function showJoined(
  store: Store,
  source: Pick<Source, 'name' | 'clock'>,
  live: Batches,
  context: ShowContext,
): Promise<Show> {
  const { symbols, sessions, clock } = context
  const events = begun(live)
  return showAfter(store, context, source.clock, async function* (since, onCaughtUp) {
    try {
      yield* joined({
        ...{ store, source: source.name, live: events, symbols, since, sessions, now: () => clock.now(), onCaughtUp },
      })
    } finally {
      await events[Symbol.asyncIterator]().return?.()
    }
  })
}

async function showAfter(
  store: Store,
  context: ShowContext,
  wall: Clock,
  eventsFrom: (seam: number, onCaughtUp: (checkpoints?: readonly Checkpoint[]) => void) => Batches,
): Promise<Show> {
  const { sessions, settings, signal } = context
  const desk = new Desk(sessions)
  const symbols = context.symbols.length > 0 ? context.symbols : await store.symbols()
  const beginning = await beginningOf(store, await seamOf(store, symbols, settings), sessions)
  for (const symbol of symbols) desk.sheet(symbol)
  const past = new PastReader(desk, new StoredHistory(store, sessions), (symbol) => beginning.newest.get(symbol))
  const earlier = new EarlierDays(store, settings, { begin: beginning.day, clock: context.clock })
  const present = new Present(wall, true)
  const food = new Channel<MarketEvent>(WAITING)
  const ready = begin(desk, store, symbols, beginning)
  const played = async (): Promise<void> => {
    await ready
    let isNews = false
    const events = eventsFrom(beginning.seam, (checkpoints) => {
      present.caughtUp()
      if (checkpoints) desk.feeds.committed(checkpoints, context.clock.now())
      if (!isNews) food.push(CAUGHT_UP)
      isNews = true
    })
    const judge = judgingAfter(beginning, { store, symbols, clock: wall, signal }, settings)
    await play(desk, present.of(events), () => present.now(), judge, food)
  }
  const named = context.symbols.length > 0 ? context.symbols : undefined
  const filled = ready.then(() => bringFills(desk, store, named, beginning, context))
  const done = played()
  for (const work of [done, filled]) work.catch(() => {})
  return {
    ...{ desk, past, earlier, now: () => present.now(), isRecorded: true, ready, done },
    close: async () => {
      await Promise.allSettled([done, filled])
      await store.close()
    },
  }
}

/** Shows events as they come, and judges the volatility of the same. */
async function play(
  desk: Desk,
  events: Batches,
  now: () => number,
  judge: Judging,
  food: Channel<MarketEvent> = new Channel(WAITING),
): Promise<void> {
  const judged = (async () => {
    for await (const records of judge(food)) desk.judge(records)
  })()
  judged.catch(() => {})
  try {
    for await (const batch of events) {
      desk.apply(batch, now())
      food.pushAll(batch)
      while (food.full) await setImmediate()
    }
  } finally {
    food.close()
  }
  await judged
}

/** Events that do not wait for a socket: what was given is dealt with, and sockets have their turn, before the next. */
async function* breathing(events: Batches): Batches & AsyncGenerator {
  for await (const batch of events) {
    yield batch
    await setImmediate()
  }
}

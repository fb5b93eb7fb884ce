import { systemClock } from '../clock.ts'
import type { Sink } from '../pipeline/source.ts'
import { openJournal } from '../storage/journal/open-journal.ts'
import { SpillingSink, type SpillOptions } from '../storage/journal/spill.ts'
import { outlasting } from '../storage/patient.ts'
import { ownJournal } from './open-networked.ts'
import type { SinkOptions } from './open-sink.ts'

const PATIENCE = 60_000
const WAITING = 2 ** 30

/** A sink behind a network, which may be away for a while. */
export interface NetworkedSink extends Pick<SpillOptions, 'name' | 'open' | 'isAway'> {
  /** Where events wait for it, a directory of its own. */
  readonly directory: string
  /** Most bytes that wait; default 1 GiB. */
  readonly maxBytes?: number
}

/**
 * Opens a networked sink behind a journal on disk: while it is away events wait there, and come to it in order. A journal
 * that is full, as the disk may be, is outlasted as a store's disk is.
 * @throws HkqError E_LOCKED while another recorder uses the directory; what `open` throws unless the sink is away
 */
export async function openJournaled(networked: NetworkedSink, options: SinkOptions = {}): Promise<Sink> {
  const { durability = 'process', now = systemClock.now, clock = systemClock, tell = () => {} } = options
  const { directory, maxBytes = WAITING, ...sink } = networked
  const { journal, release } = await openJournal(directory, { maxBytes, durability, now }).catch(ownJournal)
  try {
    const spilling = await SpillingSink.open({ ...sink, journal, clock, tell })
    return {
      ...outlasting(spilling, { ms: options.patienceMs ?? PATIENCE, clock, tell }),
      close: () => spilling.close().finally(release),
    }
  } catch (error) {
    journal.close()
    release()
    throw error
  }
}

import { openFeed } from '../../src/core/connection/feed.ts'
import { PLANS as ALLTICK, alltick } from '../../src/core/connection/vendors/alltick.ts'
import { PLANS as INFOWAY, infoway } from '../../src/core/connection/vendors/infoway.ts'
import { sideBySide } from '../../src/core/side-by-side/side-by-side.ts'
import { openNumberedServer } from '../support/numbered-server.ts'
import { INFOWAY_AHEAD, INFOWAY_WIRE } from '../support/numbered-wire.ts'
import { priceOf, type Tape, volumeOf } from '../support/tape.ts'
import { faultMatrix } from './fault-matrix.ts'
import type { Opener } from './fault-world.ts'

/** Infoway numbers nothing: its trades are found on the tape by time, price and volume. */
function numberOn(tape: Tape, symbol: string, time: number, price: number, volume: number): number {
  const times = tape.times(symbol)
  for (let i = times.lastIndexOf(time); times[i] === time; i--)
    if (priceOf(i + 1) === price && volumeOf(i + 1) === volume) return i + 1
  return -1
}

/** AllTick first, Infoway with its own clock second. */
const opener: Opener = {
  name: 'two vendors',
  vendors: [
    {
      floorMs: ALLTICK.basic.reconnect.floorMs,
      serve: (tape, clock, past) => openNumberedServer(tape, clock, { past }),
    },
    {
      floorMs: INFOWAY.basic.reconnect.floorMs,
      serve: (tape, clock, past) => openNumberedServer(tape, clock, { past, wire: INFOWAY_WIRE }),
    },
  ],
  reading: (tape) => ({
    ahead: (source) => (source === 'infoway' ? INFOWAY_AHEAD : 0),
    numberOf: ({ source, seq, symbol, time, price, volume }) =>
      source === 'alltick' ? seq : numberOn(tape, symbol, time, price, volume),
  }),
  open: ([first, second], options) =>
    sideBySide(
      [
        openFeed(alltick({ endpoints: [first!] }), { ...options, depth: 0 }),
        openFeed(infoway({ endpoints: [second!] }), { ...options, depth: 0 }),
      ],
      options.signal,
    ),
}

// three seconds in, the clocks of the vendors are not known; eight seconds in, they are
faultMatrix(opener)
faultMatrix({ ...opener, name: 'two vendors for a while' }, { stages: ['streaming'], afterMs: 8_000 })
faultMatrix({ ...opener, name: 'the second of two vendors' }, { on: [1], stages: ['streaming'], afterMs: 8_000 })
faultMatrix({ ...opener, name: 'both of two vendors' }, { on: [0, 1], stages: ['streaming'] })

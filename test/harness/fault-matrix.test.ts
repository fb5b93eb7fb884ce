import { openFeed } from '../../src/core/connection/feed.ts'
import { alltick, PLANS } from '../../src/core/connection/vendors/alltick.ts'
import { openNumberedServer } from '../support/numbered-server.ts'
import { faultMatrix, faultsOfOneLine } from './fault-matrix.ts'
import type { Opener } from './fault-world.ts'

const opener: Opener = {
  name: 'one vendor',
  vendors: [
    {
      floorMs: PLANS.basic.reconnect.floorMs,
      serve: (tape, clock, past) => openNumberedServer(tape, clock, { past }),
    },
  ],
  open: ([endpoint], options) => openFeed(alltick({ endpoints: [endpoint!] }), { ...options, depth: 0 }),
}

faultMatrix(opener)
faultsOfOneLine(opener)

import { openFeed } from '../../src/core/connection/feed.ts'
import { alltick } from '../../src/core/connection/vendors/alltick.ts'
import { faultMatrix } from './fault-matrix.ts'

faultMatrix({
  name: 'one vendor',
  vendors: 1,
  open: ([endpoint], options) => openFeed(alltick({ endpoints: [endpoint!] }), { ...options, depth: 0 }),
})
